//! Names that lead nowhere, and combinations that the consoles do not offer.

use crate::Diagnostic;
use crate::diagnostic::did_you_mean;
use crate::tree::{At, Files};
use federation::tenant::okta::{Location, TrustCondition};
use federation::tenant::uem::ActionKind;
use federation::{Platform, Time, World};
use std::collections::BTreeMap;

/// Complaints about a world whose every setting has been read.
pub(crate) fn check_world(
    files: &Files,
    places: &BTreeMap<String, At>,
    world: &World,
    made: &[String],
) -> Vec<Diagnostic> {
    let mut check = Check { files, places, made, wrong: Vec::new() };
    check.start(world);
    check.hosts(world);
    check.okta(world);
    check.access(world);
    check.uem(world);
    check.people(world);
    check.wrong
}

struct Check<'a> {
    files: &'a Files,
    places: &'a BTreeMap<String, At>,
    /// Directories that steps make.
    made: &'a [String],
    wrong: Vec<Diagnostic>,
}

impl Check<'_> {
    /// Where `path` or its nearest written parent stands.
    fn at(&self, path: &str) -> At {
        let mut path = path;
        loop {
            if let Some(at) = self.places.get(path) {
                return *at;
            }
            match path.rsplit_once('.') {
                Some((parent, _)) => path = parent,
                None => return At::default(),
            }
        }
    }

    fn start(&mut self, world: &World) {
        if Time::parse(&world.start).is_none() {
            let message = format!("`{}` is no time", world.start);
            let help = "write it in UTC, such as `start = \"2026-03-02T09:00:00Z\"`";
            self.wrong.push(self.files.diagnostic(self.at("start"), message, help));
        }
    }

    /// Every host name leads to one place. UEM may serve enrolment on its own host.
    fn hosts(&mut self, world: &World) {
        let mut hosts = vec![
            ("okta.host".to_string(), &world.okta.host),
            ("access.host".into(), &world.access.host),
            ("access.certificate_host".into(), &world.access.certificate_host),
            ("uem.host".into(), &world.uem.host),
            ("uem.enrollment_host".into(), &world.uem.enrollment_host),
        ];
        hosts.extend(world.apps.iter().map(|app| (format!("apps.{}.host", app.name), &app.host)));
        for (i, (path, host)) in hosts.iter().enumerate() {
            let taken = hosts[..i].iter().find(|(_, other)| other.eq_ignore_ascii_case(host));
            let Some((first, _)) = taken.filter(|(first, _)| !(first == "uem.host" && path == "uem.enrollment_host"))
            else {
                continue;
            };
            let message = format!("`{path}` and `{first}` are both `{host}`");
            let help = "give each its own host name";
            // The person's own file comes before its baselines.
            let (one, other) = (self.at(path), self.at(first));
            let at = if other.file < one.file { other } else { one };
            self.wrong.push(self.files.diagnostic(at, message, help));
        }
    }

    fn known(&mut self, what: &str, name: &str, among: &[&str], at: At) {
        if !among.contains(&name) {
            let help = did_you_mean(name, among.iter().copied());
            self.wrong.push(self.files.diagnostic(at, format!("there is no {what} `{name}`"), help));
        }
    }

    fn all_known(&mut self, what: &str, names: &[String], among: &[&str], path: &str) {
        for (i, name) in names.iter().enumerate() {
            self.known(what, name, among, self.at(&format!("{path}.{i}")));
        }
    }

    fn unique<'n>(&mut self, path: &str, names: impl IntoIterator<Item = &'n str>) {
        let mut seen = Vec::new();
        for name in names {
            if seen.contains(&name) {
                let at = self.at(&format!("{path}.{name}.name"));
                let help = "give one of them another `name`";
                self.wrong.push(self.files.diagnostic(at, format!("`{path}` has two entries `{name}`"), help));
            }
            seen.push(name);
        }
    }

    fn location(&mut self, location: &Location, zones: &[&str], path: &str) {
        self.all_known("network zone", &location.in_zones, zones, &format!("{path}.location.in_zones"));
        self.all_known("network zone", &location.not_in_zones, zones, &format!("{path}.location.not_in_zones"));
        if !location.in_zones.is_empty() && !location.not_in_zones.is_empty() {
            let at = self.at(&format!("{path}.location"));
            let help = "keep one and leave the other out";
            self.wrong.push(self.files.diagnostic(at, "`in_zones` and `not_in_zones` exclude each other", help));
        }
    }

    fn okta(&mut self, world: &World) {
        let okta = &world.okta;
        let zones: Vec<&str> = okta.network_zones.iter().map(|z| z.name.as_str()).collect();
        let providers: Vec<&str> = okta.identity_providers.iter().map(|i| i.name.as_str()).collect();
        let users: Vec<&str> = okta.users.iter().map(|u| u.name.as_str()).collect();
        let apps: Vec<&str> = okta.apps.iter().map(|a| a.name.as_str()).collect();
        self.unique("okta.users", users.iter().copied());
        self.unique("okta.apps", apps.iter().copied());
        self.unique("okta.identity_providers", providers.iter().copied());
        self.unique("okta.routing_rules", okta.routing_rules.iter().map(|r| r.name.as_str()));
        for rule in &okta.routing_rules {
            let path = format!("okta.routing_rules.{}", rule.name);
            let with_okta: Vec<&str> = providers.iter().copied().chain(["okta"]).collect();
            self.known(
                "identity provider",
                &rule.identity_provider,
                &with_okta,
                self.at(&format!("{path}.identity_provider")),
            );
            self.all_known("app", &rule.apps, &apps, &format!("{path}.apps"));
            self.location(&rule.location, &zones, &path);
        }
        for rule in &okta.session_rules {
            self.location(&rule.location, &zones, &format!("okta.session_rules.{}", rule.name));
        }
        for (key, integration) in [("ios", &okta.device_trust.ios), ("android", &okta.device_trust.android)] {
            if let Some(integration) = integration {
                let at = self.at(&format!("okta.device_trust.{key}.identity_provider"));
                self.known("identity provider", &integration.identity_provider, &providers, at);
            }
        }
        for app in &okta.apps {
            let path = format!("okta.apps.{}", app.name);
            self.all_known("Okta user", &app.assigned.users, &users, &format!("{path}.assigned.users"));
            self.unique(&format!("{path}.rules"), app.rules.iter().map(|r| r.name.as_str()));
            for rule in &app.rules {
                let path = format!("{path}.rules.{}", rule.name);
                self.location(&rule.location, &zones, &path);
                self.all_known("Okta user", &rule.people.users, &users, &format!("{path}.people.users"));
                self.all_known("Okta user", &rule.people.except_users, &users, &format!("{path}.people.except_users"));
                let configured = okta.device_trust.ios.is_some() || okta.device_trust.android.is_some();
                if rule.device_trust != TrustCondition::Any && !configured {
                    let message = "Trusted and Not trusted can be chosen only where Device Trust is configured";
                    let help = "add `[okta.device_trust.ios]` or `[okta.device_trust.android]`";
                    self.wrong.push(self.files.diagnostic(self.at(&format!("{path}.device_trust")), message, help));
                }
                let other = rule.platforms.iter().any(|p| matches!(p, Platform::OtherMobile | Platform::OtherDesktop));
                if rule.device_trust != TrustCondition::Any && other {
                    let message = "Trusted and Not trusted can be chosen only where Other mobile and Other desktop are not ticked";
                    let help = "name the rule's platforms, such as `platforms = [\"ios\", \"android\"]`";
                    let at = self.at(&format!("{path}.device_trust"));
                    self.wrong.push(self.files.diagnostic(at, message, help));
                }
            }
        }
    }

    fn access(&mut self, world: &World) {
        let access = &world.access;
        let ranges: Vec<&str> = access.network_ranges.iter().map(|r| r.name.as_str()).chain(["ALL RANGES"]).collect();
        let policies: Vec<&str> = access.policies.iter().map(|p| p.name.as_str()).collect();
        let made = self.made;
        let directories = access.directories.iter().map(|d| &d.name).chain(made);
        let directories: Vec<&str> = directories.map(String::as_str).collect();
        let okta_providers: Vec<&str> = world.okta.identity_providers.iter().map(|i| i.name.as_str()).collect();
        let okta_apps: Vec<&str> = world.okta.apps.iter().map(|a| a.name.as_str()).collect();
        self.unique("access.policies", policies.iter().copied());
        self.known("access policy", "default", &policies, self.at("access.policies"));
        for policy in &access.policies {
            let path = format!("access.policies.{}.rules", policy.name);
            self.unique(&path, policy.rules.iter().map(|r| r.name.as_str()));
            for rule in &policy.rules {
                self.known(
                    "network range",
                    &rule.network_range,
                    &ranges,
                    self.at(&format!("{path}.{}.network_range", rule.name)),
                );
            }
        }
        for provider in &access.identity_providers {
            let path = format!("access.identity_providers.{}", provider.name);
            self.all_known("directory", &provider.directories, &directories, &format!("{path}.directories"));
            self.all_known("network range", &provider.network_ranges, &ranges, &format!("{path}.network_ranges"));
            if let Some(third) = &provider.third_party {
                self.known("Okta app", &third.okta_app, &okta_apps, self.at(&format!("{path}.third_party.okta_app")));
            }
        }
        for source in &access.application_sources {
            let path = format!("access.application_sources.{}", source.name);
            self.known("policy", &source.policy, &policies, self.at(&format!("{path}.policy")));
            let at = self.at(&format!("{path}.okta_identity_provider"));
            self.known("identity provider", &source.okta_identity_provider, &okta_providers, at);
        }
    }

    fn uem(&mut self, world: &World) {
        let uem = &world.uem;
        let profiles: Vec<&str> = uem.profiles.iter().map(|p| p.name.as_str()).collect();
        let groups: Vec<&str> = uem.organization_groups.iter().map(|g| g.name.as_str()).collect();
        self.unique("uem.profiles", profiles.iter().copied());
        for user in &uem.users {
            if let Some(group) = &user.organization_group {
                self.known(
                    "organization group",
                    group,
                    &groups,
                    self.at(&format!("uem.users.{}.organization_group", user.name)),
                );
            }
        }
        if let Some(saml) = &uem.saml {
            let apps: Vec<&str> = world.okta.apps.iter().map(|a| a.name.as_str()).collect();
            self.known("Okta app", &saml.okta_app, &apps, self.at("uem.saml.okta_app"));
        }
        for policy in &uem.compliance_policies {
            for action in &policy.actions {
                if let ActionKind::RemoveProfile(profile) = &action.what {
                    let at = self.at(&format!(
                        "uem.compliance_policies.{}.actions.{}.do.remove-profile",
                        policy.name, action.name
                    ));
                    self.known("profile", profile, &profiles, at);
                }
            }
        }
    }

    fn people(&mut self, world: &World) {
        let okta: Vec<&str> = world.okta.users.iter().map(|u| u.name.as_str()).collect();
        let uem: Vec<&str> = world.uem.users.iter().map(|u| u.name.as_str()).collect();
        let access: Vec<String> = world
            .access
            .directories
            .iter()
            .flat_map(|d| d.users.iter().map(|u| format!("{}/{}", d.name, u.name)))
            .collect();
        let access: Vec<&str> = access.iter().map(String::as_str).collect();
        let okta_apps: Vec<&str> = world.okta.apps.iter().map(|a| a.name.as_str()).collect();
        self.unique("people", world.people.iter().map(|p| p.name.as_str()));
        self.unique("devices", world.devices.iter().map(|d| d.name.as_str()));
        for person in &world.people {
            let path = format!("people.{}", person.name);
            for (what, key, name, among) in [
                ("Okta user", "okta", &person.okta, &okta),
                ("Access user", "access", &person.access, &access),
                ("UEM user", "uem", &person.uem, &uem),
            ] {
                if let Some(name) = name {
                    self.known(what, name, among, self.at(&format!("{path}.{key}")));
                }
            }
        }
        for device in &world.devices {
            if let Some(user) = &device.enrolled_as {
                self.known("UEM user", user, &uem, self.at(&format!("devices.{}.enrolled_as", device.name)));
            }
        }
        for app in &world.apps {
            self.known("Okta app", &app.name, &okta_apps, self.at(&format!("apps.{}.name", app.name)));
        }
    }
}
