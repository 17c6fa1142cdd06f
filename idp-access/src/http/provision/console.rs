//! The log-in of administrators through the interface; a console's browser does the same behind its page.

use super::gate::{Face, note};
use super::json;
use crate::http::Ctx;
use federation::{Response, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use wire::ids::stable_uuid;
use wire::scim::message;

const LOGIN: &str = "/SAAS/API/1.0/REST/auth/system/login";
const LIFE: Duration = Duration::from_secs(8 * 3600);
const MOST: usize = 1000;

/// Sessions of administrators by the hash of their token.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<BTreeMap<String, (String, Time)>>);

impl Sessions {
    fn start(&self, token: &str, name: &str, now: Time) {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|_, (_, until)| *until > now);
        if sessions.len() < MOST {
            sessions.insert(stable_uuid(token), (name.into(), now + LIFE));
        }
    }

    pub fn who(&self, token: &str, now: Time) -> Option<String> {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&stable_uuid(token)).filter(|(_, until)| *until > now).map(|(name, _)| name.clone())
    }
}

pub fn route(ctx: &Ctx<'_>, method: &str, path: &str) -> Option<Response> {
    match (method, path) {
        ("POST", LOGIN) => Some(login(ctx)),
        (_, LOGIN) => Some(json::not_allowed(Face::Manager, method, "POST")),
        _ => None,
    }
}

fn login(ctx: &Ctx<'_>) -> Response {
    let body = match message::read_object(ctx.request.body()) {
        Ok(body) => body,
        Err(e) => return json::error(Face::Manager, 400, None, &e.detail),
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, password) = (text("username"), text("password"));
    let kept = ctx.settings.provisioning.administrators.iter().find(|a| a.name == name);
    // Hashes of both, so that the comparison takes the same time wherever they differ.
    let right =
        kept.is_some_and(|a| !a.password.is_empty() && wire::oauth::SecretHash::new("", &a.password).is(password));
    if !right {
        note(ctx, "console/log-in-failed", name);
        ctx.log("LOGIN_ERROR", "FAILURE", name, "console", "invalid credentials");
        return json::error(Face::Manager, 401, None, "Invalid username or password");
    }
    let token = ctx.outside.fresh_id("console-session");
    ctx.access.sessions.start(&token, name, ctx.now());
    ctx.log("LOGIN", "SUCCESS", name, "console", "");
    json::json(200, "application/json", &json!({ "sessionToken": token, "admin": true }))
}
