//! Classes of people and of places: those whom no setting tells apart are one.

use crate::facts::{Certificate, DeviceFacts, LEGS, Uem};
use crate::leaves::{Direct, Leaves, number};
use crate::model::{Model, PersonId, UserId};
use crate::stage::payload_leg;
use federation::tenant::okta::{PeopleCondition, UserMatch};
use federation::tenant::uem::Profile;
use federation::world::{Network, Person};
use federation::{Silent, World};
use idp_access::decide::person::owns;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use uem_mock::records::Certified;

/// A class of people, by its first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub name: String,
    /// How many are like her.
    pub members: usize,
    /// Somebody else of the class, where there is.
    pub other: Option<String>,
    pub okta: Option<UserId>,
    pub access: Option<PersonId>,
    pub uem: Option<String>,
}

/// Every class of the world's people.
pub fn classes(m: &Model) -> Vec<Who> {
    let mentioned = Mentioned::of(&m.world);
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut found: Vec<Who> = Vec::new();
    for person in &m.world.people {
        let signature = signature(m, &mentioned, person);
        match known.get(&signature) {
            Some(at) => {
                found[*at].members += 1;
                found[*at].other.get_or_insert_with(|| person.name.clone());
            }
            None => {
                known.insert(signature, found.len());
                found.push(Who {
                    name: person.name.clone(),
                    members: 1,
                    other: None,
                    okta: person.okta.as_ref().and_then(|name| m.user_named(name)),
                    access: person.access.as_ref().and_then(|path| m.person_at(path)),
                    uem: person.uem.clone(),
                });
            }
        }
    }
    found
}

/// The same person in another world.
pub fn again(m: &Model, who: &Who) -> Who {
    let person = m.world.people.iter().find(|p| p.name == who.name);
    Who {
        okta: person.and_then(|p| p.okta.as_ref()).and_then(|name| m.user_named(name)),
        access: person.and_then(|p| p.access.as_ref()).and_then(|path| m.person_at(path)),
        uem: person.and_then(|p| p.uem.clone()),
        ..who.clone()
    }
}

/// What of people settings speak of.
struct Mentioned {
    users: BTreeSet<String>,
    okta_groups: BTreeSet<String>,
    access_groups: BTreeSet<String>,
    attributes: BTreeSet<String>,
    login: bool,
    domain: bool,
}

impl Mentioned {
    fn of(world: &World) -> Mentioned {
        let mut users = BTreeSet::new();
        let mut groups = BTreeSet::new();
        let mut condition = |people: &PeopleCondition| {
            users.extend(people.users.iter().chain(&people.except_users).cloned());
            groups.extend(people.groups.iter().chain(&people.except_groups).cloned());
        };
        world.okta.apps.iter().flat_map(|a| &a.rules).for_each(|r| condition(&r.people));
        world.okta.session_rules.iter().for_each(|r| condition(&r.people));
        for app in &world.okta.apps {
            users.extend(app.assigned.users.iter().cloned());
            groups.extend(app.assigned.groups.iter().cloned());
        }
        let matches = || world.okta.routing_rules.iter().map(|r| &r.user);
        let attributes = matches().filter_map(|user| match user {
            UserMatch::Attribute(wanted) => Some(wanted.attribute.clone()),
            _ => None,
        });
        let custom = world.okta.identity_providers.iter().filter_map(|i| i.match_attribute.clone());
        let rules = world.access.policies.iter().flat_map(|p| &p.rules);
        Mentioned {
            users,
            okta_groups: groups,
            access_groups: rules.flat_map(|r| r.groups.iter().cloned()).collect(),
            attributes: attributes.chain(custom).collect(),
            login: matches().any(|user| matches!(user, UserMatch::Regex(_))),
            domain: matches().any(|user| matches!(user, UserMatch::Domains(_))),
        }
    }
}

/// Whom somebody is taken for: herself, another, nobody.
fn relation<T: PartialEq + std::fmt::Debug>(own: Option<T>, found: Option<T>) -> String {
    match found {
        None => "nobody".into(),
        Some(found) if own.as_ref() == Some(&found) => "herself".into(),
        Some(found) => format!("{found:?}"),
    }
}

/// What no two people of a class differ in.
fn signature(m: &Model, mentioned: &Mentioned, person: &Person) -> String {
    let mut says: Vec<String> = Vec::new();
    let okta = person.okta.as_ref().and_then(|name| m.user_named(name));
    let access = person.access.as_ref().and_then(|path| m.person_at(path));
    says.push(format!("{} {} {}", okta.is_some(), access.is_some(), person.uem.is_some()));
    if let Some(id) = okta {
        let user = &m.users[usize::from(id)];
        if mentioned.users.contains(&user.name) {
            says.push(user.name.clone());
        }
        let groups: Vec<&String> = user.groups.iter().filter(|g| mentioned.okta_groups.contains(*g)).collect();
        let attributes: Vec<Option<&String>> = mentioned.attributes.iter().map(|a| user.attributes.get(a)).collect();
        says.push(format!("{groups:?} {attributes:?} {:?} {:?}", user.status, user.factors));
        if mentioned.login || mentioned.attributes.contains("login") || mentioned.attributes.contains("email") {
            says.push(format!("{} {}", user.login, user.email));
        } else if mentioned.domain {
            says.push(user.login.rsplit_once('@').map_or("", |(_, domain)| domain).to_lowercase());
        }
        says.push(relation(Some(id), m.typed[usize::from(id)]));
        says.push(relation(Some(id), Some(m.by_login[usize::from(id)])));
        for network in 0..number(m.networks.len()) {
            says.push(relation(access, Direct::default().stated(m, id, network, &mut Silent)));
        }
    }
    if let Some(id) = access {
        let held = &m.persons[usize::from(id)];
        let groups: Vec<&String> = held.user.groups.iter().filter(|g| mentioned.access_groups.contains(*g)).collect();
        says.push(format!("{} {groups:?} {}", held.key.directory, held.user.enabled));
        for network in 0..number(m.networks.len()) {
            says.push(relation(Some(id), Direct::default().typed(m, id, true, network)));
        }
        for idp in 0..number(m.links.len()) {
            let mut direct = Direct::default();
            let made =
                !matches!(direct.matched(m, idp, id, &mut Silent), crate::leaves::Matched::User(u) if Some(u) == okta);
            says.push(if made { format!("{:?}", direct.matched(m, idp, id, &mut Silent)) } else { "herself".into() });
        }
    }
    if let Some(uem) = &person.uem {
        says.push(certified(m, uem, access));
    }
    says.join("|")
}

/// Whom the certificates of a UEM account name at Access.
fn certified(m: &Model, uem: &str, access: Option<PersonId>) -> String {
    let Some(user) = m.world.uem.users.iter().find(|u| u.name == uem) else { return "gone".into() };
    let mut says = Vec::new();
    let shown = |profile: &Profile| {
        let certified = Certified {
            payload: profile.payload,
            template: profile.template,
            user: user.clone(),
            serial: String::new(),
            not_before: m.start,
            not_after: federation::Time::MAX,
        };
        Certificate { certified, planted: None, listed: false }
    };
    for profile in &m.world.uem.profiles {
        let leg = payload_leg(profile.payload);
        let mut device = DeviceFacts { udid: "00".repeat(20), ..DeviceFacts::default() };
        device.legs[leg] = Some(shown(profile));
        for network in 0..number(m.networks.len()) {
            let found = Direct::default().certificate(m, &device, leg, network, (Uem::Answers, m.start), &mut Silent);
            says.push(format!("{} {}", LEGS[leg].name(), relation(access, found.map(|(person, _)| person))));
        }
    }
    let owner = |p: PersonId| owns(&m.persons[usize::from(p)].user, &user.username);
    let owners: Vec<bool> = access.into_iter().map(owner).collect();
    let others = (0..number(m.persons.len())).filter(|p| Some(*p) != access && owner(*p)).count();
    says.push(format!("{owners:?} {others}"));
    says.join(" ")
}

/// A place of each class, as numbers of the world's networks; those that nobody has named are added to them.
pub fn networks(world: &mut World) -> Vec<u16> {
    let zones = world.okta.network_zones.iter().map(|z| (z.name.clone(), z.gateways.clone()));
    let ranges = world.access.network_ranges.iter().map(|r| (r.name.clone(), r.ranges.clone()));
    let nets: Vec<(String, Vec<_>)> = zones.chain(ranges).collect();
    let class = |ip: IpAddr| -> Vec<bool> { nets.iter().map(|(_, n)| n.iter().any(|n| n.contains(&ip))).collect() };
    if world.networks.is_empty() {
        world.networks.push(Network { name: "anywhere".into(), ip: IpAddr::from([203, 0, 113, 10]) });
    }
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for (at, network) in world.networks.iter().enumerate() {
        if known.insert(class(network.ip)) {
            found.push(number(at));
        }
    }
    let inside = nets.iter().flat_map(|(name, nets)| {
        nets.iter().flat_map(move |n| [(format!("in-{name}"), n.addr()), (format!("in-{name}-last"), n.broadcast())])
    });
    let outside = [("elsewhere".to_string(), IpAddr::from([198, 18, 0, 1]))];
    for (name, ip) in inside.chain(outside).collect::<Vec<_>>() {
        if known.insert(class(ip)) && !world.networks.iter().any(|n| n.name == name) {
            found.push(number(world.networks.len()));
            world.networks.push(Network { name, ip });
        }
    }
    found
}
