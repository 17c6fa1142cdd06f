//! What an AuthnRequest to an identity provider says. The context is the object's setting, not the request's.

use federation::tenant::okta::{IdentityProvider, Okta, RequestContext};
use federation::{Finding, Why};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub force_authn: bool,
    /// The class that is asked for with `Comparison="minimum"`.
    pub context: Option<String>,
    pub subject: Option<String>,
}

pub fn shape(settings: &Okta, idp: &IdentityProvider, login: Option<&str>, why: &mut impl Why) -> Shape {
    let device_trust = idp.request_context == RequestContext::DeviceTrust;
    let rule = || format!("okta.identity_providers.{}", idp.name);
    if device_trust {
        why.note(|| {
            let uri = &settings.assumptions.posture_context_uri;
            Finding::new("assumes/posture-context-uri").rule(rule()).saw(uri.clone())
        });
    } else {
        why.note(|| Finding::new("context/not-requested").rule(rule()));
    }
    if login.is_some() {
        why.note(|| Finding::new("assumes/subject-hint").rule("okta.assumptions.subject_hint"));
    }
    Shape {
        force_authn: device_trust,
        context: device_trust.then(|| settings.assumptions.posture_context_uri.clone()),
        subject: login.filter(|_| settings.assumptions.subject_hint).map(str::to_owned),
    }
}
