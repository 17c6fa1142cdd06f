//! The verdict on what UEM answered. Everything but a clear yes fails closed.

use federation::tenant::access::Pending;
use federation::{Finding, Why};

/// UEM's answer about one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Device {
        enrolled: bool,
        enrollment: String,
        compliance: String,
        owner: String,
        owner_is_person: bool,
    },
    NotFound,
    /// The certificate names no device.
    NoUdid,
    Unreachable(String),
    Error(String),
    /// No integration, or *Device Compliance Check* is off.
    NotConfigured,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pass,
    Fail,
}

pub fn decide(pending: Pending, answer: &Answer, why: &mut impl Why) -> Verdict {
    let code = match answer {
        Answer::Device { owner_is_person: false, .. } | Answer::NotFound | Answer::NoUdid => {
            "compliance/unknown-device"
        }
        Answer::Device { enrolled: false, .. } => "compliance/not-enrolled",
        Answer::Device { compliance, .. } => match compliance.as_str() {
            "Compliant" => "compliance/compliant",
            "NonCompliant" => "compliance/not-compliant",
            "PendingComplianceCheck" | "PendingComplianceCheckForAPolicy" | "NotAvailable" | "Unknown" => {
                "compliance/pending"
            }
            _ => "compliance/uem-error",
        },
        Answer::Unreachable(_) => "compliance/uem-unreachable",
        Answer::Error(_) => "compliance/uem-error",
        Answer::NotConfigured => "compliance/check-off",
    };
    let setting = match answer {
        Answer::NotConfigured => "access.uem.device_compliance_check",
        _ => "access.uem",
    };
    why.note(|| Finding::new(code).rule(setting).saw(saw(answer)).wanted("enrolled, compliant, of this person"));
    if code == "compliance/pending" {
        why.note(|| Finding::new("assumes/compliance-pending").rule("access.assumptions.compliance_pending"));
    }
    match code {
        "compliance/compliant" => Verdict::Pass,
        "compliance/pending" if pending == Pending::Pass => Verdict::Pass,
        _ => Verdict::Fail,
    }
}

fn saw(answer: &Answer) -> String {
    match answer {
        Answer::Device { enrollment, compliance, owner, .. } => {
            format!("{}, {}, of {owner}", plain(enrollment), plain(compliance))
        }
        Answer::NotFound => "UEM knows no such device".into(),
        Answer::NoUdid => "the certificate names no device".into(),
        Answer::Unreachable(e) | Answer::Error(e) => e.clone(),
        Answer::NotConfigured => "Device Compliance Check is off".into(),
    }
}

/// UEM's words as scenarios write them; a word that UEM's interface does not have stays as it came.
fn plain(word: &str) -> &str {
    match word {
        "Enrolled" => "enrolled",
        "Unenrolled" => "unenrolled",
        "EnterpriseWipePending" => "wipe-pending",
        "Compliant" => "compliant",
        "NonCompliant" => "non-compliant",
        "PendingComplianceCheck" | "PendingComplianceCheckForAPolicy" => "pending",
        "NotAvailable" => "not-available",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use federation::Decision;

    fn device(enrollment: &str, compliance: &str, owner_is_person: bool) -> Answer {
        let (enrolled, owner) = (enrollment == "Enrolled", "alice".to_string());
        Answer::Device {
            enrolled,
            enrollment: enrollment.into(),
            compliance: compliance.into(),
            owner,
            owner_is_person,
        }
    }

    #[track_caller]
    fn check(answer: Answer, expected: Verdict, expected_code: &str) {
        let decision = Decision::of(|why| decide(Pending::FailClosed, &answer, why));
        assert_eq!((decision.verdict, decision.because[0].code), (expected, expected_code), "{answer:?}");
    }

    #[test]
    fn only_a_clear_yes_passes() {
        use Verdict::*;
        check(device("Enrolled", "Compliant", true), Pass, "compliance/compliant");
        check(device("Enrolled", "Compliant", false), Fail, "compliance/unknown-device");
        check(device("Enrolled", "NonCompliant", true), Fail, "compliance/not-compliant");
        check(device("Enrolled", "NotAvailable", true), Fail, "compliance/pending");
        check(device("Enrolled", "compliant?", true), Fail, "compliance/uem-error");
        check(device("EnterpriseWipePending", "Compliant", true), Fail, "compliance/not-enrolled");
        check(Answer::NotFound, Fail, "compliance/unknown-device");
        check(Answer::NoUdid, Fail, "compliance/unknown-device");
        check(Answer::Unreachable("no answer in time".into()), Fail, "compliance/uem-unreachable");
        check(Answer::Error("HTTP 500".into()), Fail, "compliance/uem-error");
        check(Answer::NotConfigured, Fail, "compliance/check-off");
        let pending = device("Enrolled", "PendingComplianceCheck", true);
        assert_eq!(decide(Pending::Pass, &pending, &mut federation::Silent), Pass);
    }
}
