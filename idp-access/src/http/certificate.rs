//! The certificate legs, a host for each method: judges the device certificate that TLS proved possession of, at our time.

use super::{Ctx, pages};
use crate::decide::person::{self, CertificateNames, Found, PersonKey};
use crate::state::{Shown, Transaction};
use federation::tenant::access::{AuthMethod, CertificateMethod};
use federation::{Decision, Finding, Peer, Response, Why};
use wire::Refusal;
use wire::certificate::{CertificateFacts, verify_device_certificate};

const CRL_PATIENCE_MS: u64 = 10_000;

/// `leg`: the method whose host was called.
pub async fn show(ctx: &Ctx<'_>, leg: AuthMethod) -> Response {
    let id = ctx.query("transaction").unwrap_or_default();
    let Some(mut tx) = ctx.access.state.take(&id, ctx.now()) else {
        return ctx.unsaved();
    };
    let Some(method) = tx.asked.filter(|m| *m == leg) else {
        ctx.access.state.put(tx);
        return ctx.unsaved();
    };
    let settings = method_settings(ctx, method);
    let checked = check(ctx, &settings).await;
    let result = judge(ctx, method, &settings, checked);
    // The ticket goes to this browser only: nobody else's transaction gains from a certificate shown here.
    let ticket = ctx.outside.fresh_id("certificate-ticket");
    tx.shown = Some(Shown { ticket: ticket.clone(), result });
    ctx.access.state.put(tx);
    pages::see_other(&ctx.url(&format!("/SAAS/auth/continue?transaction={id}&ticket={ticket}")))
}

fn method_settings(ctx: &Ctx<'_>, method: AuthMethod) -> CertificateMethod {
    let methods = &ctx.settings.methods;
    match method {
        AuthMethod::MobileSsoIos => methods.mobile_sso_ios.clone(),
        AuthMethod::MobileSsoAndroid => methods.mobile_sso_android.clone(),
        _ => methods.certificate.clone(),
    }
}

async fn check(ctx: &Ctx<'_>, settings: &CertificateMethod) -> Result<CertificateFacts, Refusal> {
    let chain = ctx.request.extensions().get::<Peer>().map(|p| p.certificates.clone()).unwrap_or_default();
    let mut crls = Vec::new();
    if settings.check_revocation && !chain.is_empty() {
        crls.push(crl(ctx).await?);
    }
    verify_device_certificate(&chain, &ctx.access.device_ca, &crls, ctx.now())
}

/// The CRL; where it cannot be had the certificate is not accepted.
async fn crl(ctx: &Ctx<'_>) -> Result<Vec<u8>, Refusal> {
    let lost = |why: String| Refusal::new("certificate/crl-unavailable", why);
    let url = ctx.access.crl_url.as_deref().ok_or_else(|| lost("no CRL address is set".into()))?;
    let request = http::Request::get(url).body(bytes::Bytes::new()).map_err(|e| lost(e.to_string()))?;
    let response = ctx.outside.call(request, CRL_PATIENCE_MS).await.map_err(|e| lost(e.to_string()))?;
    if response.status() != http::StatusCode::OK {
        return Err(lost(format!("HTTP {}", response.status().as_u16())));
    }
    Ok(response.body().to_vec())
}

fn names(facts: &CertificateFacts) -> CertificateNames {
    CertificateNames {
        cn: facts.subject_cn.clone(),
        uid: facts.subject_uid.clone(),
        upn: facts.upn.first().cloned(),
        email: facts.emails.first().cloned(),
        uris: facts.uris.clone(),
    }
}

fn failure_text(method: AuthMethod, found: Option<&Found>) -> &'static str {
    match (found, method) {
        (Some(Found::NoIdentityProvider), _) => "IDP not found",
        (Some(_), _) => "The certificate names no person of this tenant.",
        (None, AuthMethod::MobileSsoIos) => super::answer::KERBEROS,
        (None, _) => "Certificate authentication failed or was canceled by the user.",
    }
}

type Judged = Result<(PersonKey, Option<String>), String>;

fn judge(
    ctx: &Ctx<'_>,
    method: AuthMethod,
    settings: &CertificateMethod,
    checked: Result<CertificateFacts, Refusal>,
) -> Judged {
    let mut found = None;
    let refusal = checked.as_ref().err().cloned();
    let decision: Decision<Judged> = Decision::of(|why| {
        let facts = match checked {
            Ok(facts) => facts,
            Err(e) => {
                why.note(|| Finding::new(e.code).rule(method.path()).saw(e.detail));
                return Err(failure_text(method, None).into());
            }
        };
        // One certificate, one person: of two names in one place neither counts.
        if facts.upn.len() > 1 || facts.emails.len() > 1 {
            let saw = [facts.upn, facts.emails].concat().join(", ");
            why.note(|| Finding::new("person/ambiguous").rule("access.directories").saw(saw));
            found = Some(Found::Several);
            return Err(failure_text(method, Some(&Found::Several)).into());
        }
        let names = names(&facts);
        let people = ctx.people();
        let by = person::by_certificate(&ctx.settings, &people, method, &settings.identifiers, &names, ctx.ip(), why);
        let result = match &by {
            Found::Person(key) => {
                why.note(|| Finding::new("managed/by-certificate").saw(method.name()));
                Ok((key.clone(), person::udid(&names, ctx.settings.assumptions.udid_location, why)))
            }
            other => Err(failure_text(method, Some(other)).into()),
        };
        found = Some(by);
        result
    });
    let verdict = decision
        .verdict
        .as_ref()
        .map_or_else(|text| format!("refuse: {text}"), |(key, _)| format!("person {}", key.user));
    if let Some(refusal) = refusal {
        ctx.log("LOGIN_ERROR", "FAILURE", "", method.name(), &refusal.to_string());
    }
    if found == Some(Found::NoIdentityProvider) {
        ctx.log("LOGIN_ERROR", "FAILURE", "", method.name(), "IDP not found");
    }
    ctx.told(verdict, decision)
}

/// Takes what the certificate host found into the transaction, for the browser that brings the ticket.
pub fn settle(ctx: &Ctx<'_>, tx: &mut Transaction, ticket: &str) -> bool {
    let (Some(shown), Some(method)) = (tx.shown.take_if(|s| s.ticket == ticket), tx.asked) else {
        return false;
    };
    tx.asked = None;
    match shown.result {
        Ok((key, udid)) if ctx.takes(tx, &key) => {
            tx.udid = udid.or(tx.udid.take());
            tx.pass(method);
        }
        Ok(_) => tx.fail(method, "The certificate is another person's."),
        Err(text) => tx.fail(method, text),
    }
    true
}
