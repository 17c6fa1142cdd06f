//! HTML answers and the headers that every answer carries.

use askama::Template;
use bytes::Bytes;
use federation::Response;
use federation::tenant::access::CustomError;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    page: &'a str,
    failed: bool,
    transaction: &'a str,
}

#[derive(Template)]
#[template(path = "mfa.html")]
struct Mfa<'a> {
    page: &'a str,
    failed: bool,
    transaction: &'a str,
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    page: &'a str,
    failed: bool,
    title: &'a str,
    message: &'a str,
    reason: &'a str,
    link_text: &'a str,
    link_url: &'a str,
}

pub fn answer(status: u16, kind: &str, body: String) -> Response {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut response, "content-type", kind);
    set(&mut response, "cache-control", "no-store");
    set(&mut response, "content-security-policy", &wire::look::security_policy());
    set(&mut response, "x-content-type-options", "nosniff");
    set(&mut response, "referrer-policy", "no-referrer");
    response
}

pub fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = http::HeaderValue::from_str(value) {
        response.headers_mut().append(name, value);
    }
}

pub fn html(status: u16, body: String) -> Response {
    answer(status, "text/html; charset=utf-8", body)
}

pub fn see_other(to: &str) -> Response {
    let mut response = answer(303, "text/plain; charset=utf-8", String::new());
    set(&mut response, "location", to);
    response
}

pub fn cookie(response: &mut Response, name: &str, value: &str) {
    let life = if value.is_empty() { "; Max-Age=0" } else { "" };
    set(response, "set-cookie", &format!("{name}={value}; Secure; HttpOnly; SameSite=None; Path=/{life}"));
}

fn rendered(status: u16, page: Result<String, askama::Error>) -> Response {
    match page {
        Ok(body) => html(status, body),
        Err(_) => answer(500, "text/plain; charset=utf-8", "this page cannot be shown".into()),
    }
}

pub fn sign_in(transaction: &str, failed: bool) -> Response {
    rendered(200, SignIn { page: "sign-in", failed, transaction }.render())
}

pub fn mfa(transaction: &str) -> Response {
    rendered(200, Mfa { page: "mfa", failed: false, transaction }.render())
}

pub fn signed_out() -> Response {
    let page = Message {
        page: "signed-out",
        failed: false,
        title: "Signed out",
        message: "You are signed out of Workspace ONE Access. Okta and apps keep sessions of their own.",
        reason: "",
        link_text: "",
        link_url: "",
    };
    let mut response = rendered(200, page.render());
    cookie(&mut response, "HZN", "");
    response
}

pub fn error(message: &str) -> Response {
    let page = Message {
        page: "error",
        failed: false,
        title: "Request failed",
        message,
        reason: "",
        link_text: "",
        link_url: "",
    };
    rendered(400, page.render())
}

/// The rule's own message first, then what happened.
pub fn denied(custom: Option<&CustomError>, reason: &str) -> Response {
    let safe = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let (message, reason) = custom.map_or((reason, ""), |c| (c.message.as_str(), reason));
    let link_url = custom.map_or("", |c| c.link_url.as_str());
    let link_url = if safe(link_url) { link_url } else { "" };
    let link_text = custom.map_or("", |c| if c.link_text.is_empty() { link_url } else { &c.link_text });
    rendered(
        403,
        Message { page: "denied", failed: false, title: "Access Denied", message, reason, link_text, link_url }
            .render(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(response: Response, expected_status: u16, expected: &[&str]) {
        assert_eq!(response.status().as_u16(), expected_status);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let body = String::from_utf8_lossy(response.body()).into_owned();
        for part in expected {
            assert!(body.contains(part), "{part} is not in {body}");
        }
    }

    #[test]
    fn pages_carry_their_names_and_escape_what_they_show() {
        let custom = CustomError {
            message: "Call <IT>".into(),
            link_text: "Help".into(),
            link_url: "https://help.test/".into(),
        };
        let parts = [
            "data-page=\"access/denied\"",
            "Call &#60;IT&#62;",
            "class=\"custom\" href=\"https://help.test/\"",
            "No way.",
        ];
        check(denied(Some(&custom), "No way."), 403, &parts);
        let unsafe_link = CustomError { link_url: "javascript:alert(1)".into(), ..custom };
        assert!(!String::from_utf8_lossy(denied(Some(&unsafe_link), "").body()).contains("javascript"));
        check(
            sign_in("t1", true),
            200,
            &["data-page=\"access/sign-in\" data-error=\"1\"", "value=\"t1\"", "name=\"username\""],
        );
        check(mfa("t1"), 200, &["data-page=\"access/mfa\"", "name=\"answer\" value=\"approve\""]);
        check(error("saml/issuer"), 400, &["data-page=\"access/error\"", "saml/issuer"]);
    }
}
