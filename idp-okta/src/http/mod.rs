//! Endpoints of Okta: from a request to the handler, and what every handler needs. No policy.

mod acs;
mod drive;
mod home;
mod issue;
mod login;
mod page;
pub mod provisioning;
mod start;
mod webfinger;
mod words;

use crate::Okta;
use crate::memory::{self, Kept};
use crate::state::{Session, State, Transaction};
use federation::tenant::{self, okta::User};
use federation::{EventKind, Finding, Outside, Peer, Platform, Request, Response, Time};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// One exchange.
pub struct Exchange<'a> {
    pub okta: &'a Okta,
    pub outside: &'a dyn Outside,
    pub request: &'a Request,
    pub settings: Arc<tenant::Okta>,
    pub wiring: Arc<crate::Wired>,
    pub now: Time,
}

pub fn route(okta: &Okta, outside: &dyn Outside, request: &Request) -> Response {
    let x = Exchange { okta, outside, request, settings: okta.settings(), wiring: okta.wiring(), now: outside.now() };
    let parts: Vec<&str> = request.uri().path().trim_matches('/').split('/').collect();
    let post = request.method() == ::http::Method::POST;
    match parts.as_slice() {
        ["app", "UserHome"] => home::dashboard(&x),
        ["app", app, "sso", "saml"] => start::start(&x, app, post),
        ["app", app, "metadata"] => start::app_metadata(&x, app),
        ["api", "v1", "idps", id, "metadata.xml"] => start::sp_metadata(&x, id),
        ["sso", "saml2", id] if post => acs::acs(&x, Some(id)),
        ["sso", "saml2"] if post => acs::acs(&x, None),
        ["login"] if post => login::login(&x),
        ["mfa"] if post => login::mfa(&x),
        [".well-known", "webfinger"] => webfinger::webfinger(&x),
        ["signout"] => home::sign_out(&x),
        _ => page::Page::new("okta/error", "Not found").answer(404),
    }
}

impl Exchange<'_> {
    pub fn cookie(&self, name: &str) -> Option<String> {
        let headers = self.request.headers().get_all(::http::header::COOKIE);
        let mut pairs = headers.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
        pairs.find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name).map(|(_, v)| v.to_owned()))
    }
    pub fn platform(&self) -> Platform {
        let agent = self.request.headers().get(::http::header::USER_AGENT).and_then(|value| value.to_str().ok());
        crate::decide::platform::platform(agent.unwrap_or_default())
    }
    pub fn ip(&self) -> IpAddr {
        self.request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip)
    }
    /// The one of this browser's open transactions that is `wanted`; the cookie `tx` names the browser.
    pub fn transaction(&self, wanted: impl Fn(&Transaction) -> bool) -> Option<Transaction> {
        let browser = self.cookie("tx")?;
        self.okta.state().open(&browser, self.now).find(|tx| wanted(tx)).cloned()
    }
    /// This browser's id, kept while it has a transaction open. One that nobody here gave out is not taken over.
    pub fn browser(&self) -> String {
        let known = self.cookie("tx").filter(|id| self.okta.state().open(id, self.now).next().is_some());
        known.unwrap_or_else(|| self.outside.fresh_id("browser"))
    }
    /// Tells the transcript what a decision core said, each reason once.
    pub fn decided(&self, verdict: impl Into<String>, reasons: Vec<Finding>) {
        let mut because = Vec::new();
        for finding in reasons {
            if !because.contains(&finding) {
                because.push(finding);
            }
        }
        self.outside.note(EventKind::Decided { verdict: verdict.into(), because });
    }
    pub fn user(&self, found: impl Fn(&User) -> bool) -> Option<User> {
        self.users(found).into_iter().next()
    }
    pub fn users(&self, found: impl Fn(&User) -> bool) -> Vec<User> {
        self.okta.state().people(&self.settings.users).filter(|user| found(user)).cloned().collect()
    }
    pub fn log(&self, event_type: &str, result: &str, actor: &str, target: &str, reason: &str) {
        self.outside.note(log_line(event_type, result, actor, target, reason));
    }
    /// Commits a change with its line of the log.
    pub fn kept(&self, line: &EventKind, kept: &Kept) {
        memory::commit(self.outside, std::slice::from_ref(line), kept);
    }
    /// Ends a session, for good.
    pub fn end(&self, state: &mut State, sid: &str) -> Option<Session> {
        let ended = state.sessions.remove(sid)?;
        memory::commit(self.outside, &[], &Kept::Session { id: sid.into(), session: None });
        Some(ended)
    }
    /// A refusal stands in the transcript, in the System Log and on the page.
    pub fn refuse(&self, code: &str, detail: &str) -> Response {
        let inbound = self.request.uri().path().starts_with("/sso/");
        let event_type = if inbound { "user.authentication.auth_via_IDP" } else { "user.authentication.sso" };
        let said = words::vendor(code).filter(|_| inbound).map(|text| format!("{text} ")).unwrap_or_default();
        self.log(event_type, "FAILURE", "", "", &format!("{said}{code}: {detail}"));
        self.outside.note(EventKind::Refused { code: code.into(), detail: detail.into() });
        let mut page = page::Page::new("okta/error", "400 Bad Request");
        page.text = "Error Code: GENERAL_NONSUCCESS".into();
        page.reason = format!("{code}: {detail}");
        page.answer(400)
    }
}

/// A line of the System Log.
fn log_line(event_type: &str, result: &str, actor: &str, target: &str, reason: &str) -> EventKind {
    let [event_type, result, actor, target, reason] = [event_type, result, actor, target, reason].map(str::to_string);
    EventKind::Log { event_type, result, actor, target, reason }
}
