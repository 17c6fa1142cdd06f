//! Who somebody is: from a certificate, a typed login, or a name that Okta states.

use super::chain::MethodSet;
use super::policy::covers;
use crate::people::{self, Named, People};
use federation::tenant::Access;
use federation::tenant::access::{
    AuthMethod, CertificateIdentifier, FallbackPerson, IdentityProvider, UdidLocation, User,
};
use federation::{Finding, Why};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A person of a directory, by names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonKey {
    pub directory: String,
    pub user: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Person(PersonKey),
    Nobody,
    Several,
    NoIdentityProvider,
}

/// What a verified certificate says that may name a person or a device.
#[derive(Debug, Clone, Default)]
pub struct CertificateNames {
    pub cn: Option<String>,
    pub uid: Option<String>,
    pub upn: Option<String>,
    pub email: Option<String>,
    pub uris: Vec<String>,
}

/// Somebody who may sign in.
pub fn user(people: &People, key: &PersonKey) -> Option<User> {
    let user = people.user_by_key(&key.directory, &key.user)?;
    user.active().then(|| people.person(user))
}

fn offers(access: &Access, method: AuthMethod, ip: IpAddr) -> impl Iterator<Item = &IdentityProvider> {
    access
        .identity_providers
        .iter()
        .filter(move |i| i.methods.contains(&method) && covers(access, i.network_ranges.iter(), ip))
}

/// Methods that some identity provider offers to this address and, where known, to this directory.
pub fn offered(access: &Access, ip: IpAddr, directory: Option<&str>) -> MethodSet {
    let reachable = access.identity_providers.iter().filter(|i| covers(access, i.network_ranges.iter(), ip));
    let serves = |i: &&IdentityProvider| directory.is_none_or(|d| i.directories.iter().any(|name| name == d));
    reachable.filter(serves).flat_map(|i| &i.methods).fold(MethodSet::default(), |set, m| set.with(*m))
}

/// Those who are called so, may sign in and are served by the method from this address.
pub fn served<'p>(
    access: &Access,
    people: &'p People,
    method: AuthMethod,
    ip: IpAddr,
    named: Named<'_>,
) -> Vec<(PersonKey, &'p people::User)> {
    let names: Vec<&String> = offers(access, method, ip).flat_map(|i| &i.directories).collect();
    let here = people.named(named).into_iter().filter(|u| u.active()).filter_map(|u| {
        let directory = &people.directory(&u.directory)?.name;
        let key = PersonKey { directory: directory.clone(), user: u.name.clone() };
        names.contains(&directory).then_some((key, &**u))
    });
    here.collect()
}

pub fn find(
    access: &Access,
    people: &People,
    method: AuthMethod,
    ip: IpAddr,
    named: Named<'_>,
    why: &mut impl Why,
) -> Found {
    let saw = named.text();
    match &served(access, people, method, ip, named)[..] {
        [(key, _)] => Found::Person(key.clone()),
        [] => {
            let elsewhere = people.named(named).iter().any(|u| u.active());
            if elsewhere || offers(access, method, ip).next().is_none() {
                why.note(|| {
                    Finding::new("method/no-identity-provider")
                        .rule("access.identity_providers")
                        .saw(saw)
                        .wanted(method.name())
                });
                return Found::NoIdentityProvider;
            }
            let disabled = people.named(named).into_iter().find_map(|u| Some((people.directory(&u.directory)?, u)));
            why.note(|| match disabled {
                Some((directory, user)) => Finding::new("person/disabled")
                    .rule(format!("access.directories.{}.users.{}", directory.name, user.name))
                    .saw(saw),
                None => Finding::new("person/not-found").rule("access.directories").saw(saw),
            });
            Found::Nobody
        }
        _ => {
            why.note(|| Finding::new("person/ambiguous").rule("access.directories").saw(saw));
            Found::Several
        }
    }
}

fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn upn(user: &User) -> &str {
    user.upn.as_deref().unwrap_or(&user.email)
}

/// The first identifier that is present counts, whether or not it names anybody.
pub fn by_certificate(
    access: &Access,
    people: &People,
    method: AuthMethod,
    order: &[CertificateIdentifier],
    names: &CertificateNames,
    ip: IpAddr,
    why: &mut impl Why,
) -> Found {
    let value = |i: &CertificateIdentifier| match i {
        CertificateIdentifier::Upn => names.upn.clone(),
        CertificateIdentifier::Email => names.email.clone(),
        CertificateIdentifier::Subject => names.uid.clone().or_else(|| names.cn.clone()),
    };
    let Some((identifier, value)) = order.iter().find_map(|i| Some((*i, value(i)?))) else {
        why.note(|| Finding::new("person/not-found").saw("the certificate holds none of the identifiers"));
        return Found::Nobody;
    };
    let named = match identifier {
        CertificateIdentifier::Upn => Named::Upn(&value),
        CertificateIdentifier::Email => Named::Email(&value),
        CertificateIdentifier::Subject => Named::Login(&value),
    };
    find(access, people, method, ip, named, why)
}

/// Whether `found` may answer for the sign-in of `known`. `bound`: the chain that asks holds a method that has passed already.
pub fn may_answer(
    how: FallbackPerson,
    known: Option<&PersonKey>,
    bound: bool,
    found: &PersonKey,
    why: &mut impl Why,
) -> Answering {
    let Some(known) = known.filter(|known| *known != found) else { return Answering::SamePerson };
    let refused = || Finding::new("person/another").saw(found.user.clone()).wanted(known.user.clone());
    if bound {
        why.note(refused);
        return Answering::Refused;
    }
    why.note(|| Finding::new("assumes/fallback-person").rule("access.assumptions.fallback_person"));
    match how {
        FallbackPerson::Anybody => Answering::Instead,
        FallbackPerson::Kept => {
            why.note(refused);
            Answering::Refused
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// The first to be identified, or the one known so far.
    SamePerson,
    /// Somebody else, whose sign-in this is from now on.
    Instead,
    Refused,
}

/// Whether a name that another system states is this person's.
fn is_called(user: &User, name: &str) -> bool {
    same(&user.username, name) || same(&user.email, name) || same(upn(user), name)
}

/// As UEM's device record names its owner: a login, or the login's part before `@`.
pub fn owns(user: &User, owner: &str) -> bool {
    is_called(user, owner) || user.username.split_once('@').is_some_and(|(local, _)| same(local, owner))
}

fn looks_like_udid(text: &str) -> bool {
    let hex = text.chars().filter(char::is_ascii_hexdigit).count();
    hex >= 16 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// The device that a certificate names.
pub fn udid(names: &CertificateNames, location: UdidLocation, why: &mut impl Why) -> Option<String> {
    why.note(|| Finding::new("assumes/udid-location").rule("access.assumptions.udid_location"));
    // Two devices in one certificate are none.
    let san = || {
        let mut stated = names.uris.iter().filter_map(|u| u.strip_prefix("urn:udid:"));
        stated.next().filter(|_| stated.next().is_none()).map(str::to_string)
    };
    match location {
        UdidLocation::AsTemplate => names.cn.clone().filter(|cn| looks_like_udid(cn)).or_else(san),
        UdidLocation::SanOnly => san(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use federation::Silent;

    #[track_caller]
    fn check(names: CertificateNames, expected: Found) {
        use CertificateIdentifier::*;
        let access = fixtures::access();
        let ip = IpAddr::from([192, 0, 2, 1]);
        let people = fixtures::people(&access);
        let observed =
            by_certificate(&access, &people, AuthMethod::MobileSsoIos, &[Upn, Email, Subject], &names, ip, &mut Silent);
        assert_eq!(observed, expected, "{names:?}");
    }

    #[test]
    fn a_certificate_names_one_person_or_none() {
        let alice = Found::Person(PersonKey { directory: "people".into(), user: "alice".into() });
        let some = |s: &str| Some(s.to_string());
        check(CertificateNames { upn: some("ALICE@acme.test"), ..Default::default() }, alice.clone());
        check(CertificateNames { cn: some("alice"), ..Default::default() }, alice);
        check(
            CertificateNames { upn: some("nobody@acme.test"), cn: some("alice"), ..Default::default() },
            Found::Nobody,
        );
        check(CertificateNames { cn: some("carol"), ..Default::default() }, Found::NoIdentityProvider);
        check(CertificateNames::default(), Found::Nobody);
    }

    #[test]
    fn the_udid_is_where_the_template_says() {
        let hex = "98bcb804e611de8fb0824b8dbaccfe3cc63171b4";
        let both = CertificateNames { cn: Some(hex.into()), uris: vec!["urn:udid:abc".into()], ..Default::default() };
        assert_eq!(udid(&both, UdidLocation::AsTemplate, &mut Silent).as_deref(), Some(hex));
        assert_eq!(udid(&both, UdidLocation::SanOnly, &mut Silent).as_deref(), Some("abc"));
        let user = CertificateNames { cn: Some("alice".into()), ..both };
        assert_eq!(udid(&user, UdidLocation::AsTemplate, &mut Silent).as_deref(), Some("abc"));
    }

    #[test]
    fn a_fallback_answers_for_whom_an_earlier_chain_identified() {
        use Answering::*;
        let person = |user: &str| PersonKey { directory: "people".into(), user: user.into() };
        let (alice, bob) = (person("alice"), person("bob"));
        let rows = [
            (FallbackPerson::Kept, None, false, SamePerson, ""),
            (FallbackPerson::Kept, Some(&bob), false, SamePerson, ""),
            (FallbackPerson::Kept, Some(&alice), false, Refused, "assumes/fallback-person person/another"),
            (FallbackPerson::Anybody, Some(&alice), false, Instead, "assumes/fallback-person"),
            (FallbackPerson::Anybody, Some(&alice), true, Refused, "person/another"),
        ];
        for (how, known, bound, expected, expected_codes) in rows {
            let mut why = Vec::new();
            assert_eq!(may_answer(how, known, bound, &bob, &mut why), expected, "{how:?} {known:?} {bound}");
            assert_eq!(why.iter().map(|f: &Finding| f.code).collect::<Vec<_>>().join(" "), expected_codes);
        }
    }
}
