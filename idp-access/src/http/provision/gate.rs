//! The gate before every interface: a bearer token with scope `admin`, or an administrator's session.

use super::json;
use crate::decide::oauth::{self, Bearer};
use crate::http::{Ctx, pages};
use federation::{Decision, EventKind, Finding, Response, Why};
use wire::oauth::{Shown, bearer, challenge};

/// Which interface speaks: errors look different.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Classic,
    Newer,
    Manager,
}

/// The published text of the classic interface.
const NOT_AUTHORIZED: &str = "User is not authorized to perform the task.";

fn unauthorized(ctx: &Ctx<'_>, face: Face, error: Option<(&str, &str)>) -> Response {
    let status = if error.is_some_and(|(code, _)| code == "insufficient_scope") { 403 } else { 401 };
    let text = match (face, error) {
        (Face::Newer, Some((_, description))) => format!("the request is not authorized: {description}"),
        (Face::Newer, None) => "the request needs an access token: Authorization: Bearer …".into(),
        (_, Some((_, description))) if status == 401 => format!("{NOT_AUTHORIZED} ({description})"),
        _ => NOT_AUTHORIZED.into(),
    };
    let mut response = json::error(face, status, None, &text);
    pages::set(&mut response, "www-authenticate", &challenge(&ctx.settings.host, error));
    response
}

/// Who calls, if she may: a client's id or an administrator's name.
pub fn admit(ctx: &Ctx<'_>, face: Face) -> Result<String, Box<Response>> {
    let header = ctx.request.headers().get(http::header::AUTHORIZATION).map(|v| v.to_str().unwrap_or("?"));
    let token = match bearer(header) {
        Shown::Bearer(token) => token,
        Shown::Other if face != Face::Newer => {
            let session = header.and_then(|h| h.trim().strip_prefix("HZN "));
            let who = session.and_then(|s| ctx.access.sessions.who(s.trim(), ctx.now()));
            return who.ok_or_else(|| refuse(ctx, face, "oauth/no-token", "another scheme than Bearer", None));
        }
        Shown::Other => return Err(refuse(ctx, face, "oauth/no-token", "another scheme than Bearer", None)),
        Shown::Nothing => return Err(refuse(ctx, face, "oauth/no-token", "no Authorization header", None)),
    };
    let invalid = |why: &'static str| Some(("invalid_token", why));
    let Some(issuer) = &ctx.access.tokens else {
        return Err(refuse(ctx, face, "key/kind", "the tenant has no RSA key", invalid("no key")));
    };
    let claims = match issuer.read(token) {
        Ok(claims) => claims,
        Err(_) if ctx.people().clients().any(|c| c.secret.is(token)) => {
            let detail =
                "this is the shared secret of a client; the token is what /SAAS/auth/oauthtoken answers for it";
            return Err(refuse(ctx, face, "oauth/secret-is-not-a-token", detail, invalid("it is not an access token")));
        }
        Err(e) => {
            return Err(refuse(ctx, face, e.code, &e.detail, invalid("it is not an access token of this tenant")));
        }
    };
    let decision = Decision::of(|why| oauth::counts(&ctx.settings, &ctx.people(), &claims, ctx.now(), why));
    match decision.verdict {
        Ok(Bearer { client, scope }) if scope.iter().any(|s| s == "admin") => Ok(client),
        Ok(bearer) => {
            let detail = format!("scope {}, wanted admin", bearer.scope.join(" "));
            let error = ("insufficient_scope", "the scope admin is needed");
            Err(refuse(ctx, face, "oauth/insufficient-scope", &detail, Some(error)))
        }
        Err(oauth::Rejected(text)) => {
            ctx.told("401".into(), Decision { verdict: (), because: decision.because });
            let code = if text.contains("expired") { "oauth/token-expired" } else { "oauth/token-dead" };
            Err(refuse(ctx, face, code, text, Some(("invalid_token", text))))
        }
    }
}

fn refuse(ctx: &Ctx<'_>, face: Face, code: &str, detail: &str, error: Option<(&str, &str)>) -> Box<Response> {
    ctx.outside.note(EventKind::Refused { code: code.into(), detail: detail.into() });
    ctx.log("API_ACCESS", "FAILURE", "", ctx.request.uri().path(), &format!("{code}: {detail}"));
    Box::new(unauthorized(ctx, face, error))
}

/// A path that does not exist; told only to those who may ask.
pub fn nothing_here(ctx: &Ctx<'_>, face: Face) -> Response {
    match admit(ctx, face) {
        Ok(_) => json::error(face, 404, None, "there is nothing here"),
        Err(response) => *response,
    }
}

/// Tells the transcript why something was refused without a decision core.
pub fn note(ctx: &Ctx<'_>, code: &'static str, saw: &str) {
    let decision = Decision::of(|why| why.note(|| Finding::new(code).saw(saw)));
    ctx.told("refuse".into(), decision);
}
