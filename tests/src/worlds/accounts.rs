//! Who somebody is to each vendor: names and addresses that differ or are doubled, statuses, groups, and what she is assigned.

use federation::World;
use federation::tenant::access::CertificateIdentifier;
use federation::tenant::okta::{Assignment, UserStatus};
use proptest::prelude::*;
use proptest::sample::select;

#[derive(Debug, Clone)]
pub struct Accounts {
    at_okta: AtOkta,
    at_access: AtAccess,
    /// UEM's word for Alice, which goes into her certificates: user principal name and email.
    at_uem: (Option<&'static str>, &'static str),
    /// Who may open the apps, and who Okta's own app that stands for Access.
    assigned: (Assignment, Assignment),
}

/// Alice's account, and its neighbours.
#[derive(Debug, Clone)]
struct AtOkta {
    login: &'static str,
    email: &'static str,
    former: Option<&'static str>,
    department: Option<&'static str>,
    groups: Vec<&'static str>,
    /// Alice's and Bob's.
    status: (UserStatus, UserStatus),
    /// A second account has Alice's address.
    namesake: bool,
}

#[derive(Debug, Clone)]
struct AtAccess {
    username: &'static str,
    email: &'static str,
    upn: Option<&'static str>,
    /// Alice's and Bob's.
    enabled: (bool, bool),
    identifiers: Vec<CertificateIdentifier>,
}

const ALICE: &str = "alice@acme.test";

/// Mostly the usual, else one of some.
fn mostly<T: Clone + std::fmt::Debug + 'static>(usual: T, else_one_of: Vec<T>) -> impl Strategy<Value = T> {
    prop_oneof![5 => Just(usual), 1 => select(else_one_of)]
}

fn status() -> impl Strategy<Value = UserStatus> {
    mostly(UserStatus::Active, vec![UserStatus::Suspended, UserStatus::Deactivated])
}

fn at_okta() -> impl Strategy<Value = AtOkta> {
    (
        mostly(ALICE, vec!["alice.liddell@acme.test", "Alice@Acme.Test", "alice", "alice@elsewhere.test"]),
        mostly(ALICE, vec!["bob@acme.test", "alice.liddell@acme.test", "ALICE@acme.test"]),
        select(vec![None, Some(ALICE), Some("alice")]),
        select(vec![None, Some("Sales"), Some("Research")]),
        select(vec![vec!["staff"], vec!["staff"], vec!["contractors"], vec![]]),
        (status(), status()),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(login, email, former, department, groups, status, namesake)| AtOkta {
            login,
            email,
            former,
            department,
            groups,
            status,
            namesake,
        })
}

fn at_access() -> impl Strategy<Value = AtAccess> {
    use CertificateIdentifier::{Email, Subject, Upn};
    (
        mostly(ALICE, vec!["alice", "alice.liddell@acme.test", "bob@acme.test"]),
        mostly(ALICE, vec!["bob@acme.test", "Alice@acme.test"]),
        mostly(None, vec![Some("alice.upn@acme.test"), Some("bob@acme.test")]),
        (prop::bool::weighted(0.9), prop::bool::weighted(0.9)),
        mostly(vec![Upn, Email, Subject], vec![vec![Email, Upn], vec![Subject], vec![Subject, Email]]),
    )
        .prop_map(|(username, email, upn, enabled, identifiers)| AtAccess {
            username,
            email,
            upn,
            enabled,
            identifiers,
        })
}

fn assignment() -> impl Strategy<Value = Assignment> {
    let to = |users: &[&str], groups: &[&str]| Assignment {
        everyone: false,
        users: users.iter().map(ToString::to_string).collect(),
        groups: groups.iter().map(ToString::to_string).collect(),
    };
    let everyone = Assignment { everyone: true, ..Assignment::default() };
    let some =
        vec![to(&["alice"], &[]), to(&["bob"], &[]), to(&[], &["staff"]), to(&["bob"], &["contractors"]), to(&[], &[])];
    prop_oneof![2 => Just(everyone), 1 => select(some)]
}

pub fn accounts() -> impl Strategy<Value = Accounts> {
    (
        at_okta(),
        at_access(),
        (
            mostly(Some(ALICE), vec![None, Some("bob@acme.test"), Some("alice.upn@acme.test")]),
            mostly(ALICE, vec!["bob@acme.test", ""]),
        ),
        (assignment(), assignment()),
    )
        .prop_map(|(at_okta, at_access, at_uem, assigned)| Accounts { at_okta, at_access, at_uem, assigned })
}

impl Accounts {
    pub fn set(&self, world: &mut World) {
        self.at_okta.set(world);
        self.at_access.set(world);
        for user in world.uem.users.iter_mut().filter(|u| u.name == "alice") {
            user.upn = self.at_uem.0.map(Into::into);
            user.email = self.at_uem.1.into();
        }
        for app in &mut world.okta.apps {
            let stands_for_access = app.name == "workspace-one-access";
            app.assigned = if stands_for_access { &self.assigned.1 } else { &self.assigned.0 }.clone();
        }
    }
}

impl AtOkta {
    fn set(&self, world: &mut World) {
        for user in &mut world.okta.users {
            if user.name == "bob" {
                user.status = self.status.1;
                continue;
            }
            (user.login, user.email) = (self.login.into(), self.email.into());
            user.groups = self.groups.iter().map(ToString::to_string).collect();
            user.status = self.status.0;
            let attributes = [("formerLogin", self.former), ("department", self.department)];
            for (name, value) in attributes {
                user.attributes.extend(value.map(|value| (name.to_string(), value.to_string())));
            }
        }
        let alice = world.okta.users.first().cloned().filter(|_| self.namesake);
        let namesake = |mut user: federation::tenant::okta::User| {
            (user.name, user.login) = ("alice-two".into(), "alice.two@acme.test".into());
            user.status = UserStatus::Active;
            user
        };
        world.okta.users.extend(alice.map(namesake));
    }
}

impl AtAccess {
    fn set(&self, world: &mut World) {
        for user in world.access.directories.iter_mut().flat_map(|d| &mut d.users) {
            if user.name == "bob" {
                user.enabled = self.enabled.1;
                continue;
            }
            (user.username, user.email) = (self.username.into(), self.email.into());
            user.upn = self.upn.map(Into::into);
            user.enabled = self.enabled.0;
        }
        let methods = &mut world.access.methods;
        for method in [&mut methods.mobile_sso_ios, &mut methods.mobile_sso_android, &mut methods.certificate] {
            method.identifiers = self.identifiers.clone();
        }
    }
}
