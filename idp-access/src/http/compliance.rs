//! Device Compliance: asks UEM about the device that the certificate names.

use super::Ctx;
use crate::decide::compliance::{self, Answer, Verdict};
use crate::decide::person::{self, PersonKey};
use crate::state::Transaction;
use federation::Decision;
use federation::tenant::access::{AuthMethod, UemIntegration, User};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Device {
    #[serde(default)]
    udid: String,
    enrollment_status: String,
    compliance_status: String,
    #[serde(default)]
    user_name: String,
    #[serde(default)]
    compliance_summary: serde_json::Value,
}

/// Names of the policies that the record calls broken; a record without them is a record all the same.
fn broken_policies(summary: &serde_json::Value) -> Vec<String> {
    let policies = summary.get("DeviceCompliance").and_then(|v| v.as_array()).map(Vec::as_slice).unwrap_or_default();
    let broken = policies.iter().filter(|p| p.get("CompliantStatus").and_then(|v| v.as_bool()) == Some(false));
    broken.filter_map(|p| Some(p.get("PolicyName")?.as_str()?.to_string())).collect()
}

pub async fn ask(ctx: &Ctx<'_>, tx: &mut Transaction, udid: Option<&str>, who: Option<&PersonKey>) {
    let user = who.and_then(|key| person::user(&ctx.people(), key));
    let integration = ctx.settings.uem.as_ref().filter(|u| u.device_compliance_check);
    let (answer, broken) = match (integration, udid, user) {
        (None, ..) => (Answer::NotConfigured, Vec::new()),
        (_, None, _) | (_, _, None) => (Answer::NoUdid, Vec::new()),
        (Some(uem), Some(udid), Some(user)) => gather(ctx, uem, udid, &user).await,
    };
    let pending = ctx.settings.assumptions.compliance_pending;
    match ctx.decided(Decision::of(|why| compliance::decide(pending, &answer, why))) {
        Verdict::Pass => tx.pass(AuthMethod::DeviceCompliance),
        Verdict::Fail => tx.fail(AuthMethod::DeviceCompliance, message(&answer, &broken)),
    }
}

async fn gather(ctx: &Ctx<'_>, uem: &UemIntegration, udid: &str, user: &User) -> (Answer, Vec<String>) {
    let id: String = form_urlencoded::byte_serialize(udid.as_bytes()).collect();
    let basic = wire::form::encode_post(&format!("{}:{}", uem.admin, uem.password));
    let request = http::Request::get(format!("https://{}/api/mdm/devices?searchby=Udid&id={id}", uem.host))
        .header("aw-tenant-code", &uem.api_key)
        .header("authorization", format!("Basic {basic}"))
        .header("accept", "application/json;version=1")
        .body(bytes::Bytes::new());
    let request = match request {
        Ok(request) => request,
        Err(e) => return (Answer::Error(e.to_string()), Vec::new()),
    };
    match ctx.outside.call(request, uem.timeout_ms).await {
        Err(e) => (Answer::Unreachable(e.to_string()), Vec::new()),
        Ok(response) => read(response.status().as_u16(), response.body(), udid, user),
    }
}

fn read(status: u16, body: &[u8], udid: &str, user: &User) -> (Answer, Vec<String>) {
    let error = |text: String| (Answer::Error(text), Vec::new());
    match status {
        200 => {}
        404 => return (Answer::NotFound, Vec::new()),
        other => return error(format!("HTTP {other}")),
    }
    let device: Device = match serde_json::from_slice(body) {
        Ok(device) => device,
        Err(_) => return error("the answer is no device record".into()),
    };
    if !device.udid.eq_ignore_ascii_case(udid) {
        return error("the answer is about another device".into());
    }
    let broken = broken_policies(&device.compliance_summary);
    let answer = Answer::Device {
        enrolled: device.enrollment_status == "Enrolled",
        enrollment: device.enrollment_status,
        compliance: device.compliance_status,
        owner_is_person: person::owns(user, &device.user_name),
        owner: device.user_name,
    };
    (answer, broken)
}

fn message(answer: &Answer, broken: &[String]) -> String {
    match answer {
        Answer::Device { owner_is_person: true, enrolled: true, compliance, .. } if compliance == "NonCompliant" => {
            let policies = if broken.is_empty() {
                String::new()
            } else {
                format!(" Broken compliance policies: {}.", broken.join(", "))
            };
            format!("Access Denied. Your device is not compliant.{policies}")
        }
        Answer::Device { owner_is_person: true, enrolled: true, .. } => {
            "Access Denied. Your device's compliance is not known yet.".into()
        }
        Answer::Device { owner_is_person: false, .. } => {
            "Access Denied. This device is enrolled by another person.".into()
        }
        Answer::Device { .. } | Answer::NotFound | Answer::NoUdid => {
            "Access Denied. Your device is not enrolled.".into()
        }
        Answer::Unreachable(_) | Answer::Error(_) | Answer::NotConfigured => {
            "Access Denied. Your device's compliance cannot be checked now.".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[track_caller]
    fn check(status: u16, body: &str, expected: &str) {
        let access = fixtures::access();
        let (answer, broken) = read(status, body.as_bytes(), "abc", &access.directories[0].users[0]);
        assert_eq!(message(&answer, &broken), format!("Access Denied. {expected}"), "{answer:?}");
    }

    #[test]
    fn what_uem_says_is_what_the_person_reads() {
        let broken = r#"{"Udid": "ABC", "EnrollmentStatus": "Enrolled", "ComplianceStatus": "NonCompliant", "UserName": "alice",
            "ComplianceSummary": {"DeviceCompliance": [{"CompliantStatus": false, "PolicyName": "Passcode"}, {"CompliantStatus": true, "PolicyName": "OS"}]}}"#;
        check(200, broken, "Your device is not compliant. Broken compliance policies: Passcode.");
        check(200, &broken.replace("alice", "bob"), "This device is enrolled by another person.");
        check(200, &broken.replace("ABC", "def"), "Your device's compliance cannot be checked now.");
        check(200, "<html>", "Your device's compliance cannot be checked now.");
        check(500, broken, "Your device's compliance cannot be checked now.");
        check(404, "{}", "Your device is not enrolled.");
    }
}
