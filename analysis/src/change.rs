//! Single changes of a world's settings, as an administrator could make them: each with its place, its words and the world
//! that comes of it. Cures, flips and random worlds are made of these.

use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::{AuthMethod, PolicyRule, RuleAction};
use federation::tenant::okta::{
    AccessAction, DeviceTrustIntegration, FactorPrompt, MatchAgainst, RequestContext, ResponseSignature, SignOnRule,
    TrustCondition,
};
use federation::tenant::uem::{ActionKind, ComplianceAction};
use federation::{Platform, World};

#[derive(Debug, Clone)]
pub struct Change {
    /// Path of the setting.
    pub at: String,
    /// What is done there, in words.
    pub what: String,
    pub world: World,
}

/// Where a setting stands in the consoles.
pub fn console(path: &str) -> String {
    let parts: Vec<&str> = path.split('.').collect();
    let name = |at: usize| parts.get(at).copied().unwrap_or_default();
    match (name(0), name(1), name(3)) {
        ("okta", "routing_rules", _) => "Okta › Security › Identity Providers › Routing Rules".into(),
        ("okta", "identity_providers", _) => {
            format!("Okta › Security › Identity Providers › {} › Advanced", name(2))
        }
        ("okta", "device_trust", _) => "Okta › Security › Device Trust".into(),
        ("okta", "session_rules", _) => "Okta › Security › Authentication › Sign On".into(),
        ("okta", "apps", "rules") => format!("Okta › Applications › {} › Sign On › Sign On Policy", name(2)),
        ("okta", "apps", _) => format!("Okta › Applications › {} › Assignments", name(2)),
        ("okta", "users", _) => format!("Okta › Directory › People › {}", name(2)),
        ("access", "application_sources", _) => {
            format!("Access › Catalog › Settings › Application Sources › {} › Advanced Properties", name(2))
        }
        ("access", "policies", _) => format!("Access › Identity & Access Management › Policies › {}", name(2)),
        ("access", "methods", _) => "Access › Identity & Access Management › Authentication Methods".into(),
        ("access", "identity_providers", _) => {
            format!("Access › Identity & Access Management › Identity Providers › {}", name(2))
        }
        ("access", "uem", _) => "Access › Identity & Access Management › Setup › Workspace ONE UEM".into(),
        ("uem", "compliance_policies", _) => format!("UEM › Devices › Compliance Policies › {}", name(2)),
        ("uem", "ca", _) => "UEM › Groups & Settings › Certificate Authorities".into(),
        _ => path.to_string(),
    }
}

const MOBILE: [Platform; 2] = [Platform::Ios, Platform::Android];
const DESKTOP: [Platform; 4] = [Platform::Windows, Platform::Macos, Platform::OtherDesktop, Platform::OtherMobile];

/// An unused name.
fn unused<'a>(wanted: &str, names: impl Iterator<Item = &'a String>) -> String {
    let taken: Vec<&String> = names.collect();
    let mut name = wanted.to_string();
    while taken.iter().any(|t| **t == name) {
        name.push('-');
    }
    name
}

pub fn sign_on_rule(
    name: &str,
    platforms: &[Platform],
    device_trust: TrustCondition,
    access: AccessAction,
) -> SignOnRule {
    SignOnRule {
        name: name.into(),
        enabled: true,
        people: Default::default(),
        location: Default::default(),
        platforms: platforms.to_vec(),
        device_trust,
        access,
        reauthenticate_after_minutes: None,
        factor: None,
    }
}

struct Changes<'w> {
    world: &'w World,
    found: Vec<Change>,
}

impl Changes<'_> {
    fn push(&mut self, at: impl Into<String>, what: impl Into<String>, change: impl FnOnce(&mut World)) {
        let mut world = self.world.clone();
        change(&mut world);
        if world != *self.world {
            self.found.push(Change { at: at.into(), what: what.into(), world });
        }
    }
}

/// Every single change that is known, the least intrusive kinds first. Worlds that a console would refuse are left out.
pub fn changes(world: &World) -> Vec<Change> {
    let mut all = Changes { world, found: Vec::new() };
    sources(&mut all);
    access_rules(&mut all);
    access_methods(&mut all);
    okta_providers(&mut all);
    integrations(&mut all);
    okta_apps(&mut all);
    routing(&mut all);
    uem(&mut all);
    let sound = |change: &Change| {
        let world = &change.world;
        idp_okta::validate(&world.okta).is_empty()
            && idp_access::validate(&world.access).is_empty()
            && uem_mock::validate(&world.uem).is_empty()
    };
    all.found.retain(sound);
    all.found
}

fn sources(all: &mut Changes<'_>) {
    for (i, source) in all.world.access.application_sources.iter().enumerate() {
        let at = |setting: &str| format!("access.application_sources.{}.{setting}", source.name);
        let set = |on: bool| format!("set it to {}", !on);
        all.push(at("device_sso_response"), set(source.device_sso_response), |w| {
            let s = &mut w.access.application_sources[i];
            s.device_sso_response = !s.device_sso_response;
        });
        all.push(at("force_authn"), set(source.force_authn), |w| {
            let s = &mut w.access.application_sources[i];
            s.force_authn = !s.force_authn;
        });
        all.push(at("failure_notification"), set(source.failure_notification), |w| {
            let s = &mut w.access.application_sources[i];
            s.failure_notification = !s.failure_notification;
        });
        all.push(at("sign_response"), "set it to true", |w| w.access.application_sources[i].sign_response = true);
        all.push(at("sign_assertion"), "set it to true", |w| w.access.application_sources[i].sign_assertion = true);
        all.push(at("signature_algorithm"), "set it to \"sha256\"", |w| {
            w.access.application_sources[i].signature_algorithm = SignatureAlgorithm::Sha256;
        });
        all.push(at("policy"), "set it to \"default\"", |w| w.access.application_sources[i].policy = "default".into());
    }
}

fn access_rules(all: &mut Changes<'_>) {
    for (p, policy) in all.world.access.policies.iter().enumerate() {
        for (r, rule) in policy.rules.iter().enumerate() {
            let at = |setting: &str| format!("access.policies.{}.rules.{}.{setting}", policy.name, rule.name);
            let mut with = |at: String, what: String, edit: &dyn Fn(&mut PolicyRule)| {
                all.push(at, what, |w| edit(&mut w.access.policies[p].rules[r]));
            };
            for (c, chain) in rule.authenticate.iter().enumerate() {
                for method in chain.iter().filter(|_| chain.len() > 1) {
                    let what = format!("take {} out of chain {}", method.name(), c + 1);
                    with(at("authenticate"), what, &|rule| rule.authenticate[c].retain(|m| m != method));
                }
                if rule.authenticate.len() > 1 {
                    with(at("authenticate"), format!("remove chain {}", c + 1), &|rule| {
                        rule.authenticate.remove(c);
                    });
                }
                if chain.iter().any(|m| m.by_certificate()) && !chain.contains(&AuthMethod::DeviceCompliance) {
                    let what = format!("add device-compliance to chain {}", c + 1);
                    with(at("authenticate"), what, &|rule| rule.authenticate[c].push(AuthMethod::DeviceCompliance));
                }
                if !chain.contains(&AuthMethod::Mfa) {
                    with(at("authenticate"), format!("add mfa to chain {}", c + 1), &|rule| {
                        rule.authenticate[c].push(AuthMethod::Mfa);
                    });
                }
            }
            if rule.action == RuleAction::Authenticate {
                with(at("authenticate"), "add a fallback to password".into(), &|rule| {
                    rule.authenticate.push(vec![AuthMethod::Password]);
                });
                with(at("reauthenticate_after_minutes"), "set it to 0".into(), &|rule| {
                    rule.reauthenticate_after_minutes = 0;
                });
            }
            with(at("action"), "set it to \"deny\"".into(), &|rule| {
                (rule.action, rule.authenticate) = (RuleAction::Deny, Vec::new());
            });
            let whole = format!("access.policies.{}.rules.{}", policy.name, rule.name);
            all.push(whole.clone(), "move it to the end", |w| {
                let rules = &mut w.access.policies[p].rules;
                let rule = rules.remove(r);
                rules.push(rule);
            });
            all.push(whole, "remove it", |w| {
                w.access.policies[p].rules.remove(r);
            });
        }
    }
}

fn access_methods(all: &mut Changes<'_>) {
    let at = |method: &str| format!("access.methods.{method}.check_revocation");
    all.push(at("mobile_sso_ios"), "set it to true", |w| w.access.methods.mobile_sso_ios.check_revocation = true);
    all.push(at("mobile_sso_android"), "set it to true", |w| {
        w.access.methods.mobile_sso_android.check_revocation = true;
    });
    all.push(at("certificate"), "set it to true", |w| w.access.methods.certificate.check_revocation = true);
    let chains = all.world.access.policies.iter().flat_map(|p| &p.rules).flat_map(|r| &r.authenticate).flatten();
    let used: Vec<AuthMethod> = chains.copied().filter(|m| *m != AuthMethod::OktaAuthMethod).collect();
    for (i, idp) in all.world.access.identity_providers.iter().enumerate().filter(|(_, i)| i.third_party.is_none()) {
        for method in used.iter().filter(|m| !idp.methods.contains(m)) {
            let at = format!("access.identity_providers.{}.methods", idp.name);
            all.push(at, format!("add {}", method.name()), |w| {
                if !w.access.identity_providers[i].methods.contains(method) {
                    w.access.identity_providers[i].methods.push(*method);
                }
            });
        }
        for directory in all.world.access.directories.iter().filter(|d| !idp.directories.contains(&d.name)) {
            let at = format!("access.identity_providers.{}.directories", idp.name);
            all.push(at, format!("add {}", directory.name), |w| {
                w.access.identity_providers[i].directories.push(directory.name.clone());
            });
        }
    }
    let api = all.world.uem.api.clone();
    let host = all.world.uem.host.clone();
    all.push("access.uem", "set host and credentials to UEM's", |w| {
        if let Some(uem) = &mut w.access.uem {
            (uem.host, uem.api_key, uem.admin, uem.password) = (host, api.key, api.admin, api.password);
        }
    });
    all.push("access.uem.device_compliance_check", "set it to true", |w| {
        if let Some(uem) = &mut w.access.uem {
            uem.device_compliance_check = true;
        }
    });
}

fn okta_providers(all: &mut Changes<'_>) {
    let entity = format!("https://{}/SAAS/API/1.0/GET/metadata/idp.xml", all.world.access.host);
    for (i, idp) in all.world.okta.identity_providers.iter().enumerate() {
        let at = |setting: &str| format!("okta.identity_providers.{}.{setting}", idp.name);
        let (other, word) = match idp.request_context {
            RequestContext::None => (RequestContext::DeviceTrust, "device-trust"),
            RequestContext::DeviceTrust => (RequestContext::None, "none"),
        };
        all.push(at("request_context"), format!("set it to \"{word}\""), |w| {
            w.okta.identity_providers[i].request_context = other;
        });
        all.push(at("sign_requests"), "set it to true", |w| w.okta.identity_providers[i].sign_requests = true);
        all.push(at("request_algorithm"), "set it to \"sha256\"", |w| {
            w.okta.identity_providers[i].request_algorithm = SignatureAlgorithm::Sha256;
        });
        all.push(at("response_signature"), "set it to \"any\"", |w| {
            w.okta.identity_providers[i].response_signature = ResponseSignature::Any;
        });
        all.push(at("issuer"), format!("set it to \"{entity}\""), |w| {
            w.okta.identity_providers[i].issuer.clone_from(&entity);
        });
        all.push(at("match_against"), "set it to \"either\"", |w| {
            let idp = &mut w.okta.identity_providers[i];
            (idp.match_against, idp.match_attribute) = (MatchAgainst::Either, None);
        });
        all.push(at("username_filter"), "remove it", |w| w.okta.identity_providers[i].username_filter = None);
    }
}

fn integrations(all: &mut Changes<'_>) {
    let trusting = |i: &&federation::tenant::okta::IdentityProvider| i.request_context == RequestContext::DeviceTrust;
    let Some(idp) = all.world.okta.identity_providers.iter().find(trusting).map(|i| i.name.clone()) else { return };
    let made = DeviceTrustIntegration {
        enabled: true,
        identity_provider: idp.clone(),
        provider_name: "Workspace ONE".into(),
        enrollment_link: format!("https://{}/enroll", all.world.uem.enrollment_host),
    };
    for platform in ["ios", "android"] {
        let at = format!("okta.device_trust.{platform}");
        all.push(at.clone(), format!("enable it, with {idp}"), |w| {
            let trust = &mut w.okta.device_trust;
            let record = if platform == "ios" { &mut trust.ios } else { &mut trust.android };
            match record {
                Some(record) => record.enabled = true,
                None => *record = Some(made.clone()),
            }
        });
        all.push(format!("{at}.identity_provider"), format!("set it to \"{idp}\""), |w| {
            let trust = &mut w.okta.device_trust;
            if let Some(record) = if platform == "ios" { &mut trust.ios } else { &mut trust.android } {
                record.identity_provider.clone_from(&idp);
            }
        });
    }
}

fn okta_apps(all: &mut Changes<'_>) {
    use AccessAction::Deny;
    use TrustCondition::{Any, NotTrusted};
    let configured = all.world.okta.device_trust.ios.is_some() || all.world.okta.device_trust.android.is_some();
    for (a, app) in all.world.okta.apps.iter().enumerate() {
        let at = format!("okta.apps.{}.rules", app.name);
        let mut add = |name: &str, platforms: &[Platform], trust: TrustCondition, words: &str| {
            let name = unused(name, app.rules.iter().map(|r| &r.name));
            for top in [false, true] {
                let rule = sign_on_rule(&name, platforms, trust, Deny);
                let place = if top { "first" } else { "last" };
                all.push(at.clone(), format!("add {place} a rule that denies {words}"), |w| {
                    let rules = &mut w.okta.apps[a].rules;
                    rules.insert(if top { 0 } else { rules.len() }, rule);
                });
            }
        };
        if configured {
            add("deny-untrusted", &MOBILE, NotTrusted, "iOS and Android devices that are not trusted");
        }
        add("deny-the-rest", &DESKTOP, Any, "desktops and other devices");
        add("deny-ios", &[Platform::Ios], Any, "iOS");
        add("deny-android", &[Platform::Android], Any, "Android");
        add("deny-macos", &[Platform::Macos], Any, "macOS");
        add("deny-windows", &[Platform::Windows], Any, "Windows");
        add("deny-all", &[&MOBILE[..], &DESKTOP[..]].concat(), Any, "every platform");
        for (r, rule) in app.rules.iter().enumerate() {
            let at = |setting: &str| format!("okta.apps.{}.rules.{}{setting}", app.name, rule.name);
            all.push(at(".enabled"), "set it to true", |w| w.okta.apps[a].rules[r].enabled = true);
            all.push(at(".factor"), "set it to \"every-sign-in\"", |w| {
                w.okta.apps[a].rules[r].factor = Some(FactorPrompt::EverySignIn);
            });
            all.push(at(".reauthenticate_after_minutes"), "set it to 0", |w| {
                w.okta.apps[a].rules[r].reauthenticate_after_minutes = Some(0);
            });
            all.push(at(".access"), "set it to \"deny\"", |w| w.okta.apps[a].rules[r].access = Deny);
            all.push(at(".access"), "set it to \"allow\"", |w| w.okta.apps[a].rules[r].access = AccessAction::Allow);
            all.push(at(".platforms"), "add iOS and Android", |w| {
                let platforms = &mut w.okta.apps[a].rules[r].platforms;
                let missing = MOBILE.into_iter().filter(|p| !platforms.contains(p)).collect::<Vec<_>>();
                platforms.extend(missing);
            });
            all.push(at(""), "move it to the end", |w| {
                let rules = &mut w.okta.apps[a].rules;
                let rule = rules.remove(r);
                rules.push(rule);
            });
            all.push(at(""), "remove it", |w| {
                w.okta.apps[a].rules.remove(r);
            });
        }
    }
}

fn routing(all: &mut Changes<'_>) {
    let names: Vec<String> = all.world.okta.identity_providers.iter().map(|i| i.name.clone()).collect();
    for (r, rule) in all.world.okta.routing_rules.iter().enumerate() {
        let at = |setting: &str| format!("okta.routing_rules.{}{setting}", rule.name);
        all.push(at(".enabled"), format!("set it to {}", !rule.enabled), |w| {
            let rule = &mut w.okta.routing_rules[r];
            rule.enabled = !rule.enabled;
        });
        for name in names.iter().map(String::as_str).chain(["okta"]) {
            all.push(at(".identity_provider"), format!("set it to \"{name}\""), |w| {
                w.okta.routing_rules[r].identity_provider = name.into();
            });
        }
        for platform in rule.platforms.iter().filter(|_| rule.platforms.len() > 1) {
            all.push(at(".platforms"), format!("take {platform:?} out"), |w| {
                w.okta.routing_rules[r].platforms.retain(|p| p != platform);
            });
        }
        all.push(at(""), "move it to the end", |w| {
            let rules = &mut w.okta.routing_rules;
            let rule = rules.remove(r);
            rules.push(rule);
        });
    }
}

fn uem(all: &mut Changes<'_>) {
    for (p, policy) in all.world.uem.compliance_policies.iter().enumerate() {
        for profile in &all.world.uem.profiles {
            let name = format!("remove-{}", profile.name);
            let action = ComplianceAction {
                name: unused(&name, policy.actions.iter().map(|a| &a.name)),
                after_minutes: 0,
                mark_not_compliant: true,
                what: ActionKind::RemoveProfile(profile.name.clone()),
            };
            let at = format!("uem.compliance_policies.{}.actions", policy.name);
            all.push(at, format!("add one that removes profile {}", profile.name), |w| {
                w.uem.compliance_policies[p].actions.push(action);
            });
        }
    }
    all.push("uem.ca.revoke_on_removal", "set it to true", |w| w.uem.ca.revoke_on_removal = true);
}
