//! Identity-provider objects of Okta with their application sources at Access, and what Device Trust makes of them.

use federation::World;
use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::ApplicationSource;
use federation::tenant::okta::{
    AcsType, Binding, DeviceTrustIntegration, IdentityProvider, NameIdFormat, RequestContext, ResponseSignature,
};
use proptest::prelude::*;
use proptest::sample::select;

use super::matching::{Whose, whose};

/// What Access and Okta agree on about one identity-provider object.
#[derive(Debug, Clone)]
pub struct Link {
    /// *Device SSO Response*, *Enable Force Authn Request*, *Enable Authentication Failure Notification*.
    toggles: (bool, bool, bool),
    context: RequestContext,
    binding: Binding,
    sign_requests: bool,
    /// Requests, answers, and the least that Okta takes of these.
    algorithms: (SignatureAlgorithm, SignatureAlgorithm, SignatureAlgorithm),
    /// Response and assertion.
    signs: (bool, bool),
    wanted: ResponseSignature,
    acs: AcsType,
    person: Whose,
    asks_for: NameIdFormat,
    states: Vec<(&'static str, &'static str)>,
}

pub fn link() -> impl Strategy<Value = Link> {
    use ResponseSignature::{Any, Assertion, Response};
    let strong = SignatureAlgorithm::Sha256;
    let hash = || select(vec![strong, strong, strong, SignatureAlgorithm::Sha1]);
    (
        // The documented set-up half of the time: otherwise few phones would ever be trusted.
        prop_oneof![any::<(bool, bool, bool)>(), Just((true, true, true))],
        prop_oneof![1 => Just(RequestContext::None), 3 => Just(RequestContext::DeviceTrust)],
        select(vec![Binding::Post, Binding::Redirect]),
        prop_oneof![9 => Just(true), 1 => Just(false)],
        prop_oneof![3 => Just((strong, strong, strong)), 1 => (hash(), hash(), hash())],
        // At least one signature most of the time: else nothing interesting happens at Okta.
        select(vec![(true, false), (true, false), (false, true), (true, true), (true, true), (false, false)]),
        select(vec![Any, Any, Any, Response, Assertion]),
        select(vec![AcsType::Instance, AcsType::Instance, AcsType::Org]),
        whose(),
        select(vec![
            NameIdFormat::Unspecified,
            NameIdFormat::Unspecified,
            NameIdFormat::EmailAddress,
            NameIdFormat::Transient,
        ]),
        select(vec![
            vec![],
            vec![("groups", "${groupNames}"), ("email", "${user.email}")],
            vec![("email", "${user.email}"), ("department", "${user.userName}")],
        ]),
    )
        .prop_map(
            |(toggles, context, binding, sign_requests, algorithms, signs, wanted, acs, person, asks_for, states)| {
                Link {
                    toggles,
                    context,
                    binding,
                    sign_requests,
                    algorithms,
                    signs,
                    wanted,
                    acs,
                    person,
                    asks_for,
                    states,
                }
            },
        )
}

impl Link {
    fn set(&self, provider: &mut IdentityProvider, source: &mut ApplicationSource) {
        provider.request_context = self.context;
        provider.request_binding = self.binding;
        provider.sign_requests = self.sign_requests;
        (provider.request_algorithm, source.signature_algorithm, provider.response_algorithm) = self.algorithms;
        provider.response_signature = self.wanted;
        provider.acs = self.acs;
        provider.name_id_format = self.asks_for;
        self.person.set(provider);
        let states = self.states.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        source.attributes = states.collect();
        (source.device_sso_response, source.force_authn, source.failure_notification) = self.toggles;
        (source.sign_response, source.sign_assertion) = self.signs;
    }
}

/// A platform's record of Security › Device Trust.
#[derive(Debug, Clone, Copy)]
pub enum Integration {
    Absent,
    Disabled,
    On,
    /// Names the other identity-provider object, where there is one.
    Elsewhere,
}

pub fn integration() -> impl Strategy<Value = Integration> {
    use Integration::{Absent, Disabled, Elsewhere, On};
    select(vec![On, On, On, On, Absent, Disabled, Elsewhere])
}

/// Each object of Okta's with its application source, and the records of iOS and Android.
pub fn set(links: &(Link, Link), integrations: (Integration, Integration), world: &mut World) {
    let okta = &mut world.okta;
    for (link, provider) in [&links.0, &links.1].into_iter().zip(&mut okta.identity_providers) {
        let mut sources = world.access.application_sources.iter_mut();
        if let Some(source) = sources.find(|s| s.okta_identity_provider == provider.name) {
            link.set(provider, source);
        }
    }
    let first = okta.identity_providers.first().map(|i| i.name.clone()).unwrap_or_default();
    let last = okta.identity_providers.last().map(|i| i.name.clone()).unwrap_or_default();
    let record = |how: Integration| {
        let (enabled, provider) = match how {
            Integration::Absent => return None,
            Integration::Disabled => (false, &first),
            Integration::On => (true, &first),
            Integration::Elsewhere => (true, &last),
        };
        Some(DeviceTrustIntegration {
            enabled,
            identity_provider: provider.clone(),
            provider_name: "Workspace ONE".into(),
            enrollment_link: format!("https://{}/enroll", world.uem.enrollment_host),
        })
    };
    okta.device_trust.ios = record(integrations.0);
    okta.device_trust.android = record(integrations.1);
}
