//! What the target's answer means, and when another try follows.

use federation::tenant::scim_client::ServerError;
use federation::{CallError, Finding, Why};
use serde_json::{Map, Value};
use std::time::Duration;

/// As many tries as there are in all, the first included.
const MOST_ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_secs(300);

/// An answer, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It was done; the body, empty where there is none.
    Done(Map<String, Value>),
    /// There is no such thing.
    NotThere(String),
    /// Another try follows, after so many seconds where the target says how many.
    Later { cause: String, after: Option<u64> },
    /// The cause, as the error panel has it.
    Failed(String),
}

/// An answer as it came.
pub struct Came<'a> {
    pub status: u16,
    pub reason: &'a str,
    /// `Retry-After` in seconds; a date is not read.
    pub retry_after: Option<u64>,
    pub body: &'a [u8],
}

/// The words of an error body: `Errors` of SCIM 1.1, `errors` of Access, `detail` of SCIM 2.0.
fn said(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let list = body.get("Errors").or_else(|| body.get("errors")).and_then(Value::as_array);
    let first = list.and_then(|l| l.first());
    let text = first.and_then(|e| e.get("description").or_else(|| e.get("message"))).or_else(|| body.get("detail"));
    Some(text?.as_str()?.to_string())
}

pub fn read(how: ServerError, came: Result<Came<'_>, &CallError>, why: &mut impl Why) -> Answer {
    let came = match came {
        Ok(came) => came,
        Err(e) => {
            why.note(|| Finding::new("provisioning/no-answer").saw(e.to_string()));
            return unwell(how, format!("The remote server could not be reached: {e}"), why);
        }
    };
    let reported =
        || format!("Errors reported by remote server: {}", said(came.body).unwrap_or_else(|| came.reason.into()));
    match came.status {
        204 => Answer::Done(Map::new()),
        200..=299 if came.body.is_empty() => Answer::Done(Map::new()),
        200..=299 => match serde_json::from_slice(came.body) {
            Ok(Value::Object(body)) => Answer::Done(body),
            _ => Answer::Failed("Errors reported by remote server: Invalid JSON".into()),
        },
        404 => Answer::NotThere(reported()),
        429 => {
            why.note(|| Finding::new("provisioning/too-many-requests"));
            Answer::Later { cause: reported(), after: came.retry_after }
        }
        500.. => unwell(how, reported(), why),
        status => {
            why.note(|| Finding::new("provisioning/refused").saw(format!("{status}")));
            Answer::Failed(reported())
        }
    }
}

fn unwell(how: ServerError, cause: String, why: &mut impl Why) -> Answer {
    why.note(|| Finding::new("assumes/scim-server-error").rule("okta.assumptions.provisioning.server_error"));
    match how {
        ServerError::WaitsForRetry => Answer::Failed(cause),
        ServerError::TriesAgain => Answer::Later { cause, after: None },
    }
}

/// How long until the next try, after so many; none where these were enough.
pub fn pause(attempts: u32, after: Option<u64>) -> Option<Duration> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << attempts.saturating_sub(1).min(MOST_ATTEMPTS));
    Some(after.map_or(doubled, Duration::from_secs))
}
