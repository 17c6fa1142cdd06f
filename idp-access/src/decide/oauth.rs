//! Who may have a token, what it says, and whether one that is shown still counts.

use crate::people::{Client, People};
use federation::tenant::Access;
use federation::tenant::access::{OauthStrictness, TokenAfterClient};
use federation::tenant::provisioning::AccessType;
use federation::{Finding, Time, Why};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use wire::oauth::{SecretHash, ShownBy, TokenError, TokenRequest};

pub const REFRESH_TOKEN_MINUTES: u32 = 129_600;
pub const REFRESH_TOKEN_IDLE_MINUTES: u32 = 14_400;
/// A year; the console offers no more.
pub const LONGEST_MINUTES: u32 = 366 * 24 * 60;
const GRANTS: [&str; 4] = ["authorization_code", "password", "client_credentials", "refresh_token"];

/// A token that may be issued.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    pub client: Arc<Client>,
    pub scope: Vec<String>,
    pub seconds: i64,
}

/// Whether the secret is the client's. An unknown client costs the same time as a wrong secret.
fn authenticated<'p>(
    people: &'p People,
    request: &TokenRequest,
    why: &mut impl Why,
) -> Result<&'p Arc<Client>, TokenError> {
    let failed = || TokenError::new("invalid_client", "Client authentication failed");
    let Some((credentials, _)) = &request.client else {
        why.note(|| Finding::new("oauth/no-credentials"));
        return Err(TokenError::new("invalid_client", "the client must authenticate with its id and shared secret"));
    };
    let client = people.client(&credentials.id);
    let dummy = SecretHash::new("", "");
    let right = client.map_or(&dummy, |c| &c.secret).is(&credentials.secret);
    match client {
        Some(client) if right => Ok(client),
        _ => {
            let code = if client.is_some() { "oauth/wrong-secret" } else { "oauth/unknown-client" };
            why.note(|| Finding::new(code).saw(&credentials.id));
            Err(failed())
        }
    }
}

/// Answers a token request.
pub fn grant(
    settings: &Access,
    people: &People,
    request: &TokenRequest,
    why: &mut impl Why,
) -> Result<Grant, TokenError> {
    let strict = settings.assumptions.oauth_strictness == OauthStrictness::Rfc;
    let rule = "access.assumptions.oauth_strictness";
    let grant = request.grant_type.as_deref();
    if grant.is_none_or(|g| !GRANTS.contains(&g)) {
        why.note(|| Finding::new("assumes/oauth-strictness").rule(rule));
        why.note(|| Finding::new("oauth/grant-type").saw(grant.unwrap_or("none")).wanted("client_credentials"));
        return Err(match (strict, grant) {
            (false, _) => TokenError::new("server_error", "grant_type is incorrect or absent"),
            (true, None) => TokenError::new("invalid_request", "the parameter `grant_type` is missing"),
            (true, Some(other)) => TokenError::new("unsupported_grant_type", format!("`{other}` is not supported")),
        });
    }
    if matches!(request.client, Some((_, ShownBy::Query))) {
        why.note(|| Finding::new("assumes/oauth-strictness").rule(rule));
        if strict {
            return Err(TokenError::new("invalid_request", "credentials do not belong into the URL"));
        }
    }
    let client = authenticated(people, request, why)?;
    let wanted = grant.unwrap_or_default();
    if wanted != "client_credentials" {
        why.note(|| Finding::new("oauth/grant-type").saw(wanted).wanted("client_credentials"));
        return Err(TokenError::new(
            "unsupported_grant_type",
            format!("`{wanted}` needs a person; a service uses client_credentials"),
        ));
    }
    if !client.grants.iter().any(|g| g == wanted) {
        why.note(|| Finding::new("oauth/client-not-a-service").saw(&client.id));
        return Err(TokenError::new("unauthorized_client", "the client is not of the type Service Client Token"));
    }
    let scope: Vec<String> = match &request.scope {
        None => client.scope.clone(),
        Some(text) => text.split_whitespace().map(Into::into).collect(),
    };
    if let Some(more) = scope.iter().find(|s| !client.scope.contains(s)) {
        why.note(|| Finding::new("oauth/scope").saw(more).wanted(client.scope.join(" ")));
        return Err(TokenError::new("invalid_scope", format!("the client has no scope `{more}`")));
    }
    why.note(|| Finding::new("oauth/token-issued").saw(&client.id));
    Ok(Grant { client: client.clone(), scope, seconds: i64::from(client.access_token_minutes) * 60 })
}

/// The claims of a service client's token, as the product writes them.
pub fn claims(settings: &Access, grant: &Grant, now: Time, id: &str) -> Value {
    let (iat, exp) = (now.seconds(), now.seconds() + grant.seconds);
    let tenant = settings.host.split('.').next().unwrap_or_default().to_uppercase();
    let client = &grant.client.id;
    let user = wire::ids::stable_uuid(&format!("oauth-client/{client}"));
    let mut scope = vec!["system"];
    scope.extend(grant.scope.iter().map(String::as_str));
    let context = json!([{ "mtd": "urn:vmware:names:ac:classes:LocalPasswordAuth", "iat": iat, "id": 1 }]).to_string();
    json!({
        "jti": id,
        "prn": format!("{client}@{tenant}"),
        "domain": crate::people::SYSTEM_DOMAIN,
        "user_id": user,
        "auth_time": iat,
        "iss": issuer(&settings.host),
        "aud": format!("{}/oauthtoken", issuer(&settings.host)),
        "ctx": context,
        "scp": scope.join(" "),
        "idp": "0",
        "eml": format!("OAuthClient_{client}@noreply.com"),
        "cid": client,
        "did": "",
        "wid": "",
        "rules": { "expiry": exp, "rules": [], "link": "" },
        "pid": user,
        "exp": exp,
        "iat": iat,
        "sub": user,
        "prn_type": "SERVICE",
    })
}

pub fn issuer(host: &str) -> String {
    format!("https://{host}/SAAS/auth")
}

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    pub client: String,
    pub scope: Vec<String>,
}

/// Why a token does not count, for the challenge of RFC 6750.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected(pub &'static str);

/// Whether the claims of a token with a good signature still count at `now`.
pub fn counts(
    settings: &Access,
    people: &People,
    claims: &Map<String, Value>,
    now: Time,
    why: &mut impl Why,
) -> Result<Bearer, Rejected> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("iss") != issuer(&settings.host) || text("aud") != format!("{}/oauthtoken", issuer(&settings.host)) {
        why.note(|| Finding::new("oauth/token-for-another").saw(text("iss")));
        return Err(Rejected("the token is for another service"));
    }
    let expires = claims.get("exp").and_then(Value::as_i64);
    if expires.is_none_or(|exp| now.seconds() >= exp) {
        let saw = expires.and_then(|e| e.checked_mul(1000)).map_or("no expiry".to_string(), |ms| Time(ms).to_string());
        why.note(|| Finding::new("oauth/token-expired").saw(saw));
        return Err(Rejected("the access token has expired"));
    }
    let client = text("cid");
    if people.client(client).is_none() {
        why.note(|| {
            Finding::new("assumes/token-after-client").rule("access.assumptions.token_after_client").saw(client)
        });
        if settings.assumptions.token_after_client == TokenAfterClient::Dead {
            return Err(Rejected("the client of the access token is gone"));
        }
    }
    Ok(Bearer { client: client.into(), scope: text("scp").split_whitespace().map(Into::into).collect() })
}

/// A client as an administrator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClient {
    pub id: String,
    pub secret: Option<String>,
    pub scope: Vec<String>,
    pub grants: Vec<String>,
    pub access_token_minutes: Option<u32>,
    pub refresh_token_minutes: Option<u32>,
    pub refresh_token_idle_minutes: Option<u32>,
}

/// Why a client is not made: HTTP status (documented) and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFault {
    pub status: u16,
    pub text: String,
}

/// Letters, digits and `. _ - @`.
pub fn good_id(id: &str) -> bool {
    !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-@".contains(c))
}

pub const SCOPES: [&str; 6] = ["admin", "user", "openid", "email", "profile", "system"];

/// Makes a client under `resource_uuid`; `generated` is the secret that Access would make.
pub fn create_client(
    settings: &Access,
    people: &People,
    new: NewClient,
    generated: &str,
    resource_uuid: &str,
    why: &mut impl Why,
) -> Result<(Arc<Client>, String), ClientFault> {
    let bad = |text: String| Err(ClientFault { status: 400, text });
    if !good_id(&new.id) {
        return bad(format!("clientId `{}`: letters, digits and . _ - @ only", new.id));
    }
    if let Some(scope) = new.scope.iter().find(|s| !SCOPES.contains(&s.as_str())) {
        return bad(format!("scope `{scope}` is none of {}", SCOPES.join(", ")));
    }
    if let Some(grant) = new.grants.iter().find(|g| !GRANTS.contains(&g.as_str())) {
        return bad(format!("authGrantTypes `{grant}` is none of {}", GRANTS.join(", ")));
    }
    let generates = settings.provisioning.console == federation::tenant::provisioning::ClientConsole::Oauth2Management;
    if generates && new.secret.is_some() {
        why.note(|| Finding::new("oauth/secret-is-generated").rule("access.provisioning.console"));
        return bad("the shared secret is generated and cannot be chosen".into());
    }
    let minutes = new.access_token_minutes.unwrap_or(360);
    if minutes == 0 || minutes > LONGEST_MINUTES {
        return bad(format!("accessTokenTTL must be from 1 to {LONGEST_MINUTES} minutes"));
    }
    if people.client(&new.id).is_some() {
        why.note(|| Finding::new("oauth/client-exists").saw(&new.id));
        return Err(ClientFault { status: 500, text: format!("the OAuth2 client {} exists already", new.id) });
    }
    let secret = new.secret.unwrap_or_else(|| generated.into());
    why.note(|| Finding::new("oauth/client-created").saw(&new.id));
    let client = Client {
        secret: SecretHash::new(resource_uuid, &secret),
        scope: if new.scope.is_empty() { vec!["admin".into()] } else { new.scope },
        access_token_minutes: minutes,
        refresh_token_minutes: new.refresh_token_minutes.unwrap_or(REFRESH_TOKEN_MINUTES),
        refresh_token_idle_minutes: new.refresh_token_idle_minutes.unwrap_or(REFRESH_TOKEN_IDLE_MINUTES),
        grants: if new.grants.is_empty() { vec!["client_credentials".into()] } else { new.grants },
        resource_uuid: resource_uuid.into(),
        id: new.id,
    };
    Ok((Arc::new(client), secret))
}

/// Grants of a configured client, by its access type.
pub fn grants(kind: AccessType) -> Vec<String> {
    let names: &[&str] = match kind {
        AccessType::ServiceClientToken => &["client_credentials"],
        AccessType::UserAccessToken => &["authorization_code", "refresh_token"],
    };
    names.iter().map(ToString::to_string).collect()
}
