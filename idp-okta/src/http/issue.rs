//! The assertion for an app: signed response and assertion, five minutes, and the attributes it asks for.

use super::Exchange;
use super::page::html;
use crate::state::Transaction;
use federation::tenant::okta::{App, User};
use federation::{DeviceContext, EventKind, Response};
use std::time::Duration;
use wire::saml::{self, Assertion, NAMEID_UNSPECIFIED, Status};

pub fn issue(x: &Exchange<'_>, tx: &Transaction, app: &App, user: &User, device: DeviceContext) -> Response {
    let Some(sp) = x.wiring.apps.get(&app.name) else { return x.refuse("okta/no-such-app", &app.name) };
    let issuer = format!("http://www.okta.com/{}", app.name);
    let until = x.now + Duration::from_secs(300);
    let id = format!("id{}", x.outside.fresh_id("response"));
    let assertion = Assertion {
        id: format!("id{}", x.outside.fresh_id("assertion")),
        issuer: issuer.clone(),
        issue_instant: x.now,
        name_id: user.login.clone(),
        name_id_format: NAMEID_UNSPECIFIED.into(),
        name_qualifier: None,
        recipient: sp.acs_url.clone(),
        in_response_to: tx.request.clone(),
        confirmation_not_on_or_after: until,
        not_before: x.now,
        not_on_or_after: until,
        audience: sp.entity_id.clone(),
        authn_instant: x.now,
        session_index: format!("id{}", x.outside.fresh_id("session-index")),
        session_not_on_or_after: None,
        class_ref: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".into(),
        posture: None,
        attributes: attributes(app, user, device),
    };
    let response = saml::Response {
        id: id.clone(),
        in_response_to: tx.request.clone(),
        destination: Some(sp.acs_url.clone()),
        issuer,
        issue_instant: x.now,
        status: Status { code: saml::SUCCESS.into(), sub_code: None, message: None, detail: None },
        assertion: Some(assertion),
    };
    let key = Some(&x.wiring.signing);
    let xml = match saml::write_response(&response, key, key) {
        Ok(xml) => xml,
        Err(refusal) => return x.refuse(refusal.code, &refusal.detail),
    };
    x.log("user.authentication.sso", "SUCCESS", &user.login, &app.name, "");
    x.outside.note(EventKind::Message {
        to: app.name.clone(),
        what: "Response".into(),
        id,
        in_response_to: tx.request.clone(),
        flags: vec![format!("device.trusted={device}")],
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
