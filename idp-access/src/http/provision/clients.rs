//! *Remote App Access* clients, later *OAuth 2.0 Management*: list, create, delete, a new secret. A secret is told once.

use super::MANAGER;
use super::gate::{Face, admit};
use super::json;
use crate::decide::oauth::{ClientFault, NewClient, create_client};
use crate::http::{Ctx, log_line, pages};
use crate::people::{Change, Client, People};
use federation::{Decision, EventKind, Finding, Response, Why};
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use wire::oauth::SecretHash;
use wire::scim::Object;
use wire::scim::message;

const MEDIA_TYPE: &str = "application/vnd.vmware.horizon.manager.oauth2client+json";
const LIST_MEDIA_TYPE: &str = "application/vnd.vmware.horizon.manager.oauth2client.list+json";

pub fn route(ctx: &Ctx<'_>, method: &str, rest: &[&str]) -> Response {
    let actor = match admit(ctx, Face::Manager) {
        Ok(actor) => actor,
        Err(response) => return *response,
    };
    match (method, rest) {
        ("GET", []) => {
            let items: Vec<Value> = ctx.people().clients().map(|c| told(ctx, c, None)).collect();
            json::json(200, LIST_MEDIA_TYPE, &json!({ "items": items }))
        }
        ("POST", []) => create(ctx, &actor),
        (_, []) => json::not_allowed(Face::Manager, method, "GET, POST"),
        ("GET", [id]) => match ctx.people().client(id) {
            Some(client) => json::json(200, MEDIA_TYPE, &told(ctx, client, None)),
            None => unknown(id),
        },
        ("DELETE", [id]) => delete(ctx, &actor, id),
        (_, [_]) => json::not_allowed(Face::Manager, method, "GET, DELETE"),
        ("POST", [id, "secret"]) => regenerate(ctx, &actor, id),
        (_, [_, "secret"]) => json::not_allowed(Face::Manager, method, "POST"),
        _ => json::error(Face::Manager, 404, None, "there is nothing here"),
    }
}

fn unknown(id: &str) -> Response {
    json::error(Face::Manager, 404, None, &format!("there is no OAuth2 client {id}"))
}

fn told(ctx: &Ctx<'_>, client: &Client, secret: Option<&str>) -> Value {
    let mut out = json!({
        "clientId": client.id,
        "scope": client.scope.join(" "),
        "authGrantTypes": client.grants.join(" "),
        "accessTokenTTL": client.access_token_minutes,
        "refreshTokenTTL": client.refresh_token_minutes,
        "refreshTokenIdleTTL": client.refresh_token_idle_minutes,
        "tokenType": "Bearer",
        "redirectUri": "",
        "displayUserGrant": false,
        "inheritanceAllowed": false,
        "internalSystemClient": false,
        "resourceUuid": client.resource_uuid,
        "_links": { "self": { "href": ctx.url(&format!("{MANAGER}/oauth2clients/{}", client.id)) } },
    });
    if let (Some(secret), Some(object)) = (secret, out.as_object_mut()) {
        object.insert("secret".into(), secret.into());
    }
    out
}

/// A list, or words in one text.
fn words(body: &Object, name: &str) -> Vec<String> {
    match body.get(name) {
        Some(Value::String(text)) => text.split([' ', ',']).filter(|w| !w.is_empty()).map(Into::into).collect(),
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(Into::into).collect(),
        _ => Vec::new(),
    }
}

fn wanted(body: &Object) -> NewClient {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_string);
    let minutes = |name: &str| body.get(name).map(|v| v.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0));
    NewClient {
        id: text("clientId").unwrap_or_default(),
        secret: text("secret"),
        scope: words(body, "scope"),
        grants: words(body, "authGrantTypes"),
        access_token_minutes: minutes("accessTokenTTL"),
        refresh_token_minutes: minutes("refreshTokenTTL"),
        refresh_token_idle_minutes: minutes("refreshTokenIdleTTL"),
    }
}

fn create(ctx: &Ctx<'_>, actor: &str) -> Response {
    let kind = ctx.header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != MEDIA_TYPE && kind != "application/json" {
        return json::error(Face::Manager, 415, None, &format!("Content-Type must be {MEDIA_TYPE}, not `{kind}`"));
    }
    let new = match message::read_object(ctx.request.body()) {
        Ok(body) => wanted(&body),
        Err(e) => return json::error(Face::Manager, 400, None, &e.detail),
    };
    let (secret, uuid) = (ctx.outside.fresh_id("client-secret"), wire::ids::uuid(&ctx.outside.fresh_id("client")));
    let id = new.id.clone();
    let mut people = ctx.access.people.write().unwrap_or_else(PoisonError::into_inner);
    let decision = Decision::of(|why| create_client(&ctx.settings, &people, new, &secret, &uuid, why));
    let line = log_line("CREATE", "SUCCESS", actor, &format!("OAuth2Client {id}"), "");
    if let Ok((client, _)) = &decision.verdict {
        change(ctx, &mut people, Change::PutClient(client.clone()), &line);
    }
    drop(people);
    let verdict = if decision.verdict.is_ok() { "create client" } else { "refuse to create client" };
    match ctx.told(verdict.into(), decision) {
        Ok((client, secret)) => {
            ctx.outside.note(line);
            json::json(201, MEDIA_TYPE, &told(ctx, &client, Some(&secret)))
        }
        Err(ClientFault { status, text }) => {
            ctx.log("CREATE", "FAILURE", actor, &format!("OAuth2Client {id}"), &text);
            json::error(Face::Manager, status, None, &text)
        }
    }
}

/// Changes a client, which is kept with the line of the audit.
fn change(ctx: &Ctx<'_>, people: &mut People, change: Change, line: &EventKind) {
    let changes = [change];
    people.apply(&changes);
    ctx.changed(&changes, std::slice::from_ref(line));
}

fn delete(ctx: &Ctx<'_>, actor: &str, id: &str) -> Response {
    let line = log_line("DELETE", "SUCCESS", actor, &format!("OAuth2Client {id}"), "");
    let mut people = ctx.access.people.write().unwrap_or_else(PoisonError::into_inner);
    if people.client(id).is_none() {
        return unknown(id);
    }
    change(ctx, &mut people, Change::RemoveClient(id.into()), &line);
    drop(people);
    ctx.told("delete client".into(), Decision::of(|why| why.note(|| Finding::new("oauth/client-deleted").saw(id))));
    ctx.outside.note(line);
    json::no_content()
}

/// *Regenerate Secret*. Tokens that are out stay as they are; the old secret gets no more of them.
fn regenerate(ctx: &Ctx<'_>, actor: &str, id: &str) -> Response {
    let secret = ctx.outside.fresh_id("client-secret");
    let mut people = ctx.access.people.write().unwrap_or_else(PoisonError::into_inner);
    let Some(old) = people.client(id).cloned() else {
        return unknown(id);
    };
    let client =
        Arc::new(Client { secret: SecretHash::new(old.resource_uuid.as_str(), &secret), ..Client::clone(&old) });
    let line = log_line("UPDATE", "SUCCESS", actor, &format!("OAuth2Client {id}"), "");
    change(ctx, &mut people, Change::PutClient(client.clone()), &line);
    drop(people);
    ctx.told("new secret".into(), Decision::of(|why| why.note(|| Finding::new("oauth/secret-regenerated").saw(id))));
    ctx.outside.note(line);
    let mut response = json::json(200, MEDIA_TYPE, &told(ctx, &client, Some(&secret)));
    pages::set(&mut response, "pragma", "no-cache");
    response
}
