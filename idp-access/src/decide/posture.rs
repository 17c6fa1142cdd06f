//! What a request's ForceAuthn and Device Trust context come to, and what the response says of the device.

use federation::tenant::access::{
    ApplicationSource, Assumptions, AuthMethod, DeviceSsoResponseOff, ForceAuthnToggleOff, PostureUnrequested,
};
use federation::{Finding, Why};

/// Namespace and class reference of the device posture.
pub const POSTURE_URI: &str = "urn:okta:saml:2.0:DevicePosture";

/// What becomes of the request's flag and context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    NotAsked,
    Honoured,
    Ignored,
    Refused,
}

/// What the response says of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posture {
    Nothing,
    IsManaged(bool),
    /// An alternative reading: a failure response instead of an assertion without posture.
    FailInstead,
}

pub fn source_path(source: &str, setting: &str) -> String {
    format!("access.application_sources.{source}.{setting}")
}

pub fn force(source: &ApplicationSource, assumptions: &Assumptions, asked: bool, why: &mut impl Why) -> Force {
    if !asked {
        return Force::NotAsked;
    }
    if source.force_authn {
        return Force::Honoured;
    }
    let path = || source_path(&source.name, "force_authn");
    why.note(|| Finding::new("assumes/force-authn-toggle-off").rule(path()));
    match assumptions.force_authn_toggle_off {
        ForceAuthnToggleOff::Ignored => {
            why.note(|| Finding::new("force-authn/ignored").rule(path()).saw("false").wanted("true"));
            Force::Ignored
        }
        ForceAuthnToggleOff::Refused => Force::Refused,
    }
}

/// `requested`: the request names the posture context. `managed`: a certificate method passed in this transaction.
pub fn decide(
    source: &ApplicationSource,
    assumptions: &Assumptions,
    requested: bool,
    managed: bool,
    why: &mut impl Why,
) -> Posture {
    let sso = || source_path(&source.name, "device_sso_response");
    if !requested {
        why.note(|| Finding::new("context/not-requested"));
        if !source.device_sso_response {
            return Posture::Nothing;
        }
        why.note(|| Finding::new("assumes/posture-unrequested").rule(sso()));
        return match assumptions.posture_unrequested {
            PostureUnrequested::NoPosture => {
                why.note(|| Finding::new("posture/unrequested").rule(sso()));
                Posture::Nothing
            }
            PostureUnrequested::PostureWheneverOn => sent(sso(), managed, why),
        };
    }
    if !source.force_authn {
        let path = || source_path(&source.name, "force_authn");
        why.note(|| Finding::new("posture/toggle-off").rule(path()).saw("false").wanted("true"));
        why.note(|| Finding::new("assumes/force-authn-toggle-off").rule(path()));
        // A context that is ignored is as good as none.
        if source.device_sso_response && assumptions.posture_unrequested == PostureUnrequested::PostureWheneverOn {
            why.note(|| Finding::new("assumes/posture-unrequested").rule(sso()));
            return sent(sso(), managed, why);
        }
        return Posture::Nothing;
    }
    if !source.device_sso_response {
        why.note(|| Finding::new("posture/toggle-off").rule(sso()).saw("false").wanted("true"));
        why.note(|| Finding::new("assumes/device-sso-response-off").rule(sso()));
        return match assumptions.device_sso_response_off {
            DeviceSsoResponseOff::PlainAssertion => Posture::Nothing,
            DeviceSsoResponseOff::FailureResponse => Posture::FailInstead,
        };
    }
    sent(sso(), managed, why)
}

fn sent(path: String, managed: bool, why: &mut impl Why) -> Posture {
    why.note(|| Finding::new("posture/sent").rule(path).saw(format!("IsManaged={managed}")));
    Posture::IsManaged(managed)
}

/// Whether a requested class is the posture context: one that is no authentication class, as its URI is an assumption of
/// Okta's side.
pub fn is_context(class: &str) -> bool {
    !["urn:oasis:names:tc:SAML:", "urn:vmware:names:ac:classes:"].iter().any(|known| class.starts_with(known))
}

/// Whether a device credential was proven: in this sign-in, or in the session that the chain rests on.
pub fn managed(passed: impl Iterator<Item = AuthMethod>, chain: &[AuthMethod]) -> bool {
    passed.chain(chain.iter().copied()).any(AuthMethod::by_certificate)
}

/// What happens to a sign-in that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Notify,
    OwnPage,
}

pub fn failure(source: &ApplicationSource, why: &mut impl Why) -> Failure {
    let path = || source_path(&source.name, "failure_notification");
    if source.failure_notification {
        why.note(|| Finding::new("notification/sent").rule(path()));
        Failure::Notify
    } else {
        why.note(|| Finding::new("notification/off").rule(path()));
        Failure::OwnPage
    }
}

/// Class reference of the method that authenticated the person (certificate, password elsewhere: unknown, ours).
pub fn class_ref(chain: &[AuthMethod]) -> &'static str {
    let class = |m: &AuthMethod| match m {
        AuthMethod::MobileSsoIos => Some("urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos"),
        AuthMethod::MobileSsoAndroid => Some("urn:vmware:names:ac:classes:CertProxy"),
        AuthMethod::Certificate => Some("urn:oasis:names:tc:SAML:2.0:ac:classes:X509"),
        AuthMethod::Password => Some("urn:vmware:names:ac:classes:LocalPasswordAuth"),
        AuthMethod::OktaAuthMethod => Some("urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"),
        AuthMethod::DeviceCompliance | AuthMethod::Mfa => None,
    };
    chain.iter().find_map(class).unwrap_or("urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use federation::Silent;

    #[track_caller]
    fn check(toggles: (bool, bool, bool), expected_force: Force, expected_posture: Posture, expected_failure: Failure) {
        let mut source = fixtures::access().application_sources[0].clone();
        (source.device_sso_response, source.force_authn, source.failure_notification) = toggles;
        let a = Assumptions::default();
        assert_eq!(force(&source, &a, true, &mut Silent), expected_force, "{toggles:?}");
        assert_eq!(decide(&source, &a, true, true, &mut Silent), expected_posture, "{toggles:?}");
        assert_eq!(failure(&source, &mut Silent), expected_failure, "{toggles:?}");
        assert_eq!(decide(&source, &a, false, true, &mut Silent), Posture::Nothing, "{toggles:?}");
    }

    #[test]
    fn the_eight_cells_of_the_three_toggles() {
        use Failure::*;
        use Force::*;
        let managed = Posture::IsManaged(true);
        check((true, true, true), Honoured, managed, Notify);
        check((true, true, false), Honoured, managed, OwnPage);
        check((true, false, true), Ignored, Posture::Nothing, Notify);
        check((true, false, false), Ignored, Posture::Nothing, OwnPage);
        check((false, true, true), Honoured, Posture::Nothing, Notify);
        check((false, true, false), Honoured, Posture::Nothing, OwnPage);
        check((false, false, true), Ignored, Posture::Nothing, Notify);
        check((false, false, false), Ignored, Posture::Nothing, OwnPage);
    }

    #[test]
    fn alternatives_act() {
        let mut source = fixtures::access().application_sources[0].clone();
        source.device_sso_response = true;
        source.force_authn = true;
        let wide = Assumptions { posture_unrequested: PostureUnrequested::PostureWheneverOn, ..Assumptions::default() };
        assert_eq!(decide(&source, &wide, false, false, &mut Silent), Posture::IsManaged(false));
        source.device_sso_response = false;
        let fail =
            Assumptions { device_sso_response_off: DeviceSsoResponseOff::FailureResponse, ..Assumptions::default() };
        assert_eq!(decide(&source, &fail, true, true, &mut Silent), Posture::FailInstead);
        source.force_authn = false;
        let refuse = Assumptions { force_authn_toggle_off: ForceAuthnToggleOff::Refused, ..Assumptions::default() };
        assert_eq!(force(&source, &refuse, true, &mut Silent), Force::Refused);
        assert_eq!(force(&source, &refuse, false, &mut Silent), Force::NotAsked);
    }
}
