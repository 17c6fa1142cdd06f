//! Things whose state an author may expect after a step: `state = { "uem.devices.alices-iphone.compliance" = "compliant" }`.

use federation::World;

/// One thing, named by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// `uem.devices.DEVICE.enrolment`: as UEM's REST API has it.
    Enrolment(String),
    /// `uem.devices.DEVICE.compliance`: as UEM's REST API has it.
    Compliance(String),
    /// `uem.devices.DEVICE.violations`: names of the compliance policies that it breaks, as UEM's REST API has them.
    Violations(String),
    /// `devices.DEVICE.profiles`: names of the profiles that the device holds.
    Profiles(String),
    /// `devices.DEVICE.certificates.PROFILE`: what somebody who checks dates and the published CRL thinks of it.
    Certificate { device: String, profile: String },
    /// `okta.sessions.DEVICE`, `access.sessions.DEVICE`, `apps.APP.sessions.DEVICE`: the login of the live session of the
    /// device's browser; with `DEVICE/app` and `DEVICE/hub` of its native apps and of the Hub.
    Session { at: String, device: String, program: String },
    /// `okta.workspace_one_app.people.USER`: how far somebody of Okta is at the app's target.
    AppUser(String),
    /// `okta.workspace_one_app.tasks.USER`: the error of her failed task, or `none`.
    Task(String),
    /// `okta.workspace_one_app.groups.GROUP`: the status of a pushed group.
    PushedGroup(String),
    /// `okta.workspace_one_app.errors.GROUP`: what its red panel says, or `none`.
    GroupError(String),
    /// `access.people.DOMAIN/LOGIN`
    AccessPerson { domain: String, login: String },
    /// `access.names.DOMAIN/LOGIN`: first and last name.
    AccessName { domain: String, login: String },
    /// `access.groups.DOMAIN/GROUP`: the logins of its members, or `none`.
    AccessGroup { domain: String, group: String },
    /// `uem.people.LOGIN`: somebody whom Access has brought there.
    UemPerson(String),
    /// `uem.names.LOGIN`: first and last name.
    UemName(String),
    /// `uem.groups.GROUP`: the logins of its members, or `none`.
    UemGroup(String),
}

const PROGRAMS: [&str; 3] = ["browser", "app", "hub"];

impl Thing {
    /// Reads a path. Whether its names lead anywhere is for the world to say.
    pub fn parse(path: &str) -> Option<Thing> {
        if let Some(thing) = Thing::parse_provisioned(path) {
            return Some(thing);
        }
        if let Some((device, what)) = path.strip_prefix("uem.devices.").and_then(|rest| rest.rsplit_once('.')) {
            let device = device.to_string();
            return match what {
                "enrolment" => Some(Thing::Enrolment(device)),
                "compliance" => Some(Thing::Compliance(device)),
                "violations" => Some(Thing::Violations(device)),
                _ => None,
            };
        }
        if let Some(rest) = path.strip_prefix("devices.") {
            if let Some((device, profile)) = rest.split_once(".certificates.") {
                return Some(Thing::Certificate { device: device.into(), profile: profile.into() });
            }
            return rest.strip_suffix(".profiles").map(|device| Thing::Profiles(device.into()));
        }
        let (at, jar) = path.strip_prefix("apps.").unwrap_or(path).split_once(".sessions.")?;
        let (device, program) = jar.split_once('/').unwrap_or((jar, "browser"));
        (path.starts_with("apps.") || ["okta", "access"].contains(&at)).then(|| Thing::Session {
            at: at.into(),
            device: device.into(),
            program: program.into(),
        })
    }

    fn parse_provisioned(path: &str) -> Option<Thing> {
        let text = str::to_string;
        if let Some((kind, name)) = path.strip_prefix("okta.workspace_one_app.").and_then(|rest| rest.split_once('.')) {
            return match kind {
                "people" => Some(Thing::AppUser(text(name))),
                "tasks" => Some(Thing::Task(text(name))),
                "groups" => Some(Thing::PushedGroup(text(name))),
                "errors" => Some(Thing::GroupError(text(name))),
                _ => None,
            };
        }
        if let Some((kind, rest)) = path.strip_prefix("access.").and_then(|rest| rest.split_once('.')) {
            let (domain, name) = rest.split_once('/')?;
            let domain = domain.to_string();
            return match kind {
                "people" => Some(Thing::AccessPerson { domain, login: text(name) }),
                "names" => Some(Thing::AccessName { domain, login: text(name) }),
                "groups" => Some(Thing::AccessGroup { domain, group: text(name) }),
                _ => None,
            };
        }
        let (kind, name) = path.strip_prefix("uem.")?.split_once('.')?;
        match kind {
            "people" => Some(Thing::UemPerson(text(name))),
            "names" => Some(Thing::UemName(text(name))),
            "groups" => Some(Thing::UemGroup(text(name))),
            _ => None,
        }
    }

    /// Whether it comes to be by provisioning: its names are those that have come up, not those of the world alone.
    pub(crate) fn is_provisioned(&self) -> bool {
        !matches!(
            self,
            Thing::Enrolment(_)
                | Thing::Compliance(_)
                | Thing::Violations(_)
                | Thing::Profiles(_)
                | Thing::Certificate { .. }
                | Thing::Session { .. }
        )
    }

    /// Every path that leads somewhere in `world`.
    pub(crate) fn paths(world: &World) -> Vec<String> {
        let mut paths = Vec::new();
        for device in world.devices.iter().map(|d| &d.name) {
            paths.extend(["enrolment", "compliance", "violations"].map(|what| format!("uem.devices.{device}.{what}")));
            paths.push(format!("devices.{device}.profiles"));
            paths.extend(world.uem.profiles.iter().map(|p| format!("devices.{device}.certificates.{}", p.name)));
            let apps = world.apps.iter().map(|app| format!("apps.{}", app.name));
            for at in ["okta".to_string(), "access".to_string()].into_iter().chain(apps) {
                paths.extend(PROGRAMS.map(|program| match program {
                    "browser" => format!("{at}.sessions.{device}"),
                    program => format!("{at}.sessions.{device}/{program}"),
                }));
            }
        }
        paths
    }

    /// The words that its state can be; `None`: a login, or names.
    pub fn words(&self) -> Option<&'static [&'static str]> {
        match self {
            Thing::Enrolment(_) => Some(&["enrolled", "wipe-pending", "unenrolled", "unknown"]),
            Thing::Compliance(_) => Some(&["compliant", "non-compliant", "pending", "not-available", "unknown"]),
            Thing::Certificate { .. } => Some(&[
                "valid",
                "expired",
                "not-yet-valid",
                "revoked",
                "none",
                "unknown-issuer",
                "bad-signature",
                "key-usage",
            ]),
            Thing::AppUser(_) => Some(&["none", "assigned", "waiting", "provisioned", "failed"]),
            Thing::PushedGroup(_) => Some(&["none", "waiting", "active", "inactive", "error"]),
            Thing::AccessPerson { .. } => Some(&["active", "disabled", "none"]),
            Thing::UemPerson(_) => Some(&["active", "inactive", "none"]),
            Thing::AccessGroup { .. } | Thing::UemGroup(_) => Some(&["none"]),
            Thing::Violations(_)
            | Thing::Profiles(_)
            | Thing::Session { .. }
            | Thing::Task(_)
            | Thing::GroupError(_)
            | Thing::AccessName { .. }
            | Thing::UemName(_) => None,
        }
    }

    /// The names of which its state can be a list; `None`: it is no list.
    pub(crate) fn names<'a>(&self, world: &'a World) -> Option<Vec<&'a str>> {
        match self {
            Thing::Violations(_) => Some(world.uem.compliance_policies.iter().map(|p| p.name.as_str()).collect()),
            Thing::Profiles(_) => Some(world.uem.profiles.iter().map(|p| p.name.as_str()).collect()),
            _ => None,
        }
    }
}
