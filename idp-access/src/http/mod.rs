//! Endpoints: gather, decide, render. No policy here.

pub mod adapter;
mod adapter_groups;
pub mod answer;
pub mod certificate;
pub mod compliance;
pub mod drive;
pub mod okta;
pub mod pages;
pub mod prompts;
pub mod provision;
pub mod sso;

use crate::Access;
use crate::decide::person::{self, Answering, PersonKey};
use crate::people::People;
use crate::state::Transaction;
use federation::tenant::access::AuthMethod;
use federation::{Decision, EventKind, Outside, Peer, Request, Response, Time, tenant};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, PoisonError, RwLockReadGuard};

/// One request, with the settings as they were when it came.
pub struct Ctx<'a> {
    pub access: &'a Access,
    pub settings: Arc<tenant::Access>,
    pub okta: Arc<crate::OktaMetadata>,
    pub outside: &'a dyn Outside,
    pub request: Request,
}

impl Ctx<'_> {
    pub fn now(&self) -> Time {
        self.outside.now()
    }
    pub fn ip(&self) -> IpAddr {
        self.request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |p| p.ip)
    }
    pub fn header(&self, name: &str) -> &str {
        self.request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }
    pub fn cookie(&self, name: &str) -> Option<String> {
        let pairs = self.header("cookie").split(';').filter_map(|c| c.trim().split_once('='));
        pairs.filter(|(k, _)| *k == name).map(|(_, v)| v.to_string()).next()
    }
    pub fn query(&self, name: &str) -> Option<String> {
        let query = self.request.uri().query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).find(|(k, _)| k == name).map(|(_, v)| v.into_owned())
    }
    /// Everybody as they are now; not to be held across an await.
    pub fn people(&self) -> RwLockReadGuard<'_, People> {
        self.access.people.read().unwrap_or_else(PoisonError::into_inner)
    }
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.settings.host)
    }
    pub fn entity_id(&self) -> String {
        self.url("/SAAS/API/1.0/GET/metadata/idp.xml")
    }
    pub fn sp_entity_id(&self) -> String {
        self.url("/SAAS/API/1.0/GET/metadata/sp.xml")
    }
    /// Tells the transcript what a decision core said, and hands on the verdict.
    pub fn decided<V: std::fmt::Display>(&self, decision: Decision<V>) -> V {
        let verdict = decision.verdict.to_string();
        self.told(verdict, decision)
    }
    pub fn told<V>(&self, verdict: String, decision: Decision<V>) -> V {
        self.outside.note(EventKind::Decided { verdict, because: decision.because });
        decision.verdict
    }
    /// Takes `found` for the sign-in's person where that may be; says whether it was.
    pub fn takes(&self, tx: &mut Transaction, found: &PersonKey) -> bool {
        let how = self.settings.assumptions.fallback_person;
        let decision = Decision::of(|why| person::may_answer(how, tx.person.as_ref(), tx.bound, found, why));
        let answering = if decision.because.is_empty() { decision.verdict } else { self.decided(decision) };
        match answering {
            Answering::Refused => return false,
            Answering::SamePerson => {}
            // What the other person has passed is the other's.
            Answering::Instead => {
                tx.passed.clear();
                tx.udid = None;
            }
        }
        tx.person = Some(found.clone());
        true
    }
    pub fn log(&self, event_type: &str, result: &str, actor: &str, target: &str, reason: &str) {
        self.outside.note(log_line(event_type, result, actor, target, reason));
    }
    /// A refusal stands in the transcript, in the audit log and on the page.
    pub fn refused(&self, code: &str, detail: &str) -> Response {
        self.log("LOGIN_ERROR", "FAILURE", "", "", &format!("{code}: {detail}"));
        self.outside.note(EventKind::Refused { code: code.into(), detail: detail.into() });
        pages::error(&format!("{code}: {detail}"))
    }
    pub fn unsaved(&self) -> Response {
        self.refused("access/no-transaction", "this sign-in is over or belongs to another browser")
    }
}

/// A line of the audit log.
pub fn log_line(event_type: &str, result: &str, actor: &str, target: &str, reason: &str) -> EventKind {
    let [event_type, result, actor, target, reason] = [event_type, result, actor, target, reason].map(str::to_string);
    EventKind::Log { event_type, result, actor, target, reason }
}

pub async fn route(ctx: Ctx<'_>) -> Response {
    let host = ctx.request.uri().host().map_or_else(|| ctx.header("host").to_string(), str::to_string);
    let host = host.split(':').next().unwrap_or_default();
    let path = ctx.request.uri().path().to_string();
    let method = ctx.request.method().as_str().to_string();
    let leg = |m: &AuthMethod| ctx.settings.certificate_leg(*m).is_some_and(|leg| host.eq_ignore_ascii_case(&leg));
    if let Some(leg) = crate::LEGS.into_iter().find(leg).filter(|_| !host.eq_ignore_ascii_case(&ctx.settings.host)) {
        return match (method.as_str(), path.as_str()) {
            ("GET", "/certificate") => certificate::show(&ctx, leg).await,
            _ => missing(),
        };
    }
    if let Some(response) = provision::route(&ctx, &method, &path) {
        return response;
    }
    match (method.as_str(), path.as_str()) {
        ("GET" | "POST", "/SAAS/auth/federation/sso") => sso::start(&ctx).await,
        ("GET", "/SAAS/auth/continue") => prompts::resume(&ctx).await,
        ("POST", "/SAAS/auth/login") => prompts::login(&ctx).await,
        ("POST", "/SAAS/auth/mfa") => prompts::mfa(&ctx).await,
        ("GET", "/SAAS/auth/logout") => prompts::sign_out(&ctx),
        ("POST", "/SAAS/auth/saml/response") => okta::response(&ctx).await,
        ("GET", "/SAAS/API/1.0/GET/metadata/idp.xml") => xml(ctx.access.idp_metadata(&ctx)),
        ("GET", "/SAAS/API/1.0/GET/metadata/sp.xml") => xml(ctx.access.sp_metadata(&ctx)),
        _ => missing(),
    }
}

fn xml(body: String) -> Response {
    pages::answer(200, "application/samlmetadata+xml", body)
}

fn missing() -> Response {
    pages::answer(404, "text/plain; charset=utf-8", "there is nothing here".into())
}
