//! A person's browser: user agent, cookies, redirects, forms, the device's certificates, and the person who answers prompts.
//!
//! It knows what a browser knows. A step limit turns endless redirects into a loop with its cycle.

use crate::core::{Core, locked};
use crate::misbehave::Armed;
use crate::net::{Caller, Net};
use crate::page::{self, Page};
use attacks::Delivery;
use attacks::certificate::Presented;
use bytes::Bytes;
use federation::{CallError, EventKind, Response};
use rustls::sign::CertifiedKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// Redirects and pages without a person's answer before the browser gives up.
const STEP_LIMIT: usize = 40;
/// Prompts that a person answers before she gives up, too.
const PATIENCE_OF_A_PERSON: usize = 20;
/// How long a person takes to answer a prompt.
const ANSWER: Duration = Duration::from_secs(4);
/// How long a push waits for its answer (unknown: ours).
const PUSH_LIFE: Duration = Duration::from_secs(300);
const PATIENCE_MS: u64 = 60_000;

/// Cookies by host, kept for as long as the browser lives.
pub type Cookies = Arc<Mutex<BTreeMap<String, BTreeMap<String, String>>>>;

/// What the person types and taps.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    pub okta: Option<(String, String)>,
    pub access: Option<(String, String)>,
    pub mfa: Mfa,
    pub totp_secret: Vec<u8>,
}

/// How she answers a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mfa {
    #[default]
    Totp,
    Wrong,
    Approve,
    Deny,
    NoAnswer,
}

/// Where the browser came to rest.
#[derive(Debug, Clone)]
pub struct Visit {
    pub page: Page,
    pub host: String,
    pub end: End,
    /// The cycle, where there was a loop.
    pub cycle: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Page,
    Loop,
    Unreachable(String),
}

/// One browser on one device.
pub struct Browser {
    pub net: Net,
    pub core: Arc<Core>,
    pub caller: Caller,
    /// The device's keys, each with the host where it may be shown.
    pub keys: Vec<(String, Arc<CertifiedKey>)>,
    pub user_agent: String,
    pub cookies: Cookies,
    /// What goes wrong with one of its messages.
    pub attack: Option<Arc<Armed>>,
}

/// Where the browser has been on a visit.
#[derive(Default)]
struct Trail {
    places: Vec<String>,
    answers: usize,
    /// Redirects and pages since the last answer.
    unanswered: usize,
}

struct Going {
    url: Url,
    body: Option<String>,
}

impl Browser {
    /// Opens `url` and goes on until there is nothing left to do or to answer.
    pub async fn visit(&self, url: &str, answers: &Answers) -> Visit {
        let mut visit = Visit { page: Page::default(), host: String::new(), end: End::Page, cycle: Vec::new() };
        let Ok(url) = Url::parse(url) else {
            visit.end = End::Unreachable(format!("`{url}` is no address"));
            return visit;
        };
        if let Some(attack) = &self.attack {
            attack.begin(self);
        }
        let mut next = Some(Going { url, body: None });
        let mut trail = Trail::default();
        while let Some(going) = next.take() {
            if trail.unanswered >= STEP_LIMIT || trail.answers >= PATIENCE_OF_A_PERSON {
                visit.end = End::Loop;
                visit.cycle = cycle(&trail.places);
                break;
            }
            trail.unanswered += 1;
            trail.places.push(format!("{}{}", going.url.host_str().unwrap_or_default(), going.url.path()));
            visit.host = going.url.host_str().unwrap_or_default().to_string();
            match self.deliver(&going).await {
                Err(e) => visit.end = End::Unreachable(e.to_string()),
                Ok(response) => next = self.follow(&going, response, answers, &mut visit, &mut trail),
            }
        }
        visit
    }

    /// Sends it as the attack wants it delivered, once.
    async fn deliver(&self, going: &Going) -> Result<Response, CallError> {
        let Some(attack) = self.attack.as_ref().filter(|_| going.body.is_some()) else {
            return self.fetch(going).await;
        };
        match attack.take_delivery() {
            Some(Delivery::Twice) => {
                self.fetch(going).await?;
                self.fetch(going).await
            }
            Some(Delivery::AtOnce) => {
                let (one, other) = tokio::join!(self.fetch(going), self.fetch(going));
                let one = one?;
                if one.status().as_u16() >= 400 { Ok(one) } else { other }
            }
            Some(Delivery::Later(seconds)) => {
                self.fetch(going).await?;
                self.core.clock.advance(Duration::from_secs(seconds));
                self.fetch(going).await
            }
            Some(Delivery::OtherBrowser) => {
                attack.another_browser();
                self.fetch(going).await
            }
            Some(Delivery::OtherBrowserWaiting) => {
                attack.another_browser();
                self.wander(attack.start()).await?;
                self.fetch(going).await
            }
            _ => self.fetch(going).await,
        }
    }

    /// Follows redirects alone, as far as they go.
    async fn wander(&self, start: String) -> Result<(), CallError> {
        let mut next = Url::parse(&start).ok();
        while let Some(url) = next.take() {
            let response = self.fetch(&Going { url: url.clone(), body: None }).await?;
            let to = response.headers().get(http::header::LOCATION).and_then(|l| l.to_str().ok());
            next = to.and_then(|to| url.join(to).ok());
        }
        Ok(())
    }

    fn jar(&self) -> Cookies {
        let other = self.attack.as_ref().and_then(|a| locked(&a.other).clone());
        other.unwrap_or_else(|| self.cookies.clone())
    }

    async fn fetch(&self, going: &Going) -> Result<Response, CallError> {
        let host = going.url.host_str().unwrap_or_default().to_string();
        let mut request =
            http::Request::builder().uri(going.url.as_str()).header(http::header::USER_AGENT, &self.user_agent);
        let jar = self.jar();
        let cookies = locked(&jar).get(&host).cloned().unwrap_or_default();
        if !cookies.is_empty() {
            let line: Vec<String> = cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            request = request.header(http::header::COOKIE, line.join("; "));
        }
        if let Some(attack) = &self.attack {
            match attack.shown(&host) {
                Some(Presented::Bytes(bytes)) => return self.net.raw(&host, &bytes).await,
                Some(Presented::Header(der)) => {
                    for name in ["x-client-cert", "x-forwarded-client-cert", "x-ssl-client-cert"] {
                        request = request.header(name, wire::form::encode_bytes(&der));
                    }
                }
                _ => {}
            }
        }
        let body = match &going.body {
            Some(body) => {
                request =
                    request.method("POST").header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                Bytes::from(body.clone())
            }
            None => Bytes::new(),
        };
        let request = request.body(body).map_err(|e| CallError::Broken(e.to_string()))?;
        let keys = self.keys.iter().filter(|(leg, _)| *leg == host).map(|(_, key)| key.clone()).collect();
        let response = self.net.call(&Caller { keys, timeout_ms: PATIENCE_MS, ..self.caller.clone() }, request).await?;
        for line in response.headers().get_all(http::header::SET_COOKIE) {
            self.keep_cookie(&host, line.to_str().unwrap_or_default());
        }
        Ok(response)
    }

    fn keep_cookie(&self, host: &str, line: &str) {
        let Some((name, value)) = line.split(';').next().and_then(|c| c.split_once('=')) else { return };
        let gone = value.is_empty() || line.to_ascii_lowercase().contains("max-age=0");
        let jar = self.jar();
        let mut cookies = locked(&jar);
        let jar = cookies.entry(host.to_string()).or_default();
        if gone {
            jar.remove(name.trim())
        } else {
            jar.insert(name.trim().into(), value.trim().into())
        };
    }

    /// Decides where the browser goes next; `None`: it rests on `visit.page`.
    fn follow(
        &self,
        at: &Going,
        response: Response,
        answers: &Answers,
        visit: &mut Visit,
        trail: &mut Trail,
    ) -> Option<Going> {
        if response.status().is_redirection() {
            let to = response.headers().get(http::header::LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
            let mut url = at.url.join(to).ok()?;
            if let Some(attack) = &self.attack {
                attack.query(at.url.host_str().unwrap_or_default(), &mut url);
            }
            return Some(Going { url, body: None });
        }
        let page = page::read(&String::from_utf8_lossy(response.body()));
        visit.page = page.clone();
        if let (true, Some(form)) = (page.auto, &page.form) {
            let (mut url, mut form) = (at.url.join(&form.action).ok()?, form.clone());
            if let Some(attack) = &self.attack {
                attack.form(at.url.host_str().unwrap_or_default(), &mut url, &mut form);
            }
            return Some(Going { url, body: Some(encode(&form.fields)) });
        }
        self.core.note("browser", EventKind::Page { page: page.name.clone(), text: page.text.clone() });
        let filled = self.fill(&page, answers)?;
        let unanswered = answers.mfa == Mfa::NoAnswer && page.name.ends_with("/mfa");
        self.core.clock.advance(if unanswered { PUSH_LIFE } else { ANSWER });
        trail.answers += 1;
        trail.unanswered = 0;
        Some(Going { url: at.url.join(&filled.action).ok()?, body: Some(encode(&filled.fields)) })
    }

    /// What the person types; `None`: she leaves the page as it is.
    fn fill(&self, page: &Page, answers: &Answers) -> Option<page::Form> {
        let mut form = page.form.clone()?;
        let account =
            |name: &str| if name.starts_with("okta/") { answers.okta.clone() } else { answers.access.clone() };
        match page.name.as_str() {
            "okta/identify" => {
                form.set("username", &account(&page.name)?.0);
                Some(form)
            }
            // A failed try is not repeated: she has typed what she knows.
            "okta/sign-in" | "access/sign-in" if page.failed => None,
            "okta/sign-in" | "access/sign-in" => {
                let (username, password) = account(&page.name)?;
                form.set("username", &username);
                form.set("password", &password);
                Some(form)
            }
            "okta/mfa" | "access/mfa" => {
                if page.failed {
                    return None;
                }
                self.second_factor(&mut form, answers);
                Some(form)
            }
            _ => None,
        }
    }

    fn second_factor(&self, form: &mut page::Form, answers: &Answers) {
        let tap = match answers.mfa {
            Mfa::Deny => "deny",
            Mfa::NoAnswer => "none",
            Mfa::Wrong if !form.has("code") => "deny",
            _ => "approve",
        };
        match answers.mfa {
            Mfa::Totp | Mfa::Wrong if form.has("code") => {
                // The person reads her authenticator once the page is in front of her, and types for four seconds.
                let at = (self.core.clock.now() + ANSWER).seconds();
                let code = totp(&answers.totp_secret, u64::try_from(at).unwrap_or(0));
                let wrong: String =
                    code.chars().map(|c| if c == '9' { '0' } else { ((c as u8) + 1) as char }).collect();
                form.set("code", if answers.mfa == Mfa::Wrong { &wrong } else { &code });
            }
            _ if form.has("answer") => form.set("answer", tap),
            _ => form.set("push", tap),
        }
    }
}

/// RFC 6238 with SHA-1, six digits, thirty seconds.
fn totp(secret: &[u8], at: u64) -> String {
    totp_rs::TOTP::new_unchecked(totp_rs::Algorithm::SHA1, 6, 1, 30, secret.to_vec()).generate(at)
}

fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The shortest tail of the trail that repeats.
fn cycle(trail: &[String]) -> Vec<String> {
    for length in 1..=trail.len() / 2 {
        let (head, tail) = trail.split_at(trail.len() - length);
        if head.ends_with(tail) {
            return tail.to_vec();
        }
    }
    trail.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_cycle() {
        let trail: Vec<String> = ["x", "a", "b", "a", "b"].iter().map(|s| s.to_string()).collect();
        assert_eq!(cycle(&trail), ["a", "b"]);
    }
}
