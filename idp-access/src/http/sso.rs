//! The single sign-on endpoint: reads Okta's request, picks the rule and starts the transaction.

use super::drive::drive;
use super::{Ctx, answer, pages};
use crate::decide::posture::{self, Force};
use crate::decide::{device_types, person, policy, signature};
use crate::state::Transaction;
use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::{AccessPolicy, ApplicationSource};
use federation::{Decision, Response};
use std::time::Duration;
use wire::Refusal;
use wire::form::{Form, decode_post};
use wire::saml::{self, AuthnRequest, RequestCheck, Verified};

const SKEW_SECONDS: u32 = 120;
/// How long a request id stays used.
const USED_FOR: Duration = Duration::from_secs(3600);

type Read = (Verified<AuthnRequest>, Option<String>);

/// A request that only SHA-1 vouches for counts where the assumption admits it.
fn read(ctx: &Ctx<'_>) -> Result<Read, Refusal> {
    let refusal = match read_by(ctx, SignatureAlgorithm::Sha256) {
        Err(refusal) if refusal.code == "saml/algorithm" => refusal,
        read => return read,
    };
    let Ok(weak) = read_by(ctx, SignatureAlgorithm::Sha1) else { return Err(refusal) };
    let assumptions = &ctx.settings.assumptions;
    match ctx.decided(Decision::of(|why| signature::admits_sha1(assumptions, why))) {
        true => Ok(weak),
        false => Err(refusal),
    }
}

fn read_by(ctx: &Ctx<'_>, floor: SignatureAlgorithm) -> Result<Read, Refusal> {
    let known: Vec<(&str, &[wire::dsig::TrustedKey])> =
        ctx.okta.sps.iter().map(|(_, sp, keys)| (sp.entity_id.as_str(), keys.as_slice())).collect();
    let destination = ctx.url("/SAAS/auth/federation/sso");
    let check = RequestCheck {
        expected_issuer_keys: &known,
        require_signature: true,
        floor,
        destination: &destination,
        now: ctx.now(),
        skew_seconds: SKEW_SECONDS,
    };
    if ctx.request.method() == http::Method::GET {
        return wire::redirect::read_request(ctx.request.uri().query().unwrap_or_default(), &check);
    }
    let form = Form::parse(ctx.request.body())?;
    let message = form.get("SAMLRequest").ok_or_else(|| Refusal::new("saml/missing", "no SAMLRequest"))?;
    let request = saml::read_request(&decode_post(message)?, &check)?;
    Ok((request, form.get("RelayState").map(str::to_string)))
}

/// The application source, the ACS and the once-only check of a verified request.
fn admit(ctx: &Ctx<'_>, request: &AuthnRequest) -> Result<(ApplicationSource, String), Refusal> {
    let unknown = || Refusal::new("saml/unknown-issuer", format!("no application source for {}", request.issuer));
    let (name, sp, _) = ctx.okta.sps.iter().find(|(_, sp, _)| sp.entity_id == request.issuer).ok_or_else(unknown)?;
    let source =
        ctx.settings.application_sources.iter().find(|s| &s.okta_identity_provider == name).ok_or_else(unknown)?;
    let acs = match &request.acs_url {
        Some(url) if sp.acs_urls.contains(url) => url.clone(),
        Some(url) => return Err(Refusal::new("saml/acs-unknown", url.clone())),
        None => {
            sp.acs_urls.first().cloned().ok_or_else(|| Refusal::new("saml/acs-unknown", "the metadata names none"))?
        }
    };
    let key = format!("{} {}", request.issuer, request.id);
    match ctx.outside.once("access-requests", &key, ctx.now() + USED_FOR) {
        Ok(true) => Ok((source.clone(), acs)),
        Ok(false) => Err(Refusal::new("saml/replayed", request.id.clone())),
        Err(e) => Err(Refusal::new("saml/replay-unknown", e.to_string())),
    }
}

/// The posture context is the class reference that is no authentication class: its URI is an assumption of Okta's side.
fn posture_context(request: &AuthnRequest) -> Option<String> {
    let refs = &request.requested_context.as_ref()?.class_refs;
    refs.iter().find(|class| posture::is_context(class)).cloned()
}

pub async fn start(ctx: &Ctx<'_>) -> Response {
    let (request, relay_state) = match read(ctx) {
        Ok(read) => read,
        Err(e) => return ctx.refused(e.code, &e.detail),
    };
    let (source, acs_url) = match admit(ctx, &request) {
        Ok(admitted) => admitted,
        Err(e) => return ctx.refused(e.code, &e.detail),
    };
    ctx.log("SAML_REQUEST", "SUCCESS", "", &source.name, "");
    let Some(access_policy) = ctx.settings.policies.iter().find(|p| p.name == source.policy) else {
        return ctx.refused("policy/no-rule", &format!("there is no policy `{}`", source.policy));
    };
    let context = posture_context(&request);
    let asked = request.force_authn;
    let force = ctx.decided(Decision::of(|why| posture::force(&source, &ctx.settings.assumptions, asked, why)));
    let transaction = begin(ctx, &source, access_policy, &request, (acs_url, relay_state, context, force));
    proceed(ctx, &source, access_policy, force, transaction).await
}

type Circumstances = (String, Option<String>, Option<String>, Force);

fn begin(
    ctx: &Ctx<'_>,
    source: &ApplicationSource,
    policy: &AccessPolicy,
    request: &AuthnRequest,
    rest: Circumstances,
) -> Transaction {
    let (acs_url, relay_state, context, force) = rest;
    let agent = ctx.header("user-agent");
    Transaction {
        id: ctx.outside.fresh_id("transaction"),
        started: ctx.now(),
        source: source.name.clone(),
        policy: policy.name.clone(),
        rule: String::new(),
        request_id: request.id.clone(),
        sp_entity: request.issuer.clone(),
        acs_url,
        relay_state,
        passive: request.is_passive,
        name_id_format: request.name_id_format.clone(),
        force_authn: force == Force::Honoured,
        context,
        os: device_types::os(agent),
        device_types: device_types::read(agent),
        asked: None,
        passed: Vec::new(),
        failed: Vec::new(),
        wrong_passwords: 0,
        person: None,
        bound: false,
        udid: None,
        trouble: None,
        shown: None,
        okta_request: None,
    }
}

async fn proceed(
    ctx: &Ctx<'_>,
    source: &ApplicationSource,
    access_policy: &AccessPolicy,
    force: Force,
    mut tx: Transaction,
) -> Response {
    if force == Force::Refused {
        return answer::failed(ctx, source, &tx, None, "ForceAuthn is not enabled for this application source.");
    }
    let session = ctx.cookie("HZN").and_then(|id| ctx.access.state.session(&id, ctx.now()));
    // ForceAuthn asks who the person is, so a session's person is not known yet.
    let known = session.filter(|_| !tx.force_authn).and_then(|s| person::user(&ctx.people(), &s.person));
    let facts = policy::Facts {
        ip: ctx.ip(),
        device_types: tx.device_types,
        groups: known.as_ref().map(|u| u.groups.as_slice()),
    };
    let decision = Decision::of(|why| policy::decide(&ctx.settings, access_policy, &facts, why));
    let name = decision.verdict.rule().map_or("no rule", |r| r.name.as_str());
    let said = match decision.verdict {
        policy::Verdict::Authenticate(_) => "authenticate",
        policy::Verdict::Allow(_) => "allow",
        policy::Verdict::Deny(_) => "deny",
    };
    match ctx.told(format!("{said} by {name}"), decision) {
        policy::Verdict::Authenticate(rule) => {
            tx.rule = rule.name.clone();
            let id = tx.id.clone();
            let mut response = drive(ctx, tx).await;
            pages::cookie(&mut response, "EUC_XTX", &id);
            response
        }
        policy::Verdict::Allow(rule) => match known {
            Some(user) => {
                tx.rule = rule.name.clone();
                answer::granted(ctx, source, &tx, &user, &[])
            }
            // An assertion must name somebody, and nobody has said who this is.
            None => answer::failed(ctx, source, &tx, rule.error.as_ref(), answer::NO_METHODS),
        },
        policy::Verdict::Deny(rule) => {
            let custom = rule.and_then(|r| r.error.as_ref());
            answer::failed(ctx, source, &tx, custom, "Access to this application is denied by policy.")
        }
    }
}
