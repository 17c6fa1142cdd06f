//! Endpoints: routing, the REST API with its credentials, the CRL.

use crate::ca::Ca;
use crate::engine::State;
use crate::inventory::{DeviceRecord, Journal};
use crate::{device, groups, render, saml, users};
use base64::Engine as _;
use bytes::Bytes;
use federation::{Outside, Request, Response, Time};
use http::{HeaderMap, Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Largest page of a search, and the size of one that says nothing (documented).
const PAGE_SIZE: usize = 500;

/// What a request is answered with: the state under lock and the way out.
pub struct Desk<'a> {
    pub state: &'a mut State,
    pub ca: &'a Result<Ca, String>,
    pub outside: &'a dyn Outside,
    pub now: Time,
    pub journal: &'a mut Journal,
}

/// A refusal in UEM's shape. The numbers are ours; only the shape is documented.
#[derive(Debug)]
pub struct ApiError(pub StatusCode, pub String);

pub type Answer = Result<Response, ApiError>;

pub fn answer(desk: &mut Desk, request: &Request) -> Response {
    route(desk, request).unwrap_or_else(|ApiError(status, message)| {
        let code = u32::from(status.as_u16());
        json_response(status, &json!({ "errorCode": code, "message": message }))
    })
}

fn route(desk: &mut Desk, request: &Request) -> Answer {
    let path = request.uri().path().trim_end_matches('/').to_ascii_lowercase();
    let host = host(request);
    let console = host == desk.state.settings.host;
    let enrolment = host == desk.state.settings.enrollment_host;
    let post = request.method() == Method::POST;
    let get = request.method() == Method::GET;
    match path.as_str() {
        "/enroll" if enrolment && get => {
            let mut page = respond(StatusCode::OK, "text/html; charset=utf-8", render::enrolment_page());
            if let Ok(policy) = header::HeaderValue::from_str(&wire::look::security_policy()) {
                page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
            }
            Ok(page)
        }
        "/enroll" if enrolment && post => device::enrol(desk, &body(request)?),
        "/enroll/saml" if enrolment && get => saml::start(desk),
        "/enroll/saml/acs" if enrolment && post => saml::acs(desk, request),
        "/device/profile" if (enrolment || console) && post => device::profile(desk, &body(request)?),
        "/device/checkin" if (enrolment || console) && post => device::check_in(desk, &body(request)?),
        "/crl" if console && get => Ok(respond(StatusCode::OK, "application/pkix-crl", desk.state.crl.clone())),
        api if console && api.starts_with("/api/") => {
            authorise(desk, request.headers())?;
            let query = query(request.uri().query().unwrap_or_default());
            if let Some(users) = api.strip_prefix("/api/system/users/") {
                let rest: Vec<&str> = users.split('/').collect();
                return users::route(desk.state, request.method(), &rest, || body(request), &query, desk.journal);
            }
            if let Some(groups) = api.strip_prefix("/api/system/usergroups/") {
                let rest: Vec<&str> = groups.split('/').collect();
                return groups::route(desk.state, request.method(), &rest, || body(request), &query, desk.journal);
            }
            if !get {
                return Err(ApiError(StatusCode::METHOD_NOT_ALLOWED, "only GET is offered".into()));
            }
            rest(desk.state, api, &query)
        }
        _ => Err(ApiError(StatusCode::NOT_FOUND, "no such resource".into())),
    }
}

fn rest(state: &State, path: &str, query: &BTreeMap<String, String>) -> Answer {
    let devices = path.strip_prefix("/api/mdm/devices").unwrap_or("/");
    match devices.split('/').collect::<Vec<_>>().as_slice() {
        [""] => Ok(json_response(StatusCode::OK, &render::device(state, by_alternate_id(state, query)?))),
        ["", "search"] => search(state, query),
        ["", "compliance"] => {
            Ok(json_response(StatusCode::OK, &render::compliance(state, by_alternate_id(state, query)?)))
        }
        ["", "udid", udid] => Ok(json_response(StatusCode::OK, &render::device(state, by_udid(state, udid)?))),
        ["", id] => Ok(json_response(StatusCode::OK, &render::device(state, by_id(state, id)?))),
        ["", id, "compliance"] => Ok(json_response(StatusCode::OK, &render::compliance(state, by_id(state, id)?))),
        _ => Err(ApiError(StatusCode::NOT_FOUND, "no such resource".into())),
    }
}

fn by_alternate_id<'a>(state: &'a State, query: &BTreeMap<String, String>) -> Result<&'a DeviceRecord, ApiError> {
    let id = query.get("id").map(String::as_str).unwrap_or_default();
    match query.get("searchby").map(|by| by.to_ascii_lowercase()).as_deref() {
        Some("udid") => by_udid(state, id),
        Some("deviceid") => by_id(state, id),
        _ => Err(ApiError(StatusCode::BAD_REQUEST, "searchby must be Udid or DeviceId".into())),
    }
}

/// The whole UDID counts, in either case.
fn by_udid<'a>(state: &'a State, udid: &str) -> Result<&'a DeviceRecord, ApiError> {
    state.devices.values().find(|device| device.udid.eq_ignore_ascii_case(udid)).ok_or_else(no_device)
}

fn by_id<'a>(state: &'a State, id: &str) -> Result<&'a DeviceRecord, ApiError> {
    let id: Option<u64> = id.parse().ok();
    state.devices.values().find(|device| Some(device.id) == id).ok_or_else(no_device)
}

fn no_device() -> ApiError {
    ApiError(StatusCode::NOT_FOUND, "Device not found".into())
}

/// Pages count from 0; nothing found is 204 with an empty body (documented).
fn search(state: &State, query: &BTreeMap<String, String>) -> Answer {
    let number = |name: &str, otherwise: usize| match query.get(name) {
        None => Ok(otherwise),
        Some(text) => text.parse().map_err(|_| ApiError(StatusCode::BAD_REQUEST, format!("{name} must be a number"))),
    };
    let (page, size) = (number("page", 0)?, number("pagesize", PAGE_SIZE)?.clamp(1, PAGE_SIZE));
    let is = |name: &str, have: &str| query.get(name).is_none_or(|wanted| wanted.eq_ignore_ascii_case(have));
    let found: Vec<&DeviceRecord> = state
        .devices
        .values()
        .filter(|device| {
            let username = state.user(&device.user).map_or("", |user| user.username.as_str());
            is("user", username)
                && is("platform", render::platform(device.platform()))
                && is("model", render::model(device.kind))
                && is("compliantstatus", device.compliance.name())
        })
        .collect();
    let shown: Vec<Value> =
        found.iter().skip(page.saturating_mul(size)).take(size).map(|device| render::device(state, device)).collect();
    if shown.is_empty() {
        return Ok(respond(StatusCode::NO_CONTENT, "application/json", ""));
    }
    Ok(json_response(
        StatusCode::OK,
        &json!({ "Devices": shown, "Page": page, "PageSize": size, "Total": found.len() }),
    ))
}

/// API key and Basic credentials, both compared in constant time; which one is wrong is not said to the caller.
fn authorise(desk: &mut Desk, headers: &HeaderMap) -> Result<(), ApiError> {
    let api = &desk.state.settings.api;
    let key = headers.get("aw-tenant-code").map(|v| v.as_bytes()).unwrap_or_default();
    let basic = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let basic = basic.and_then(|v| v.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let basic = basic
        .and_then(|(_, token)| base64::engine::general_purpose::STANDARD.decode(token.trim()).ok())
        .unwrap_or_default();
    let key_is_right = same(key, api.key.as_bytes());
    let admin_is_right = same(&basic, format!("{}:{}", api.admin, api.password).as_bytes());
    if key_is_right && admin_is_right {
        return Ok(());
    }
    let what = if key_is_right { "administrator" } else { "aw-tenant-code" };
    desk.journal.refused("uem/api-credential", format!("wrong {what}"));
    Err(ApiError(StatusCode::UNAUTHORIZED, "Invalid credentials or API key".into()))
}

/// Compares in a time that depends on the lengths alone. Nothing equals an empty secret.
pub fn same(given: &[u8], secret: &[u8]) -> bool {
    let differing = given.iter().zip(secret).fold(0u8, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    !secret.is_empty() && given.len() == secret.len() && differing == 0
}

fn host(request: &Request) -> String {
    let header = request.headers().get(header::HOST).and_then(|v| v.to_str().ok());
    let host = request.uri().host().or(header).unwrap_or_default();
    host.split(':').next().unwrap_or_default().to_ascii_lowercase()
}

fn body(request: &Request) -> Result<Value, ApiError> {
    serde_json::from_slice(request.body())
        .map_err(|e| ApiError(StatusCode::BAD_REQUEST, format!("body is not the JSON expected: {e}")))
}

/// Query parameters by lower-case name; the first of a name counts.
fn query(raw: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.entry(percent_decoded(name).to_ascii_lowercase()).or_insert_with(|| percent_decoded(value));
    }
    parameters
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = tail
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(if first == b'+' { b' ' } else { first }));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub fn json_response(status: StatusCode, value: &Value) -> Response {
    respond(status, "application/json", value.to_string())
}

fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, header::HeaderValue::from_static("nosniff"));
    response
}
