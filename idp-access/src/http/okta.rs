//! Okta as Access's identity provider: here Access is the service provider.

use super::drive::drive;
use super::{Ctx, pages, prompts};
use crate::decide::person::{self, Found};
use crate::people::Named;
use crate::state::Transaction;
use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::AuthMethod;
use federation::{Decision, EventKind, Response};
use wire::Refusal;
use wire::form::{Form, decode_post};
use wire::saml::{self, AuthnRequest, MustSign, ResponseCheck};

const ACS: &str = "/SAAS/auth/saml/response";

/// Sends the browser to Okta with a request that the transaction remembers.
pub fn redirect(ctx: &Ctx<'_>, tx: &mut Transaction) -> Response {
    let Some((idp, _)) = &ctx.okta.idp else {
        return ctx.refused("method/no-identity-provider", "Okta's metadata was never pasted");
    };
    let request = AuthnRequest {
        id: format!("_{}", ctx.outside.fresh_id("okta-request")),
        issue_instant: ctx.now(),
        destination: Some(idp.sso_url.clone()),
        issuer: ctx.sp_entity_id(),
        acs_url: Some(ctx.url(ACS)),
        force_authn: false,
        is_passive: false,
        name_id_format: Some(saml::NAMEID_UNSPECIFIED.into()),
        subject: None,
        requested_context: None,
    };
    let key = Some(&ctx.access.signing);
    let written = saml::write_request(&request, None)
        .and_then(|xml| Ok((wire::redirect::request_url(&idp.sso_url, &xml, Some(&tx.id), key)?, xml)));
    let (url, xml) = match written {
        Ok(written) => written,
        Err(e) => return ctx.refused(e.code, &e.detail),
    };
    ctx.outside.note(EventKind::Message {
        to: "okta".into(),
        what: "AuthnRequest".into(),
        id: request.id.clone(),
        in_response_to: None,
        flags: vec!["ForceAuthn=false".into()],
        xml,
    });
    tx.okta_request = Some(request.id);
    pages::see_other(&url)
}

fn read(ctx: &Ctx<'_>, tx: &Transaction, form: &Form) -> Result<Option<String>, Refusal> {
    let (idp, keys) =
        ctx.okta.idp.as_ref().ok_or_else(|| Refusal::new("saml/unknown-issuer", "Okta's metadata was never pasted"))?;
    let acs = ctx.url(ACS);
    let audience = ctx.sp_entity_id();
    let check = ResponseCheck {
        issuer: &idp.entity_id,
        keys,
        must_sign: MustSign::Any,
        floor: SignatureAlgorithm::Sha256,
        audience: &audience,
        acs_url: &acs,
        in_response_to: tx.okta_request.as_deref(),
        now: ctx.now(),
        skew_seconds: 60,
    };
    let message = form.get("SAMLResponse").ok_or_else(|| Refusal::new("saml/missing", "no SAMLResponse"))?;
    let response = saml::read_response(&decode_post(message)?, &check)?;
    let Some(assertion) = &response.assertion else {
        return Ok(None);
    };
    match ctx.outside.once(
        "access-assertions",
        &format!("{} {}", idp.entity_id, assertion.id),
        assertion.end() + USED_LONGER,
    ) {
        Ok(true) => Ok(Some(assertion.name_id.clone())),
        Ok(false) => Err(Refusal::new("saml/replayed", assertion.id.clone())),
        Err(e) => Err(Refusal::new("saml/replay-unknown", e.to_string())),
    }
}

const USED_LONGER: std::time::Duration = std::time::Duration::from_secs(600);

pub async fn response(ctx: &Ctx<'_>) -> Response {
    let form = match Form::parse(ctx.request.body()) {
        Ok(form) => form,
        Err(e) => return ctx.refused(e.code, &e.detail),
    };
    let Some(mut tx) = prompts::owned(ctx, &ctx.cookie("EUC_XTX").unwrap_or_default()) else {
        return ctx.unsaved();
    };
    if tx.asked != Some(AuthMethod::OktaAuthMethod) || tx.okta_request.is_none() {
        ctx.access.state.put(tx);
        return ctx.unsaved();
    }
    let name = match read(ctx, &tx, &form) {
        Ok(name) => name,
        Err(e) => {
            ctx.access.state.put(tx);
            return ctx.refused(e.code, &e.detail);
        }
    };
    tx.asked = None;
    tx.okta_request = None;
    let Some(name) = name else {
        tx.fail(AuthMethod::OktaAuthMethod, "Okta did not sign the person in.");
        return drive(ctx, tx).await;
    };
    let named = Named::Login(&name);
    let decision = Decision::of(|why| {
        person::find(&ctx.settings, &ctx.people(), AuthMethod::OktaAuthMethod, ctx.ip(), named, why)
    });
    match ctx.decided(decision) {
        Found::Person(key) if ctx.takes(&mut tx, &key) => tx.pass(AuthMethod::OktaAuthMethod),
        _ => tx.fail(AuthMethod::OktaAuthMethod, "Okta named nobody of this tenant."),
    }
    drive(ctx, tx).await
}
