//! Enrolment of people of the directory: UEM as a SAML service provider. Who signed in at the identity provider gets a
//! word that her Hub trades for an enrolment, once and soon.

use crate::decide::enrolment::{MayEnrol, may_enrol};
use crate::engine::State;
use crate::http::{Answer, ApiError, Desk};
use bytes::Bytes;
use federation::tenant::SignatureAlgorithm;
use federation::{Decision, EventKind, Request, Response, Time};
use http::{StatusCode, header};
use std::collections::BTreeMap;
use std::time::Duration;
use wire::Refusal;
use wire::dsig::TrustedKey;
use wire::form::{Form, decode_post};
use wire::saml::{self, AuthnRequest, MustSign, ResponseCheck};

const LIFE: Duration = Duration::from_secs(600);
const SKEW: u32 = 60;
const MOST: usize = 10_000;
/// Names the browser that carries a request: nobody else's answer counts for it.
const COOKIE: &str = "uem_tx";

/// What an administrator pasted of the identity provider.
#[derive(Clone)]
pub struct Idp {
    pub entity_id: String,
    pub sso_url: String,
    pub keys: Vec<TrustedKey>,
}

/// Requests that wait for their answers and words that wait for their Hub.
#[derive(Clone, Default)]
pub struct Enrolments {
    pub idp: Option<Idp>,
    /// By id: when it was sent, and by which browser.
    requests: BTreeMap<String, (Time, String)>,
    /// UEM user by word.
    words: BTreeMap<String, (String, Time)>,
}

impl Enrolments {
    /// The same trust, and nobody on her way.
    pub fn fresh(&self) -> Enrolments {
        Enrolments { idp: self.idp.clone(), ..Enrolments::default() }
    }

    fn forget(&mut self, now: Time) {
        self.requests.retain(|_, (at, _)| now.since(*at) < LIFE);
        self.words.retain(|_, (_, at)| now.since(*at) < LIFE);
        if self.requests.len() >= MOST
            && let Some(oldest) = self.requests.iter().min_by_key(|(_, (at, _))| *at).map(|(id, _)| id.clone())
        {
            self.requests.remove(&oldest);
        }
    }

    /// Takes a word back; whose enrolment it is.
    pub fn redeem(&mut self, word: &str, now: Time) -> Option<String> {
        self.forget(now);
        self.words.remove(word).map(|(user, _)| user)
    }
}

pub fn entity_id(state: &State) -> String {
    format!("https://{}/enroll/saml/metadata", state.settings.enrollment_host)
}

pub fn acs_url(state: &State) -> String {
    format!("https://{}/enroll/saml/acs", state.settings.enrollment_host)
}

fn page(status: StatusCode, name: &str, data: &str, title: &str, text: &str) -> Response {
    let main = format!(
        "<main data-page=\"uem/{name}\"{data}><h1>{}</h1><p class=\"reason\">{}</p></main>",
        wire::form::html_escape(title),
        wire::form::html_escape(text)
    );
    http::Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, wire::look::security_policy())
        .body(Bytes::from(wire::look::page(title, "Workspace ONE UEM", &main)))
        .unwrap_or_default()
}

/// Sends the browser to the identity provider.
pub fn start(desk: &mut Desk) -> Answer {
    let Some(idp) = desk.state.enrolments.idp.clone().filter(|_| desk.state.settings.saml.is_some()) else {
        return Err(ApiError(StatusCode::NOT_FOUND, "no identity provider is configured for enrolment".into()));
    };
    let id = format!("_{}", desk.outside.fresh_id("saml-request"));
    let request = AuthnRequest {
        id: id.clone(),
        issue_instant: desk.now,
        destination: Some(idp.sso_url.clone()),
        issuer: entity_id(desk.state),
        acs_url: Some(acs_url(desk.state)),
        force_authn: false,
        is_passive: false,
        name_id_format: Some(saml::NAMEID_UNSPECIFIED.into()),
        subject: None,
        requested_context: None,
    };
    let unwritten = |e: Refusal| ApiError(StatusCode::INTERNAL_SERVER_ERROR, e.to_string());
    let xml = saml::write_request(&request, None).map_err(unwritten)?;
    let url = wire::redirect::request_url(&idp.sso_url, &xml, None, None).map_err(unwritten)?;
    desk.journal.0.push(EventKind::Message {
        to: "okta".into(),
        what: "AuthnRequest".into(),
        id: id.clone(),
        in_response_to: None,
        flags: vec![],
        xml,
    });
    desk.state.enrolments.forget(desk.now);
    let browser = desk.outside.fresh_id("browser");
    desk.state.enrolments.requests.insert(id, (desk.now, browser.clone()));
    let mut response = page(StatusCode::SEE_OTHER, "enroll", "", "One moment", "");
    if let Ok(url) = header::HeaderValue::from_str(&url) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    let cookie = format!("{COOKIE}={browser}; Secure; HttpOnly; SameSite=None; Path=/");
    if let Ok(cookie) = header::HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The identity provider's answer.
pub fn acs(desk: &mut Desk, request: &Request) -> Answer {
    let said = match read(desk, request) {
        Ok(said) => said,
        Err(refusal) => {
            desk.journal.refused(refusal.code, &refusal.detail);
            return Ok(page(StatusCode::FORBIDDEN, "refused", "", "Sign-in refused", &refusal.to_string()));
        }
    };
    let state = &*desk.state;
    let account = state.accounts.values().find(|a| a.user.username.eq_ignore_ascii_case(&said));
    let decision = Decision::of(|why| may_enrol(&state.settings, account, &said, why));
    let (verdict, text) = match &decision.verdict {
        MayEnrol::Yes(_) => ("may enrol", ""),
        MayEnrol::Unknown => ("may not enrol", "User not found"),
        MayEnrol::Inactive => ("may not enrol", "User is inactive"),
        MayEnrol::TooOld => ("may not enrol", "This user cannot be enrolled"),
    };
    desk.journal.0.push(EventKind::Decided { verdict: format!("{said} {verdict}"), because: decision.because });
    let MayEnrol::Yes(user) = decision.verdict else {
        desk.journal.log("EnrollmentFailed", "Failure", &said, "", text);
        return Ok(page(StatusCode::FORBIDDEN, "not-enrolled", "", "Not enrolled", text));
    };
    let word = desk.outside.fresh_id("enrolment-word");
    desk.state.enrolments.words.insert(word.clone(), (user, desk.now));
    let data = format!(" data-word=\"{}\"", wire::form::html_escape(&word));
    Ok(page(StatusCode::OK, "signed-in", &data, "Signed in", "The Hub goes on from here."))
}

/// Which browser it is.
fn cookie(request: &Request) -> Option<String> {
    let lines = request.headers().get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_string())
}

fn read(desk: &mut Desk, request: &Request) -> Result<String, Refusal> {
    let form = Form::parse(request.body())?;
    let xml = decode_post(form.get("SAMLResponse").unwrap_or_default())?;
    let claimed = saml::peek(&xml)?.in_response_to;
    desk.state.enrolments.forget(desk.now);
    let requests = &mut desk.state.enrolments.requests;
    let browser = cookie(request);
    let ours = claimed.filter(|id| requests.get(id).is_some_and(|(_, own)| Some(own) == browser.as_ref()));
    let ours = ours.ok_or_else(|| Refusal::new("saml/in-response-to", "this browser has no such request open"))?;
    requests.remove(&ours);
    let idp = desk.state.enrolments.idp.clone().ok_or_else(|| Refusal::new("key/none", "no identity provider"))?;
    let (acs, audience) = (acs_url(desk.state), entity_id(desk.state));
    let check = ResponseCheck {
        issuer: &idp.entity_id,
        keys: &idp.keys,
        must_sign: MustSign::Any,
        floor: SignatureAlgorithm::Sha256,
        audience: &audience,
        acs_url: &acs,
        in_response_to: Some(&ours),
        now: desk.now,
        skew_seconds: SKEW,
    };
    let response = saml::read_response(&xml, &check)?;
    let assertion =
        response.assertion.as_ref().ok_or_else(|| Refusal::new("saml/status", response.status.code.clone()))?;
    let until = assertion.end() + Duration::from_secs(u64::from(SKEW));
    if !desk
        .outside
        .once("used-assertions", &assertion.id, until)
        .map_err(|e| Refusal::new("store/failed", e.to_string()))?
    {
        return Err(Refusal::new("saml/replay", assertion.id.clone()));
    }
    Ok(assertion.name_id.clone())
}
