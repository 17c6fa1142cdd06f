//! What Okta concludes about a device, and what `device.trusted` says. Only the platform's Device Identity provider counts.

use federation::tenant::okta::{
    App, DeviceTrustIntegration, Okta, TrustCondition, TrustEvaluation, TrustWithoutIntegration,
};
use federation::{DeviceContext, Finding, Platform, Why};

/// What an identity provider answered about the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Failure,
    /// Success, with `IsManaged` true.
    Managed,
    /// Success, with an `IsManaged` that is anything else.
    NotManaged,
    NoPosture,
}

pub fn integration(settings: &Okta, platform: Platform) -> Option<&DeviceTrustIntegration> {
    settings.device_trust.of(platform).filter(|integration| integration.enabled)
}

/// The context after `idp` answered.
pub fn conclude(settings: &Okta, platform: Platform, idp: &str, answer: Answer, why: &mut impl Why) -> DeviceContext {
    let integration = integration(settings, platform);
    // A failure is told whoever answered: it is why the person is asked to sign in.
    if answer == Answer::Failure && integration.is_none_or(|i| i.identity_provider != idp) {
        why.note(|| Finding::new("device-trust/failure-response").saw(idp));
    }
    let Some(integration) = integration else {
        why.note(|| Finding::new("device-trust/no-integration").saw(platform.name()));
        return DeviceContext::Unknown;
    };
    if integration.identity_provider != idp {
        why.note(|| {
            Finding::new("device-trust/other-identity-provider").saw(idp).wanted(integration.identity_provider.clone())
        });
        return DeviceContext::Unknown;
    }
    let code = match answer {
        Answer::Managed => "device-trust/trusted",
        Answer::Failure => "device-trust/failure-response",
        Answer::NotManaged => "device-trust/not-managed",
        Answer::NoPosture => "device-trust/no-posture",
    };
    why.note(|| Finding::new(code).rule(path(platform)));
    if answer == Answer::Managed {
        return DeviceContext::Trusted;
    }
    why.note(|| Finding::new("assumes/not-trusted-is-remembered"));
    if settings.assumptions.not_trusted_is_remembered { DeviceContext::NotTrusted } else { DeviceContext::Unknown }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustMatch<'a> {
    Yes,
    No,
    /// Trust has to be found out at this integration's identity provider.
    Ask(&'a DeviceTrustIntegration),
}

/// Does a rule's trust condition hold?
pub fn matches<'a>(
    settings: &'a Okta,
    platform: Platform,
    condition: TrustCondition,
    trust: DeviceContext,
    why: &mut impl Why,
) -> TrustMatch<'a> {
    let wants_trusted = match condition {
        TrustCondition::Any => return TrustMatch::Yes,
        TrustCondition::Trusted => true,
        TrustCondition::NotTrusted => false,
    };
    let yes_if = |matched: bool| if matched { TrustMatch::Yes } else { TrustMatch::No };
    let Some(integration) = integration(settings, platform) else {
        why.note(|| Finding::new("device-trust/no-integration").saw(platform.name()));
        why.note(|| Finding::new("assumes/trust-without-integration"));
        let counts = settings.assumptions.trust_without_integration == TrustWithoutIntegration::NotTrusted;
        return yes_if(counts && !wants_trusted);
    };
    match trust {
        DeviceContext::Trusted => yes_if(wants_trusted),
        DeviceContext::NotTrusted => {
            why.note(|| Finding::new("device-trust/remembered"));
            yes_if(!wants_trusted)
        }
        DeviceContext::Unknown => {
            why.note(|| Finding::new("assumes/trust-evaluation"));
            if settings.assumptions.trust_evaluation == TrustEvaluation::RoutingOnly {
                yes_if(!wants_trusted)
            } else {
                TrustMatch::Ask(integration)
            }
        }
    }
}

/// What the app is told.
pub fn attribute(settings: &Okta, app: &App, platform: Platform, trust: DeviceContext) -> DeviceContext {
    let asks = app.rules.iter().any(|rule| rule.enabled && rule.device_trust != TrustCondition::Any);
    if asks && integration(settings, platform).is_some() { trust } else { DeviceContext::Unknown }
}

fn path(platform: Platform) -> String {
    format!("okta.device_trust.{}", if platform == Platform::Ios { "ios" } else { "android" })
}
