//! What came of a step, as the person, the transcript and the parties show it, and what its author expected instead.

use crate::browser::{End, Visit};
use crate::misbehave::Attacked;
use federation::{DeviceContext, Event, EventKind, Finding, Outcome};
use scenarios::{Expect, Stated};
use std::collections::BTreeMap;

/// What a sign-in came to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Observed {
    pub outcome: Outcome,
    /// Who decided it: `okta`, `access`, an app's name or `browser`.
    pub by: String,
    pub because: Vec<Finding>,
    /// Messages that a named check refused: `code: detail`.
    pub refused: Vec<String>,
    /// Login at each party that has a session for this browser.
    pub as_whom: BTreeMap<String, String>,
    /// Present only where an assertion reached the app.
    pub device_trusted: Option<DeviceContext>,
    pub page: String,
    pub page_text: String,
    pub flags: Vec<String>,
    pub log: Vec<String>,
    /// The redirects that repeat, where there was a loop.
    pub cycle: Vec<String>,
    /// The attack on this sign-in, where there was one.
    pub attack: Option<Attacked>,
}

/// An expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Missed {
    /// The key of `expect`, as its author writes it.
    pub what: String,
    pub expected: String,
    pub observed: String,
}

/// What the events of a step tell, whatever the step is.
#[derive(Debug, Clone, Default)]
pub struct Noticed {
    pub because: Vec<Finding>,
    /// `code: detail`.
    pub refused: Vec<String>,
    pub flags: Vec<String>,
    pub log: Vec<String>,
}

impl Noticed {
    pub fn of(events: &[Event]) -> Noticed {
        let mut noticed = Noticed::default();
        for event in events {
            match &event.kind {
                EventKind::Decided { because, .. } => noticed.because.extend(because.iter().cloned()),
                EventKind::Refused { code, detail } => noticed.refused.push(format!("{code}: {detail}")),
                EventKind::Message { flags, .. } => noticed.flags.extend(flags.iter().cloned()),
                EventKind::Log { event_type, result, .. } => noticed.log.push(format!("{event_type} {result}")),
                _ => {}
            }
        }
        noticed
    }
}

impl Observed {
    /// What a sign-in at `app` came to; `as_whom` are the sessions that live when it is over.
    pub fn of(visit: Visit, app: &str, noticed: Noticed, as_whom: BTreeMap<String, String>) -> Observed {
        let (outcome, by) = outcome(&visit, app, &noticed.because);
        let told = visit.page.data.get("trusted").filter(|_| visit.page.name == "app/home");
        let device_trusted = match told.map(String::as_str) {
            Some("TRUSTED") => Some(DeviceContext::Trusted),
            Some("NOT_TRUSTED") => Some(DeviceContext::NotTrusted),
            Some("UNKNOWN") => Some(DeviceContext::Unknown),
            _ => None,
        };
        let Noticed { because, refused, flags, log } = noticed;
        let (page, page_text, cycle) = (visit.page.name, visit.page.text, visit.cycle);
        let attack = None;
        Observed { outcome, by, because, refused, as_whom, device_trusted, page, page_text, flags, log, cycle, attack }
    }
}

/// What the page that the browser rests on means to the person, and whose page it is.
fn outcome(visit: &Visit, app: &str, because: &[Finding]) -> (Outcome, String) {
    match &visit.end {
        End::Loop => return (Outcome::Loop, "browser".into()),
        End::Unreachable(_) => return (Outcome::Unreachable, "browser".into()),
        End::Page => {}
    }
    let page = visit.page.name.as_str();
    let owner = match page.split('/').next() {
        Some("app") => app.to_string(),
        Some(owner) => owner.to_string(),
        None => String::new(),
    };
    let passed = because.iter().any(|f| f.code == "mfa/passed");
    let factor = because.iter().rev().find(|f| f.code.starts_with("mfa/")).map(|f| f.code);
    let outcome = match page {
        "app/home" if passed => Outcome::GrantedAfterMfa,
        "app/home" => Outcome::Granted,
        "app/rejected" => Outcome::AppRejected,
        "okta/mfa" | "access/mfa" => Outcome::MfaFailed,
        "access/denied" if factor == Some("mfa/failed") => Outcome::MfaFailed,
        "okta/enrolment" => Outcome::EnrolmentPage,
        "okta/denied" => Outcome::Denied,
        "okta/error" => Outcome::OktaError,
        "okta/not-assigned" => Outcome::NotAssigned,
        "okta/sign-in" | "access/sign-in" if visit.page.failed => Outcome::SignInFailed,
        "okta/sign-in" | "okta/identify" | "access/sign-in" => Outcome::SignInRequired,
        "access/denied" | "access/error" => Outcome::AccessDenied,
        _ => Outcome::Unreachable,
    };
    (outcome, owner)
}

/// Everything in `expect` that did not come. `observed` is there after a sign-in; `state` has the things that were asked for.
pub fn compare(
    expect: &Expect,
    observed: Option<&Observed>,
    noticed: &Noticed,
    state: &BTreeMap<String, Stated>,
) -> Vec<Missed> {
    let mut missed = Vec::new();
    if let Some(observed) = observed {
        experienced(expect, observed, &mut missed);
    }
    let codes: Vec<String> = noticed.because.iter().map(|f| f.code.to_string()).collect();
    let found = |w: &str| match w.split_once(' ') {
        Some((code, rule)) => noticed.because.iter().any(|f| f.code == code && f.rule == rule),
        None => codes.iter().any(|f| f == w) || noticed.refused.iter().any(|r| r.starts_with(&format!("{w}: "))),
    };
    contains("because", &expect.because, found, shown(&codes), &mut missed);
    let flag = |w: &str| noticed.flags.iter().any(|f| f == w);
    contains("flags", &expect.flags, flag, shown(&noticed.flags), &mut missed);
    // The event alone, or event and result.
    let logged = |w: &str| noticed.log.iter().any(|line| line == w || line.split(' ').next() == Some(w));
    contains("log", &expect.log, logged, shown(&noticed.log), &mut missed);
    for (path, expected) in &expect.state.0 {
        let observed = state.get(path).map_or_else(|| "nothing".to_string(), ToString::to_string);
        if observed != expected.to_string() {
            missed.push(Missed { what: format!("state.{path}"), expected: expected.to_string(), observed });
        }
    }
    missed
}

/// What only a sign-in has: an end, a page, and somebody who is signed in.
fn experienced(expect: &Expect, observed: &Observed, missed: &mut Vec<Missed>) {
    let mut same = |what: &str, expected: Option<String>, observed: String| {
        if let Some(expected) = expected.filter(|e| *e != observed) {
            missed.push(Missed { what: what.into(), expected, observed });
        }
    };
    same("outcome", expect.outcome.map(|o| o.to_string()), observed.outcome.to_string());
    same("by", expect.by.clone(), observed.by.clone());
    let trusted = observed.device_trusted.map_or_else(|| "none".into(), |d| d.to_string());
    same("device_trusted", expect.device_trusted.map(|d| d.to_string()), trusted);
    let whom = &expect.as_whom;
    for (party, login) in [("okta", &whom.okta), ("access", &whom.access), ("app", &whom.app)] {
        let told = |login: &str| if login.is_empty() { "nobody".to_string() } else { login.into() };
        let observed = observed.as_whom.get(party).map_or("", String::as_str);
        same(&format!("as_whom.{party}"), login.as_deref().map(told), told(observed));
    }
    let text = &observed.page_text;
    contains("page_contains", &expect.page_contains, |w| text.contains(w), text.clone(), missed);
}

/// Each wanted word is there; one with a leading `!` is not.
fn contains(what: &str, wanted: &[String], has: impl Fn(&str) -> bool, observed: String, missed: &mut Vec<Missed>) {
    for wanted in wanted {
        let (word, should) = wanted.strip_prefix('!').map_or((wanted.as_str(), true), |w| (w, false));
        if has(word) != should {
            missed.push(Missed { what: what.into(), expected: wanted.clone(), observed: observed.clone() });
        }
    }
}

fn shown(list: &[String]) -> String {
    if list.is_empty() { "none".into() } else { list.join(", ") }
}
