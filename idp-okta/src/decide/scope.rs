//! Conditions that several kinds of rules share: who, and from where.

use federation::tenant::okta::{App, Location, Okta, PeopleCondition, User};
use std::net::IpAddr;

pub fn in_location(settings: &Okta, location: &Location, ip: IpAddr) -> bool {
    let inside = |names: &[String]| {
        settings
            .network_zones
            .iter()
            .any(|zone| names.contains(&zone.name) && zone.gateways.iter().any(|net| net.contains(&ip)))
    };
    (location.in_zones.is_empty() || inside(&location.in_zones)) && !inside(&location.not_in_zones)
}

/// Empty lists mean everybody; exceptions win.
pub fn in_people(people: &PeopleCondition, user: &User) -> bool {
    let listed = |users: &[String], groups: &[String]| {
        users.contains(&user.name) || user.groups.iter().any(|group| groups.contains(group))
    };
    let everybody = people.users.is_empty() && people.groups.is_empty();
    (everybody || listed(&people.users, &people.groups)) && !listed(&people.except_users, &people.except_groups)
}

pub fn assigned(app: &App, user: &User) -> bool {
    app.assigned.everyone
        || app.assigned.users.contains(&user.name)
        || user.groups.iter().any(|group| app.assigned.groups.contains(group))
}
