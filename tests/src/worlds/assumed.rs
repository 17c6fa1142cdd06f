//! Readings of what the vendors leave open; the default most of the time.

use federation::World;
use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::{
    self, DeviceSsoResponseOff, FallbackPerson, ForceAuthnToggleOff, GroupRuleBeforeIdentity, NameIdPolicy, Pending,
    PostureUnrequested, UdidLocation, Unsupported,
};
use federation::tenant::okta::{self, FilterMismatch, TrustEvaluation, TrustWithoutIntegration};
use federation::tenant::uem::{self, FirstCheck};
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub struct Assumed {
    okta: okta::Assumptions,
    access: access::Assumptions,
    uem: uem::Assumptions,
}

impl Assumed {
    pub fn set(&self, world: &mut World) {
        (world.okta.assumptions, world.access.assumptions) = (self.okta.clone(), self.access.clone());
        world.uem.assumptions = self.uem.clone();
    }
}

fn other<T: Clone + std::fmt::Debug>(default: T, other: T) -> impl Strategy<Value = T> {
    prop_oneof![9 => Just(default), 1 => Just(other)]
}

fn okta() -> impl Strategy<Value = okta::Assumptions> {
    (
        prop_oneof![
            8 => Just(TrustEvaluation::PerAppSignIn),
            1 => Just(TrustEvaluation::RoutingOnly),
            1 => Just(TrustEvaluation::PerSession)
        ],
        other(true, false),
        other(TrustWithoutIntegration::MatchNeither, TrustWithoutIntegration::NotTrusted),
        other(FilterMismatch::Error, FilterMismatch::SignInPage),
        other(true, false),
    )
        .prop_map(|(trust_evaluation, not_trusted_is_remembered, trust_without_integration, filter, hint)| {
            okta::Assumptions {
                trust_evaluation,
                not_trusted_is_remembered,
                trust_without_integration,
                username_filter_mismatch: filter,
                subject_hint: hint,
                ..Default::default()
            }
        })
}

fn access() -> impl Strategy<Value = access::Assumptions> {
    (
        other(Unsupported::NotApplicable, Unsupported::FailRequest),
        other(DeviceSsoResponseOff::PlainAssertion, DeviceSsoResponseOff::FailureResponse),
        other(ForceAuthnToggleOff::Ignored, ForceAuthnToggleOff::Refused),
        other(PostureUnrequested::NoPosture, PostureUnrequested::PostureWheneverOn),
        other(Pending::FailClosed, Pending::Pass),
        other(GroupRuleBeforeIdentity::Skipped, GroupRuleBeforeIdentity::MatchesNobody),
        other(UdidLocation::AsTemplate, UdidLocation::SanOnly),
        prop_oneof![2 => Just(FallbackPerson::Kept), 1 => Just(FallbackPerson::Anybody)],
        prop_oneof![1 => Just(NameIdPolicy::AsConfigured), 1 => Just(NameIdPolicy::AsRequested)],
        other(SignatureAlgorithm::Sha256, SignatureAlgorithm::Sha1),
    )
        .prop_map(
            |(unsupported, response_off, toggle_off, unrequested, pending, group, udid, person, name_id, request)| {
                access::Assumptions {
                    unsupported_under_force_authn: unsupported,
                    device_sso_response_off: response_off,
                    force_authn_toggle_off: toggle_off,
                    posture_unrequested: unrequested,
                    compliance_pending: pending,
                    group_rule_before_identity: group,
                    udid_location: udid,
                    fallback_person: person,
                    name_id_policy: name_id,
                    request_algorithm: request,
                    ..Default::default()
                }
            },
        )
}

pub fn assumed() -> impl Strategy<Value = Assumed> {
    let uem = prop_oneof![4 => Just(FirstCheck::AtEnrolment), 1 => Just(FirstCheck::AtNextSweep)]
        .prop_map(|first_compliance_check| uem::Assumptions { first_compliance_check, ..uem::Assumptions::default() });
    (okta(), access(), uem).prop_map(|(okta, access, uem)| Assumed { okta, access, uem })
}
