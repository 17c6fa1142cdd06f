//! The assertion for an app: signed response and assertion, five minutes, and the attributes it asks for.

use super::Exchange;
use super::page::html;
use crate::AppSp;
use crate::decide::context;
use crate::state::Transaction;
use federation::tenant::okta::{App, User};
use federation::{DeviceContext, EventKind, Response};
use std::time::Duration;
use wire::saml::{self, Assertion, NAMEID_UNSPECIFIED};

pub fn issue(x: &Exchange<'_>, tx: &Transaction, app: &App, user: &User, device: DeviceContext) -> Response {
    let Some(sp) = x.wiring.apps.get(&app.name) else { return x.refuse("okta/no-such-app", &app.name) };
    let until = x.now + Duration::from_secs(300);
    let assertion = Assertion {
        id: format!("id{}", x.outside.fresh_id("assertion")),
        issuer: issuer(&app.name),
        issue_instant: x.now,
        name_id: user.login.clone(),
        name_id_format: NAMEID_UNSPECIFIED.into(),
        name_qualifier: None,
        recipient: sp.acs_url.clone(),
        in_response_to: tx.request.clone(),
        confirmation_not_on_or_after: until,
        not_before: Some(x.now),
        not_on_or_after: Some(until),
        audience: sp.entity_id.clone(),
        authn_instant: x.now,
        session_index: format!("id{}", x.outside.fresh_id("session-index")),
        session_not_on_or_after: None,
        class_ref: context::CLASS.into(),
        posture: None,
        attributes: attributes(app, user, device),
    };
    let success = saml::Status::success();
    x.log("user.authentication.sso", "SUCCESS", &user.login, &app.name, "");
    send(x, tx, sp, answer(x, tx, sp, success, Some(assertion)), vec![format!("device.trusted={device}")])
}

/// No assertion, and why not: `status` stands below *Responder*.
pub fn fail(x: &Exchange<'_>, tx: &Transaction, status: &str) -> Response {
    let Some(sp) = x.wiring.apps.get(&tx.app) else { return x.refuse("okta/no-such-app", &tx.app) };
    let last = status.rsplit(':').next().unwrap_or(status);
    x.log("user.authentication.sso", "FAILURE", "", &tx.app, last);
    let failure =
        saml::Status { code: saml::RESPONDER.into(), sub_code: Some(status.into()), message: None, detail: None };
    send(x, tx, sp, answer(x, tx, sp, failure, None), vec![format!("status=Responder/{last}")])
}

fn answer(
    x: &Exchange<'_>,
    tx: &Transaction,
    sp: &AppSp,
    status: saml::Status,
    assertion: Option<Assertion>,
) -> saml::Response {
    saml::Response {
        id: format!("id{}", x.outside.fresh_id("response")),
        in_response_to: tx.request.clone(),
        destination: Some(sp.acs_url.clone()),
        issuer: issuer(&tx.app),
        issue_instant: x.now,
        status,
        assertion,
    }
}

fn issuer(app: &str) -> String {
    format!("http://www.okta.com/{app}")
}

/// Signed as a whole, and the assertion once more.
fn send(x: &Exchange<'_>, tx: &Transaction, sp: &AppSp, response: saml::Response, flags: Vec<String>) -> Response {
    let key = Some(&x.wiring.signing);
    let xml = match saml::write_response(&response, key, key.filter(|_| response.assertion.is_some())) {
        Ok(xml) => xml,
        Err(refusal) => return x.refuse(refusal.code, &refusal.detail),
    };
    x.outside.note(EventKind::Message {
        to: tx.app.clone(),
        what: "Response".into(),
        id: response.id,
        in_response_to: response.in_response_to,
        flags,
        xml: xml.clone(),
    });
    let encoded = wire::form::encode_post(&xml);
    let mut fields = vec![("SAMLResponse", encoded.as_str())];
    fields.extend(tx.relay_state.as_deref().map(|relay| ("RelayState", relay)));
    html(200, wire::form::auto_post_page("Signing in", &sp.acs_url, &fields))
}

fn attributes(app: &App, user: &User, device: DeviceContext) -> Vec<(String, Vec<String>)> {
    let value = |expression: &str| match expression {
        "device.trusted" => Some(device.to_string()),
        "user.login" => Some(user.login.clone()),
        "user.email" => Some(user.email.clone()),
        other => user.attributes.get(other.strip_prefix("user.")?).cloned(),
    };
    let statements = app.attribute_statements.iter();
    statements.filter_map(|(name, expression)| Some((name.clone(), vec![value(expression)?]))).collect()
}
