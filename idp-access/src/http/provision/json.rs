//! JSON answers: bodies, errors of each interface, and what a refusal tells the caller.

use super::gate::Face;
use crate::decide::scim::fault::Fault;
use crate::http::pages;
use federation::Response;
use serde_json::Value;
use wire::scim::{MEDIA_TYPE, message};

pub fn json(status: u16, kind: &str, body: &Value) -> Response {
    pages::answer(status, kind, body.to_string())
}

pub fn no_content() -> Response {
    let mut response = pages::answer(204, "application/json", String::new());
    response.headers_mut().remove(http::header::CONTENT_TYPE);
    response
}

/// Codes of the classic error body. Only `forbidden` is published; the others follow its manner.
fn classic_code(status: u16) -> &'static str {
    match status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "notfound",
        405 => "methodnotallowed",
        409 => "conflict",
        412 => "preconditionfailed",
        415 => "unsupportedmediatype",
        500 => "internalservererror",
        501 => "notimplemented",
        _ => "badrequest",
    }
}

pub fn error(face: Face, status: u16, scim_type: Option<&str>, text: &str) -> Response {
    match face {
        Face::Newer => json(status, MEDIA_TYPE, &message::error(status, scim_type, text)),
        Face::Classic | Face::Manager => {
            json(status, "application/json", &message::classic_error(classic_code(status), text))
        }
    }
}

pub fn fault(face: Face, fault: &Fault) -> Response {
    // Documented: the classic interface answers 404 to a bad sortBy, count or startIndex.
    let status = match (face, fault) {
        (Face::Classic, Fault::ListParameter(_)) => 404,
        _ => fault.status(),
    };
    error(face, status, fault.scim_type(), &fault.to_string())
}

pub fn not_allowed(face: Face, method: &str, allowed: &str) -> Response {
    let mut response = error(face, 405, None, &format!("{method} is not allowed here: {allowed}"));
    pages::set(&mut response, "allow", allowed);
    response
}
