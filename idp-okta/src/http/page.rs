//! Pages and headers. askama escapes every value.

use askama::Template;
use bytes::Bytes;
use federation::Response;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};

#[derive(Template, Default)]
#[template(path = "page.html")]
pub struct Page {
    pub page: &'static str,
    pub title: String,
    pub class: &'static str,
    pub text: String,
    /// For whoever runs the place, below the text.
    pub reason: String,
    pub link: String,
    pub action: &'static str,
    pub transaction: String,
    pub failed: bool,
    pub username: bool,
    pub password: bool,
    pub code: bool,
    pub push: bool,
    /// What the button says.
    pub submit: &'static str,
    /// Name and address of each app that can be opened from here.
    pub tiles: Vec<(String, String)>,
    /// Leads to the person's home page.
    pub home: bool,
}

impl Page {
    pub fn new(page: &'static str, title: impl Into<String>) -> Page {
        Page { page, title: title.into(), class: "message", submit: "Next", ..Page::default() }
    }
    pub fn answer(&self, status: u16) -> Response {
        match self.render() {
            Ok(text) => html(status, text),
            Err(_) => html(500, String::new()),
        }
    }
}

pub fn html(status: u16, text: String) -> Response {
    typed(status, "text/html; charset=utf-8", text)
}

pub fn typed(status: u16, kind: &'static str, text: String) -> Response {
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&wire::look::security_policy()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

pub fn redirect(to: &str) -> Response {
    let mut response = html(303, String::new());
    if let Ok(value) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, value);
    }
    response
}

pub fn set_cookie(response: &mut Response, name: &str, value: &str) {
    let life = if value.is_empty() { "; Max-Age=0" } else { "" };
    if let Ok(value) = HeaderValue::from_str(&format!("{name}={value}; Secure; HttpOnly; SameSite=None; Path=/{life}"))
    {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
