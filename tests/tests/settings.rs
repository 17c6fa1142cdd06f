//! Every setting acts: flipped alone it shows in outcome, messages or log. Settings of UEM are flipped by the lessons' tries.

use fedsim::Fabric;
use fedsim_tests::{case, replay};
use scenarios::Case;

fn transcript(case: &Case) -> String {
    replay(case, Fabric::Memory).transcript()
}

type Flip = fn(&mut federation::World);

/// Each setting, flipped alone, changes what is seen of one of the two stories.
const FLIPS: &[(&str, Flip)] = &[
    ("access.application_sources.*.device_sso_response", |w| {
        w.access.application_sources.iter_mut().for_each(|s| s.device_sso_response ^= true);
    }),
    ("access.application_sources.*.force_authn", |w| {
        w.access.application_sources.iter_mut().for_each(|s| s.force_authn ^= true);
    }),
    ("access.application_sources.*.failure_notification", |w| {
        w.access.application_sources.iter_mut().for_each(|s| s.failure_notification ^= true);
    }),
    ("okta.identity_providers.*.request_context", |w| {
        w.okta.identity_providers.iter_mut().for_each(|i| i.request_context = Default::default());
    }),
    ("okta.identity_providers.*.request_binding", |w| {
        w.okta
            .identity_providers
            .iter_mut()
            .for_each(|i| i.request_binding = federation::tenant::okta::Binding::Redirect);
    }),
    ("okta.identity_providers.*.sign_requests", |w| {
        w.okta.identity_providers.iter_mut().for_each(|i| i.sign_requests = false);
    }),
    ("okta.identity_providers.*.response_signature", |w| {
        w.okta
            .identity_providers
            .iter_mut()
            .for_each(|i| i.response_signature = federation::tenant::okta::ResponseSignature::Assertion);
    }),
    ("okta.identity_providers.*.issuer", |w| {
        w.okta.identity_providers.iter_mut().for_each(|i| i.issuer.push('x'));
    }),
    ("okta.identity_providers.*.username_filter", |w| {
        w.okta.identity_providers.iter_mut().for_each(|i| i.username_filter = Some("nobody".into()));
    }),
    ("okta.device_trust.ios.enabled", |w| {
        w.okta.device_trust.ios.iter_mut().for_each(|i| i.enabled = false);
    }),
    ("okta.device_trust.ios.provider_name", |w| {
        w.okta.device_trust.ios.iter_mut().for_each(|i| i.provider_name = "Acme MDM".into());
    }),
    ("okta.device_trust.ios.identity_provider", |w| {
        w.okta.device_trust.ios.iter_mut().for_each(|i| i.identity_provider = "workspace-one-desktop".into());
    }),
    ("okta.routing_rules.*.enabled", |w| w.okta.routing_rules.iter_mut().for_each(|r| r.enabled = false)),
    ("okta.apps.*.assigned", |w| w.okta.apps.iter_mut().for_each(|a| a.assigned = Default::default())),
    ("okta.apps.*.rules.*.enabled", |w| {
        w.okta.apps.iter_mut().flat_map(|a| &mut a.rules).for_each(|r| r.enabled = false);
    }),
    ("okta.apps.*.attribute_statements", |w| {
        w.okta.apps.iter_mut().for_each(|a| a.attribute_statements.clear());
    }),
    ("okta.assumptions.posture_context_uri", |w| w.okta.assumptions.posture_context_uri = "urn:other".into()),
    ("okta.assumptions.trust_evaluation", |w| {
        w.okta.routing_rules.clear();
        w.okta.assumptions.trust_evaluation = federation::tenant::okta::TrustEvaluation::RoutingOnly;
    }),
    ("access.policies.*.rules", |w| w.access.policies.iter_mut().for_each(|p| p.rules.clear())),
    ("access.identity_providers.*.directories", |w| {
        w.access.identity_providers.iter_mut().for_each(|i| i.directories.clear());
    }),
    ("access.application_sources.*.sign_response", |w| {
        w.access.application_sources.iter_mut().for_each(|s| s.sign_response = false);
    }),
];

#[test]
fn every_setting_acts() {
    let stories = [case("device-trust/managed-gets-in"), case("device-trust/unmanaged-sees-enrolment-page")];
    let mut silent = Vec::new();
    for (setting, flip) in FLIPS {
        let acts = stories.iter().any(|story| {
            let mut flipped = story.clone();
            flip(&mut flipped.world);
            transcript(&flipped) != transcript(story)
        });
        if !acts {
            silent.push(*setting);
        }
    }
    assert!(silent.is_empty(), "nobody reads: {silent:?}");
}
