//! The answers to Okta: an assertion, a failure response, or Access's own page.

use super::{Ctx, pages};
use crate::decide::device_types::Os;
use crate::decide::posture::{self, Failure, POSTURE_URI, Posture};
use crate::decide::statement;
use crate::state::Transaction;
use federation::tenant::access::{ApplicationSource, AuthMethod, CustomError, ResponseClassRef, User};
use federation::{Decision, EventKind, Response as HttpResponse};
use std::time::Duration;
use wire::form::{auto_post_page, encode_post};
use wire::saml::{self, Assertion, DevicePosture, Response, Status};

/// Shown when every chain is exhausted (documented, verbatim).
pub const NO_METHODS: &str = "Access denied as no valid authentication methods were found.";
const EARLIER: Duration = Duration::from_secs(15);

/// The chain is complete: states who the person is and, where the settings say so, what the device is.
pub fn granted(
    ctx: &Ctx<'_>,
    source: &ApplicationSource,
    tx: &Transaction,
    user: &User,
    chain: &[AuthMethod],
) -> HttpResponse {
    let managed = posture::managed(tx.passed.iter().copied(), chain);
    let assumptions = &ctx.settings.assumptions;
    let decision = Decision::of(|why| posture::decide(source, assumptions, tx.context.is_some(), managed, why));
    let posture = match ctx.decided(decision) {
        Posture::FailInstead => {
            return failed(ctx, source, tx, None, "Device SSO Response is not enabled for this application source.");
        }
        Posture::Nothing => None,
        Posture::IsManaged(managed) => Some(describe(ctx, tx, managed)),
    };
    let uri = tx.context.as_deref().unwrap_or(POSTURE_URI);
    let class_ref = match assumptions.response_class_ref {
        ResponseClassRef::PostureUri if posture.is_some() => uri.to_string(),
        _ => posture::class_ref(chain).to_string(),
    };
    ctx.log("LAUNCH", "SUCCESS", &user.username, &source.name, "");
    let response = Response {
        assertion: Some(assertion(ctx, source, tx, user, class_ref, posture)),
        ..blank(ctx, tx, status(saml::SUCCESS))
    };
    send(ctx, source, tx, &response)
}

fn assertion(
    ctx: &Ctx<'_>,
    source: &ApplicationSource,
    tx: &Transaction,
    user: &User,
    class_ref: String,
    posture: Option<DevicePosture>,
) -> Assertion {
    let now = ctx.now();
    let asked = tx.name_id_format.as_deref() == Some(saml::NAMEID_EMAIL);
    let decision = Decision::of(|why| statement::address(&ctx.settings.assumptions, user, asked, why));
    let said = if decision.verdict.is_some() { "name the person by address" } else { "name the person as configured" };
    let address = if decision.because.is_empty() { None } else { ctx.told(said.into(), decision) };
    let until = now + Duration::from_secs(u64::from(source.validity_seconds));
    Assertion {
        id: format!("_{}", ctx.outside.fresh_id("assertion")),
        issuer: ctx.entity_id(),
        issue_instant: now,
        name_id_format: if address.is_some() { saml::NAMEID_EMAIL } else { saml::NAMEID_UNSPECIFIED }.into(),
        name_id: address.unwrap_or_else(|| user.username.clone()),
        name_qualifier: Some(ctx.entity_id()),
        recipient: tx.acs_url.clone(),
        in_response_to: Some(tx.request_id.clone()),
        confirmation_not_on_or_after: until,
        not_before: Some(now - EARLIER),
        not_on_or_after: Some(until),
        audience: tx.sp_entity.clone(),
        authn_instant: now,
        session_index: format!("_{}", ctx.outside.fresh_id("session-index")),
        session_not_on_or_after: None,
        class_ref,
        posture,
        attributes: statement::attributes(source, user),
    }
}

/// What Access can tell of the device: the certificate's UDID and the user agent's words.
fn describe(ctx: &Ctx<'_>, tx: &Transaction, managed: bool) -> DevicePosture {
    let (vendor, model) = match tx.os {
        Os::Ios => ("Apple", "iPhone"),
        Os::Macos => ("Apple", "Mac"),
        Os::Android => ("Android", "Android"),
        Os::Windows => ("Microsoft", "PC"),
        Os::Other => ("", ""),
    };
    let mut facts = vec![("IsManaged".to_string(), managed.to_string())];
    if ctx.settings.assumptions.is_compliant_emitted {
        facts.push(("IsCompliant".into(), tx.passed.contains(&AuthMethod::DeviceCompliance).to_string()));
    }
    DevicePosture {
        namespace: tx.context.clone().unwrap_or_else(|| POSTURE_URI.into()),
        device_id: tx.udid.clone().unwrap_or_default(),
        vendor: vendor.into(),
        model: model.into(),
        os: tx.os.name().into(),
        os_version: String::new(),
        facts,
    }
}

fn status(code: &str) -> Status {
    Status { code: code.into(), sub_code: None, message: None, detail: None }
}

fn blank(ctx: &Ctx<'_>, tx: &Transaction, status: Status) -> Response {
    Response {
        id: format!("_{}", ctx.outside.fresh_id("response")),
        in_response_to: Some(tx.request_id.clone()),
        destination: Some(tx.acs_url.clone()),
        issuer: ctx.entity_id(),
        issue_instant: ctx.now(),
        status,
        assertion: None,
    }
}

/// The sign-in failed: Okta hears of it or the person reads about it here.
pub fn failed(
    ctx: &Ctx<'_>,
    source: &ApplicationSource,
    tx: &Transaction,
    custom: Option<&CustomError>,
    reason: &str,
) -> HttpResponse {
    let who = tx.person.as_ref().map_or("", |p| p.user.as_str());
    ctx.log("LOGIN_ERROR", "FAILURE", who, &source.name, reason);
    match ctx.decided(Decision::of(|why| posture::failure(source, why))) {
        Failure::OwnPage => pages::denied(custom, &page_reason(tx, reason)),
        Failure::Notify => {
            let status = Status {
                sub_code: Some(saml::AUTHN_FAILED.into()),
                message: Some("DEVICE_NOT_MANAGED".into()),
                detail: Some(detail(tx, reason)),
                ..status(saml::RESPONDER)
            };
            send(ctx, source, tx, &blank(ctx, tx, status))
        }
    }
}

fn page_reason(tx: &Transaction, reason: &str) -> String {
    match &tx.trouble {
        Some(trouble) if trouble.text != reason => format!("{reason} {}", trouble.text),
        _ => reason.to_string(),
    }
}

fn detail(tx: &Transaction, reason: &str) -> String {
    match &tx.trouble {
        Some(t) if t.method == AuthMethod::MobileSsoIos => KERBEROS.into(),
        Some(trouble) => trouble.text.clone(),
        // A chain that ForceAuthn rules out answers as an unmanaged phone does: nothing was tried (inferred).
        None if tx.os == Os::Ios && !tx.rule.is_empty() && tx.passed.is_empty() => KERBEROS.into(),
        None => reason.into(),
    }
}

/// What Mobile SSO (for iOS) says (documented, verbatim).
pub const KERBEROS: &str = "Kerberos NEGOTIATE failed or was canceled by the user.";

pub fn no_passive(ctx: &Ctx<'_>, source: &ApplicationSource, tx: &Transaction) -> HttpResponse {
    let status = Status { sub_code: Some(saml::NO_PASSIVE.into()), ..status(saml::RESPONDER) };
    send(ctx, source, tx, &blank(ctx, tx, status))
}

fn last(urn: &str) -> &str {
    urn.rsplit(':').next().unwrap_or(urn)
}

fn flags(response: &Response) -> Vec<String> {
    let mut flags = Vec::new();
    match &response.status.sub_code {
        Some(sub) => flags.push(format!("status={}/{}", last(&response.status.code), last(sub))),
        None => flags.push(format!("status={}", last(&response.status.code))),
    }
    if let Some(assertion) = &response.assertion {
        flags.push(format!("class={}", last(&assertion.class_ref)));
        let facts = assertion.posture.iter().flat_map(|p| &p.facts);
        flags.extend(facts.map(|(name, value)| format!("{name}={value}")));
    }
    flags.extend(response.status.message.clone());
    flags
}

fn send(ctx: &Ctx<'_>, source: &ApplicationSource, tx: &Transaction, response: &Response) -> HttpResponse {
    let key = &ctx.access.signing.by(source.signature_algorithm);
    // A failure has no assertion that could be signed in its stead.
    let sign_response = (source.sign_response || response.assertion.is_none()).then_some(key);
    let xml = match saml::write_response(response, sign_response, source.sign_assertion.then_some(key)) {
        Ok(xml) => xml,
        Err(e) => return ctx.refused(e.code, &e.detail),
    };
    let encoded = encode_post(&xml);
    ctx.outside.note(EventKind::Message {
        to: "okta".into(),
        what: "Response".into(),
        id: response.id.clone(),
        in_response_to: response.in_response_to.clone(),
        flags: flags(response),
        xml,
    });
    let mut fields = vec![("SAMLResponse", encoded.as_str())];
    fields.extend(tx.relay_state.as_deref().map(|r| ("RelayState", r)));
    pages::html(200, auto_post_page("Signing in", &tx.acs_url, &fields))
}
