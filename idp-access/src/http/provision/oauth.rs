//! The token endpoint with its aliases, the keys, and what a token says about itself.

use super::gate::Face;
use super::json;
use crate::decide::oauth;
use crate::http::{Ctx, pages};
use federation::{Decision, Response};
use serde_json::json;
use wire::oauth::{Shown, TokenError, bearer, read_token_request, token_response};

const TOKEN: [&str; 2] = ["/SAAS/auth/oauthtoken", "/SAAS/API/1.0/oauth2/token"];
const DISCOVERY: &str = "/SAAS/auth/.well-known/openid-configuration";
const ABOUT: &str = "/SAAS/API/1.0/REST/auth/token";
const JSON: &str = "application/json";

pub fn route(ctx: &Ctx<'_>, method: &str, path: &str) -> Option<Response> {
    let newer = format!("/acs/t/{}/token", super::newer::tenant(ctx));
    let token = TOKEN.contains(&path) || path.eq_ignore_ascii_case(&newer);
    Some(match (method, path) {
        ("POST", _) if token => issue(ctx),
        (_, _) if token => json::not_allowed(Face::Manager, method, "POST"),
        ("GET", DISCOVERY) => discovery(ctx),
        ("GET", ABOUT) => about(ctx),
        (_, DISCOVERY | ABOUT) => json::not_allowed(Face::Manager, method, "GET"),
        _ => return None,
    })
}

fn issue(ctx: &Ctx<'_>) -> Response {
    let decision = Decision::of(|why| {
        let kind = ctx.header("content-type").split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !ctx.request.body().is_empty() && kind != "application/x-www-form-urlencoded" {
            let text = format!("Content-Type must be application/x-www-form-urlencoded, not `{kind}`");
            return Err(TokenError::new("invalid_request", text));
        }
        let header = ctx.request.headers().get(http::header::AUTHORIZATION);
        let header = header.map(|v| v.to_str().unwrap_or("?"));
        let query = ctx.request.uri().query().unwrap_or_default();
        let request = read_token_request(query, ctx.request.body(), header)?;
        oauth::grant(&ctx.settings, &ctx.people(), &request, why)
    });
    let verdict = match &decision.verdict {
        Ok(grant) => format!("token for {} of {} s", grant.client.id, grant.seconds),
        Err(e) => e.error.to_string(),
    };
    let issued = ctx.told(verdict, decision).and_then(|grant| {
        let id = wire::ids::uuid(&ctx.outside.fresh_id("token"));
        let claims = oauth::claims(&ctx.settings, &grant, ctx.now(), &id);
        let no_key = || TokenError::new("server_error", "the tenant has no RSA key to sign with");
        let signed = ctx.access.tokens.as_ref().ok_or_else(no_key)?.sign(&claims);
        Ok((grant, signed.map_err(|e| TokenError::new("server_error", e.to_string()))?))
    });
    let mut response = match issued {
        Ok((grant, token)) => {
            ctx.log("TOKEN", "SUCCESS", &grant.client.id, "OAuth2Client", "");
            json::json(200, JSON, &token_response(&token, grant.seconds, &grant.scope.join(" ")))
        }
        Err(error) => {
            ctx.log("TOKEN", "FAILURE", "", "OAuth2Client", &error.to_string());
            let mut response = json::json(error.status(), JSON, &error.body());
            if error.status() == 401 {
                pages::set(&mut response, "www-authenticate", &format!("Basic realm=\"{}\"", ctx.settings.host));
            }
            response
        }
    };
    pages::set(&mut response, "pragma", "no-cache");
    response
}

fn discovery(ctx: &Ctx<'_>) -> Response {
    let issuer = oauth::issuer(&ctx.settings.host);
    let body = json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauthtoken"),
        "jwks_uri": ctx.url(&format!("{ABOUT}?attribute=publicKey&format=jwks")),
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["token"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["admin"],
    });
    json::json(200, JSON, &body)
}

/// Whether the token that came along counts now.
fn valid(ctx: &Ctx<'_>) -> bool {
    let Shown::Bearer(token) = bearer(Some(ctx.header("authorization"))) else { return false };
    let claims = ctx.access.tokens.as_ref().and_then(|issuer| issuer.read(token).ok());
    claims.is_some_and(|c| oauth::counts(&ctx.settings, &ctx.people(), &c, ctx.now(), &mut federation::Silent).is_ok())
}

fn about(ctx: &Ctx<'_>) -> Response {
    let said = |yes: bool| pages::answer(200, "text/plain; charset=utf-8", if yes { "True" } else { "False" }.into());
    let attribute = ctx.query("attribute").unwrap_or_default();
    let format = ctx.query("format").unwrap_or_else(|| "pem".into());
    match (attribute.as_str(), format.as_str(), &ctx.access.tokens) {
        ("isValid", ..) => said(valid(ctx)),
        ("isRevoked", ..) => said(!valid(ctx)),
        ("publicKey", "pem", Some(issuer)) => pages::answer(200, "text/plain; charset=utf-8", issuer.pem()),
        ("publicKey", "jwk", Some(issuer)) => json::json(200, JSON, issuer.jwk()),
        ("publicKey", "jwks", Some(issuer)) => json::json(200, JSON, &issuer.jwks()),
        ("publicKey", ..) => json::error(Face::Manager, 400, None, "format is one of pem, jwk, jwks"),
        _ => json::error(Face::Manager, 400, None, "attribute is one of isValid, isRevoked, publicKey"),
    }
}
