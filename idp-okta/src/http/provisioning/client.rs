//! Okta's SCIM client on the wire: addresses, headers, patience.

use crate::decide::provisioning::answer::{self, Answer, Came};
use bytes::Bytes;
use federation::tenant::scim_client::{ScimVersion, ServerError, WorkspaceOneApp};
use federation::{Finding, Outside};
use http::header;
use serde_json::Value;

/// The server must have answered by then (documented).
const PATIENCE_MS: u64 = 60_000;

pub struct Client<'a> {
    pub outside: &'a dyn Outside,
    pub app: &'a WorkspaceOneApp,
    pub token: &'a str,
    pub server_error: ServerError,
}

/// As Okta writes a filter: everything but letters, digits and `-._~` escaped.
pub fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

impl Client<'_> {
    pub fn version(&self) -> ScimVersion {
        self.app.protocol
    }

    fn url(&self, path: &str) -> String {
        let base = &self.app.base_url;
        match self.version() {
            ScimVersion::V11 => format!("{base}/SAAS/jersey/manager/api/scim{path}"),
            ScimVersion::V20 => {
                let host = base.split_once("://").map_or(base.as_str(), |(_, rest)| rest);
                let tenant = host.split('.').next().unwrap_or_default();
                format!("{base}/usergroup/t/{tenant}/scim/v2{path}")
            }
        }
    }

    /// One exchange; what it means goes to `why`.
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>, why: &mut Vec<Finding>) -> Answer {
        let media = match self.version() {
            ScimVersion::V11 => "application/json",
            ScimVersion::V20 => "application/scim+json",
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(self.url(path))
            .header(header::USER_AGENT, "Okta SCIM Client 1.0.0")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::ACCEPT, media);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, format!("{media}; charset=utf-8"));
        }
        let text = body.map(|b| Bytes::from(b.to_string())).unwrap_or_default();
        let request = match request.body(text) {
            Ok(request) => request,
            Err(e) => return Answer::Failed(format!("The request cannot be written: {e}")),
        };
        let came = self.outside.call(request, PATIENCE_MS).await;
        let read = came.as_ref().map(|response| Came {
            status: response.status().as_u16(),
            reason: response.status().canonical_reason().unwrap_or("an error without words"),
            retry_after: retry_after(response),
            body: response.body(),
        });
        answer::read(self.server_error, read, why)
    }

    pub async fn get(&self, path: &str, why: &mut Vec<Finding>) -> Answer {
        self.send("GET", path, None, why).await
    }
}

fn retry_after(response: &federation::Response) -> Option<u64> {
    response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}
