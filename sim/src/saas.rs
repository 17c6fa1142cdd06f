//! A SaaS app: a strict SAML service provider whose page shows what it was told.

use crate::core::locked;
use bytes::Bytes;
use federation::aging::Aging;
use federation::tenant::SignatureAlgorithm;
use federation::world::{AppRequest, SaasApp};
use federation::{EventKind, Finding, Fut, Outside, Party, Request, Response, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::Refusal;
use wire::dsig::TrustedKey;
use wire::form::{Form, decode_post, html_escape};
use wire::saml::{self, AuthnRequest, MustSign, ResponseCheck};

/// How long a request waits for its answer.
const PENDING: Duration = Duration::from_secs(3600);
/// The app keeps people signed in for a year: no story is about its own sessions ending.
const SESSION: Duration = Duration::from_secs(365 * 24 * 3600);
/// Anybody may start a sign-in: what is kept is bounded, and the oldest goes first.
const MOST: usize = 10_000;

/// What an administrator pasted from Okta's metadata of this app.
#[derive(Clone)]
pub struct OktaIdp {
    pub entity_id: String,
    pub sso_url: String,
    pub keys: Vec<TrustedKey>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Session {
    started: Time,
    login: String,
    attributes: Vec<(String, Vec<String>)>,
    /// Its first page has not been shown yet.
    fresh: bool,
}

/// A request that was sent, and the browser that carried it: tabs have one each.
#[derive(Debug, Clone)]
struct Pending {
    browser: String,
}

#[derive(Debug)]
struct State {
    /// By request id.
    pending: Aging<Pending>,
    sessions: BTreeMap<String, Session>,
}

impl Default for State {
    fn default() -> State {
        State { pending: Aging::new(PENDING, MOST), sessions: BTreeMap::new() }
    }
}

impl State {
    fn forget(&mut self, now: Time) {
        self.pending.forget(now);
        self.sessions.retain(|_, s| now.since(s.started) < SESSION);
        bound(&mut self.sessions, |s| s.started);
    }
}

/// Leaves room for one more.
fn bound<T>(map: &mut BTreeMap<String, T>, since: impl Fn(&T) -> Time) {
    if map.len() >= MOST
        && let Some(oldest) = map.iter().min_by_key(|(_, v)| since(v)).map(|(k, _)| k.clone())
    {
        map.remove(&oldest);
    }
}

/// One app.
pub struct App {
    settings: Mutex<Arc<SaasApp>>,
    /// A copy of what never changes.
    name: String,
    host: String,
    idp: OktaIdp,
    state: Mutex<State>,
}

impl App {
    pub fn new(settings: SaasApp, idp: OktaIdp) -> App {
        let (name, host) = (settings.name.clone(), settings.host.clone());
        App { settings: Mutex::new(Arc::new(settings)), name, host, idp, state: Mutex::default() }
    }

    /// An administrator's change; the app keeps its name and its host.
    pub fn manage(&self, outside: &dyn Outside, settings: SaasApp) {
        outside.note(EventKind::Changed { what: format!("settings of {}", self.name) });
        *locked(&self.settings) = Arc::new(settings);
    }

    pub fn settings(&self) -> Arc<SaasApp> {
        locked(&self.settings).clone()
    }

    /// Whose session a cookie is.
    pub fn signed_in(&self, cookie: &str) -> Option<String> {
        locked(&self.state).sessions.get(cookie).map(|session| session.login.clone())
    }

    /// Its sessions, for [`App::recall`].
    pub fn remember(&self) -> Value {
        serde_json::to_value(&locked(&self.state).sessions).unwrap_or_default()
    }

    /// Takes over the sessions of an earlier run.
    ///
    /// # Errors
    /// What are no sessions.
    pub fn recall(&self, memory: Value) -> Result<(), String> {
        locked(&self.state).sessions = serde_json::from_value(memory).map_err(|e| e.to_string())?;
        Ok(())
    }

    pub fn entity_id(host: &str) -> String {
        format!("https://{host}/saml/metadata")
    }

    pub fn acs_url(host: &str) -> String {
        format!("https://{host}/saml/acs")
    }

    fn start(&self, outside: &dyn Outside, request: &Request) -> Response {
        let id = format!("_{}", outside.fresh_id("request"));
        let asks = self.settings().request.clone();
        let class_refs = asks.context.as_ref().map(|c| c.classes.clone()).unwrap_or_default();
        let comparison = asks.context.as_ref().map(|c| c.comparison.name().to_string());
        let message = AuthnRequest {
            id: id.clone(),
            issue_instant: outside.now(),
            destination: Some(self.idp.sso_url.clone()),
            issuer: App::entity_id(&self.host),
            acs_url: Some(App::acs_url(&self.host)),
            force_authn: asks.force_authn,
            is_passive: asks.is_passive,
            name_id_format: Some(saml::NAMEID_UNSPECIFIED.into()),
            subject: None,
            requested_context: comparison.map(|comparison| saml::RequestedAuthnContext { comparison, class_refs }),
        };
        let sent = saml::write_request(&message, None)
            .and_then(|xml| Ok((wire::redirect::request_url(&self.idp.sso_url, &xml, Some("/"), None)?, xml)));
        let (url, xml) = match sent {
            Ok(sent) => sent,
            Err(refusal) => return self.rejected(outside, &refusal),
        };
        outside.note(EventKind::Message {
            to: "okta".into(),
            what: "AuthnRequest".into(),
            id: id.clone(),
            in_response_to: None,
            flags: flags(&asks),
            xml,
        });
        let mut state = locked(&self.state);
        state.forget(outside.now());
        // A browser keeps its name while it has a request open; one that nobody here gave out is not taken over.
        let known = cookie(request, "app_tx").filter(|b| state.pending.values().any(|p| p.browser == *b));
        let browser = known.unwrap_or_else(|| outside.fresh_id("browser"));
        state.pending.insert(&id, outside.now(), Pending { browser: browser.clone() });
        drop(state);
        self.answer(
            303,
            "One moment",
            &[("location", url), ("set-cookie", format!("app_tx={browser}; Secure; HttpOnly; SameSite=None; Path=/"))],
            "",
        )
    }

    fn acs(&self, outside: &dyn Outside, request: &Request) -> Response {
        match self.read(outside, request) {
            Ok(session) => {
                let id = outside.fresh_id("session");
                outside.note(EventKind::SignedIn { login: session.login.clone() });
                let mut state = locked(&self.state);
                state.forget(outside.now());
                state.sessions.insert(id.clone(), session);
                drop(state);
                self.answer(
                    303,
                    "One moment",
                    &[
                        ("location", "/".into()),
                        ("set-cookie", format!("app_sid={id}; Secure; HttpOnly; SameSite=None; Path=/")),
                    ],
                    "",
                )
            }
            Err(refusal) => self.rejected(outside, &refusal),
        }
    }

    /// The request of this browser that `xml` claims to answer, used up; `None`: it claims none and need not.
    fn answered(&self, request: &Request, xml: &[u8], now: Time) -> Result<Option<String>, Refusal> {
        let mut state = locked(&self.state);
        state.forget(now);
        let browser = cookie(request, "app_tx");
        let Some(claimed) = saml::peek(xml)?.in_response_to else {
            return match self.settings().accept_idp_initiated {
                true => Ok(None),
                false => Err(Refusal::new("saml/unsolicited", "it answers no request")),
            };
        };
        match state.pending.get(&claimed) {
            Some(pending) if Some(&pending.browser) == browser.as_ref() => {
                state.pending.remove(&claimed);
                Ok(Some(claimed))
            }
            _ => Err(Refusal::new("saml/in-response-to", "this browser has no such request open")),
        }
    }

    fn read(&self, outside: &dyn Outside, request: &Request) -> Result<Session, Refusal> {
        let form = Form::parse(request.body())?;
        let xml = decode_post(form.get("SAMLResponse").unwrap_or_default())?;
        let expected = self.answered(request, &xml, outside.now())?;
        let acs = App::acs_url(&self.host);
        let audience = App::entity_id(&self.host);
        let check = ResponseCheck {
            issuer: &self.idp.entity_id,
            keys: &self.idp.keys,
            must_sign: MustSign::Any,
            floor: SignatureAlgorithm::Sha256,
            audience: &audience,
            acs_url: &acs,
            in_response_to: expected.as_deref(),
            now: outside.now(),
            skew_seconds: self.settings().clock_skew_seconds,
        };
        let response = saml::read_response(&xml, &check)?;
        let assertion =
            response.assertion.as_ref().ok_or_else(|| Refusal::new("saml/status", told(&response.status)))?;
        // Remembered for as long as it could be used again.
        let until = assertion.end() + Duration::from_secs(u64::from(self.settings().clock_skew_seconds));
        for (table, id) in [("used-assertions", Some(&assertion.id)), ("used-requests", expected.as_ref())] {
            let Some(id) = id else { continue };
            if !outside.once(table, id, until).map_err(|e| Refusal::new("store/failed", e.to_string()))? {
                return Err(Refusal::new("saml/replay", id.clone()));
            }
        }
        Ok(Session {
            started: outside.now(),
            login: assertion.name_id.clone(),
            attributes: assertion.attributes.clone(),
            fresh: true,
        })
    }

    /// With a session: its page. Unless the sign-in was a moment ago, the app's own session answers and nobody else is asked.
    fn front(&self, outside: &dyn Outside, request: &Request) -> Response {
        let known = cookie(request, "app_sid").and_then(|id| {
            let mut state = locked(&self.state);
            state.forget(outside.now());
            let session = state.sessions.get_mut(&id)?;
            let fresh = std::mem::take(&mut session.fresh);
            Some((session.clone(), fresh))
        });
        let Some((session, fresh)) = known else { return self.start(outside, request) };
        if !fresh {
            let because = vec![Finding::new("app/session").saw(session.login.clone())];
            outside.note(EventKind::Decided { verdict: "go on with the session".into(), because });
        }
        self.home(&session)
    }

    fn sign_out(&self, request: &Request) -> Response {
        if let Some(id) = cookie(request, "app_sid") {
            locked(&self.state).sessions.remove(&id);
        }
        let main = format!(
            "<main data-page=\"app/signed-out\"><h1>Signed out</h1><p>You are signed out of {}. Okta and Access keep sessions of their own.</p></main>",
            html_escape(&self.name)
        );
        let gone = "app_sid=; Secure; HttpOnly; SameSite=None; Path=/; Max-Age=0".to_string();
        self.answer(200, "Signed out", &[("set-cookie", gone)], &main)
    }

    fn home(&self, session: &Session) -> Response {
        let row = |(name, values): &(String, Vec<String>)| {
            format!("<dt>{}</dt><dd>{}</dd>", html_escape(name), html_escape(&values.join(", ")))
        };
        let rows: String = session.attributes.iter().map(row).collect();
        let trusted =
            session.attributes.iter().find(|(n, _)| n == "device.trusted").and_then(|(_, v)| v.first().cloned());
        let body = format!(
            "<main data-page=\"app/home\" data-login=\"{0}\" data-trusted=\"{1}\"><h1>{2}</h1><p>Signed in as {0}.</p><dl>{rows}</dl>\
             <a href=\"/logout\">Sign out</a></main>",
            html_escape(&session.login),
            html_escape(&trusted.unwrap_or_default()),
            html_escape(&self.name),
        );
        self.answer(200, "Home", &[], &body)
    }

    fn rejected(&self, outside: &dyn Outside, refusal: &Refusal) -> Response {
        outside.note(EventKind::Refused { code: refusal.code.into(), detail: refusal.detail.clone() });
        outside.note(EventKind::Log {
            event_type: "sso".into(),
            result: "FAILURE".into(),
            actor: String::new(),
            target: self.name.clone(),
            reason: refusal.code.into(),
        });
        let reason = html_escape(&refusal.to_string());
        let main = format!(
            "<main data-page=\"app/rejected\"><h1>Sign-in refused</h1><p>This app did not accept what Okta sent.</p><p class=\"reason\">{reason}</p></main>"
        );
        self.answer(403, "Sign-in refused", &[], &main)
    }

    fn answer(&self, status: u16, title: &str, headers: &[(&str, String)], main: &str) -> Response {
        let mut response = http::Response::builder()
            .status(status)
            .header("content-type", "text/html; charset=utf-8")
            .header("cache-control", "no-store")
            .header("x-content-type-options", "nosniff")
            .header("content-security-policy", wire::look::security_policy());
        for (name, value) in headers {
            response = response.header(*name, value);
        }
        response.body(Bytes::from(wire::look::page(title, &self.name, main))).unwrap_or_default()
    }
}

impl Party for App {
    fn name(&self) -> &str {
        &self.name
    }
    fn hosts(&self) -> Vec<String> {
        vec![self.host.clone()]
    }
    fn handle<'a>(&'a self, outside: &'a dyn Outside, request: Request) -> Fut<'a, Response> {
        Box::pin(async move {
            match (request.method().as_str(), request.uri().path()) {
                ("POST", "/saml/acs") => self.acs(outside, &request),
                ("GET", "/") => self.front(outside, &request),
                ("GET", "/logout") => self.sign_out(&request),
                _ => self.answer(
                    404,
                    "Not found",
                    &[],
                    "<main data-page=\"app/not-found\"><h1>There is nothing here</h1></main>",
                ),
            }
        })
    }
}

/// What a reader of the transcript looks for.
fn flags(asks: &AppRequest) -> Vec<String> {
    let mut flags = Vec::new();
    flags.extend(asks.force_authn.then(|| "ForceAuthn=true".to_string()));
    flags.extend(asks.is_passive.then(|| "IsPassive=true".to_string()));
    let classes = asks.context.iter().flat_map(|c| &c.classes);
    flags.extend(classes.map(|class| format!("context={}", class.rsplit(':').next().unwrap_or(class))));
    flags
}

fn told(status: &saml::Status) -> String {
    status.sub_code.as_ref().map_or(status.code.clone(), |sub| format!("{} {sub}", status.code))
}

fn cookie(request: &Request, name: &str) -> Option<String> {
    let line = request.headers().get(http::header::COOKIE)?.to_str().ok()?;
    line.split("; ").find_map(|c| c.strip_prefix(name)?.strip_prefix('=').map(String::from))
}
