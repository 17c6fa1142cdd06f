//! Generated cases: the two baselines with their settings turned, and somebody who signs in once or twice.
//!
//! `accounts`: who she is to each vendor. `links`: what Okta and Access agree on, `matching`: whose account comes of it.
//! `policies`: rules and places. `assumed`: readings of what is open. `visits`: what she does.

mod accounts;
mod assumed;
mod links;
mod matching;
mod policies;
mod visits;

use accounts::{Accounts, accounts};
use assumed::{Assumed, assumed};
use federation::World;
use federation::tenant::okta::{RoutingRule, SessionRule, SignOnRule};
use federation::tenant::uem::{ActionKind, ComplianceAction};
use federation::world::{AppRequest, Comparison, WantedContext};
use links::{Integration, Link, integration, link};
use policies::{AccessRules, access_rules, routing, session_rule, sign_on};
use proptest::prelude::*;
use proptest::sample::select;
use scenarios::{Case, SourceMap};
use visits::visit;

/// Okta as Access's own fallback, so that chains may name it.
const FALLBACK: &str = r#"
[[change]]
at = "okta.apps"
insert = { name = "workspace-one-access", assigned = { everyone = true } }

[[change]]
at = "access.identity_providers"
insert = { name = "okta", directories = ["acme"], methods = ["okta-auth-method"], third_party = { okta_app = "workspace-one-access" } }

[[step]]
sign_in = { who = "alice", on = "alices-iphone", app = "wiki" }
expect = { outcome = "granted" }
"#;

/// A baseline's merged world, with Okta as a fallback of Access.
pub fn baseline(name: &str) -> World {
    let text = format!(
        "name = \"generated\"\nteaches = [\"m2-per-app\"]\nbaseline = \"{name}\"\nstory = \"Any.\"\n{FALLBACK}"
    );
    match scenarios::load_str("worlds/generated.toml", &text) {
        Ok(scenario) => scenario.world,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

#[derive(Debug, Clone)]
struct Settings {
    baseline: &'static str,
    links: (Link, Link),
    integrations: (Integration, Integration),
    /// Nothing: everybody is who she is in the baseline.
    accounts: Option<Accounts>,
    routing: Vec<RoutingRule>,
    of_the_org: Option<SessionRule>,
    rules: Option<Vec<SignOnRule>>,
    access: AccessRules,
    machinery: Machinery,
    /// What the apps' requests say.
    asks: AppRequest,
    assumptions: Assumed,
}

/// UEM and what Access checks with it.
#[derive(Debug, Clone)]
struct Machinery {
    /// A compliance policy takes the profiles away.
    removes_profile: bool,
    attempts: u32,
    /// *Enable Cert Revocation* of the certificate methods.
    checks_revocation: bool,
    /// Device certificates live for a day.
    short_lived: bool,
    /// What UEM revokes, and when that can be seen.
    revokes_on_removal: bool,
    publishes_at_once: bool,
}

fn machinery() -> impl Strategy<Value = Machinery> {
    let rare = || prop::bool::weighted(0.3);
    (any::<bool>(), select(vec![5, 1]), any::<bool>(), rare(), rare(), rare()).prop_map(
        |(removes_profile, attempts, checks_revocation, short_lived, revokes_on_removal, publishes_at_once)| {
            Machinery {
                removes_profile,
                attempts,
                checks_revocation,
                short_lived,
                revokes_on_removal,
                publishes_at_once,
            }
        },
    )
}

/// Mostly nothing beside the name.
fn asks() -> impl Strategy<Value = AppRequest> {
    let class = |name: &str| format!("urn:oasis:names:tc:SAML:2.0:ac:classes:{name}");
    let context = |comparison, names: &[&str]| {
        let classes = names.iter().map(|name| class(name)).collect();
        AppRequest { context: Some(WantedContext { comparison, classes }), ..AppRequest::default() }
    };
    let one = vec![
        AppRequest { force_authn: true, ..AppRequest::default() },
        AppRequest { is_passive: true, ..AppRequest::default() },
        AppRequest { force_authn: true, is_passive: true, context: None },
        context(Comparison::Exact, &["PasswordProtectedTransport"]),
        context(Comparison::Minimum, &["X509", "Password"]),
        context(Comparison::Exact, &["X509"]),
    ];
    prop_oneof![9 => Just(AppRequest::default()), 1 => select(one)]
}

/// Boxed part by part: drawn as one value they would not fit a test's stack.
fn settings() -> impl Strategy<Value = Settings> {
    (
        select(vec!["device-trust-mobile", "device-trust-mobile", "device-trust-mobile", "routing-only"]),
        (link().boxed(), link().boxed()),
        (integration(), integration()),
        prop::option::weighted(0.35, accounts().boxed()),
        (routing().boxed(), session_rule().boxed(), sign_on().boxed(), access_rules().boxed()),
        machinery().boxed(),
        asks().boxed(),
        assumed().boxed(),
    )
        .prop_map(|(baseline, links, integrations, accounts, policies, machinery, asks, assumptions)| {
            let (routing, of_the_org, rules, access) = policies;
            Settings {
                baseline,
                links,
                integrations,
                accounts,
                routing,
                of_the_org,
                rules,
                access,
                machinery,
                asks,
                assumptions,
            }
        })
}

impl Settings {
    fn world(&self) -> World {
        let mut world = baseline(self.baseline);
        self.assumptions.set(&mut world);
        links::set(&self.links, self.integrations, &mut world);
        policies::set_places(&mut world);
        policies::set_routing(&self.routing, &mut world);
        self.access.set(&mut world);
        self.machinery.set(&mut world);
        if let Some(accounts) = &self.accounts {
            accounts.set(&mut world);
        }
        for app in &mut world.apps {
            app.request = self.asks.clone();
        }
        world.okta.session_rules.extend(self.of_the_org.clone());
        if let Some(rules) = &self.rules {
            for app in world.okta.apps.iter_mut().filter(|a| a.name != "workspace-one-access") {
                app.rules = rules.clone();
            }
        }
        world
    }
}

impl Machinery {
    fn set(&self, world: &mut World) {
        let methods = &mut world.access.methods;
        methods.password.attempts = self.attempts;
        for method in [&mut methods.mobile_sso_ios, &mut methods.mobile_sso_android, &mut methods.certificate] {
            method.check_revocation = self.checks_revocation;
        }
        let ca = &mut world.uem.ca;
        if self.short_lived {
            ca.leaf_days = 1;
        }
        (ca.revoke_on_removal, ca.publish_at_once) = (self.revokes_on_removal, self.publishes_at_once);
        if !self.removes_profile {
            return;
        }
        for policy in &mut world.uem.compliance_policies {
            for profile in ["ios-mobile-sso", "android-mobile-sso"] {
                policy.actions.push(ComplianceAction {
                    name: format!("remove-{profile}"),
                    after_minutes: 0,
                    mark_not_compliant: true,
                    what: ActionKind::RemoveProfile(profile.into()),
                });
            }
        }
    }
}

/// A world and what somebody does in it; nobody says what should come of it.
pub fn case() -> impl Strategy<Value = Case> {
    (settings().boxed(), visit().boxed()).prop_map(|(settings, visit)| {
        let mut world = settings.world();
        visit.set(&mut world);
        let steps = visit.steps(&world);
        Case {
            id: "generated".into(),
            file: "generated.toml".into(),
            // What was drawn, for whoever reads a failure.
            story: format!("{settings:#?}\n{visit:#?}"),
            teaches: Vec::new(),
            world,
            steps,
            sources: SourceMap::default(),
        }
    })
}
