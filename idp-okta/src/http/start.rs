//! Starts of a sign-in (with or without the app's AuthnRequest) and metadata.

use super::page::typed;
use super::{Exchange, drive, issue, page};
use crate::decide::context;
use crate::state::Transaction;
use federation::tenant::SignatureAlgorithm;
use federation::{Decision, DeviceContext, Response};
use wire::form::Form;
use wire::saml::RequestCheck;

pub fn start(x: &Exchange<'_>, app: &str, post: bool) -> Response {
    let Some(sp) = x.wiring.apps.get(app) else { return x.refuse("okta/no-such-app", app) };
    let destination = sso_url(x, app);
    let trusted = x.wiring.app_keys.get(app).map(Vec::as_slice).unwrap_or_default();
    let keys = [(sp.entity_id.as_str(), trusted)];
    let check = RequestCheck {
        expected_issuer_keys: &keys,
        require_signature: false,
        floor: SignatureAlgorithm::Sha256,
        destination: &destination,
        now: x.now,
        skew_seconds: 120,
    };
    let query = x.request.uri().query().unwrap_or_default();
    let read = if post {
        Form::parse(x.request.body()).and_then(|form| {
            let Some(encoded) = form.get("SAMLRequest") else { return Ok((None, None)) };
            let request = wire::saml::read_request(&wire::form::decode_post(encoded)?, &check)?;
            Ok((Some(request), form.get("RelayState").map(str::to_owned)))
        })
    } else if form_urlencoded::parse(query.as_bytes()).any(|(key, _)| key == "SAMLRequest") {
        wire::redirect::read_request(query, &check).map(|(request, relay)| (Some(request), relay))
    } else {
        Ok((None, None))
    };
    let (request, relay_state) = match read {
        Ok(read) => read,
        Err(refusal) => return x.refuse(refusal.code, &refusal.detail),
    };
    if let Some(acs) = request.as_ref().and_then(|r| r.acs_url.as_ref()).filter(|acs| **acs != sp.acs_url) {
        return x.refuse("saml/acs-unregistered", acs);
    }
    let asked = request.as_ref().map(|request| (request.is_passive, request.force_authn)).unwrap_or_default();
    let context = request.as_ref().and_then(|request| request.requested_context.clone());
    let tx = Transaction {
        id: x.outside.fresh_id("transaction"),
        browser: x.browser(),
        moved: x.now,
        app: app.into(),
        // The app wants her authenticated anew; Okta honours that by default (*Honor Force Authentication*).
        ignore_session: asked.1,
        passive: asked.0,
        request: request.map(|request| request.id.clone()),
        relay_state,
        login: None,
        fresh: None,
        trust: DeviceContext::Unknown,
        local_only: false,
        factor: None,
        failures: 0,
        empty: false,
        pending: None,
    };
    if let Some(context) = context {
        let decision = Decision::of(|why| context::satisfied(&context.comparison, &context.class_refs, why));
        if !decision.verdict {
            x.decided("refuse the context that the app asks for", decision.because);
            return issue::fail(x, &tx, wire::saml::NO_AUTHN_CONTEXT);
        }
    }
    drive::drive(x, tx)
}

fn sso_url(x: &Exchange<'_>, app: &str) -> String {
    format!("https://{}/app/{app}/sso/saml", x.settings.host)
}

pub fn app_metadata(x: &Exchange<'_>, app: &str) -> Response {
    let keys = vec![x.wiring.signing.certificate().to_vec()];
    let entity_id = format!("http://www.okta.com/{app}");
    let metadata = wire::metadata::IdpMetadata { entity_id, sso_url: sso_url(x, app), keys };
    typed(200, "application/samlmetadata+xml", wire::metadata::write_idp(&metadata))
}

pub fn sp_metadata(x: &Exchange<'_>, id: &str) -> Response {
    let Some(idp) = x.settings.identity_providers.iter().find(|idp| idp.id == id) else {
        return page::Page::new("okta/error", "Not found").answer(404);
    };
    let keys = vec![x.wiring.signing.certificate().to_vec()];
    let acs_urls = vec![crate::acs_url(&x.settings.host, idp)];
    let metadata = wire::metadata::SpMetadata { entity_id: crate::sp_entity_id(idp), acs_urls, keys };
    typed(200, "application/samlmetadata+xml", wire::metadata::write_sp(&metadata))
}
