//! What provisioning costs at 100,000 people: creating one at the start and at the end, a page at any offset, a look-up.
//!
//! `cargo bench -p idp-access`; the rules and the store alone, without HTTP and TLS.

use divan::{Bencher, black_box};
use federation::tenant::Access;
use federation::{Silent, Time};
use idp_access::decide::scim::Rules;
use idp_access::decide::scim::query::Query;
use idp_access::people::{People, seed};
use serde_json::json;
use std::sync::OnceLock;
use wire::scim::message::Search;
use wire::scim::{Object, Resource};

const MANY: usize = 100_000;

fn main() {
    divan::main();
}

fn settings() -> Access {
    let tenant = json!({
        "host": "acme.test", "certificate_host": "cert.acme.test", "policies": [],
        "directories": [{ "name": "okta", "kind": "other", "domain": "acme.test" }],
    });
    serde_json::from_value(tenant).expect("the tenant reads")
}

fn person(n: usize) -> Object {
    let body = json!({
        "userName": format!("user{n}@acme.test"),
        "externalId": format!("00u{n:017}"),
        "name": { "givenName": "Given", "familyName": format!("Family{n}") },
        "emails": [{ "value": format!("user{n}@acme.test"), "type": "work", "primary": true }],
        "active": true,
    });
    body.as_object().expect("an object").clone()
}

fn create(settings: &Access, people: &mut People, n: usize) {
    let rules = Rules { settings, people, now: Time(0), newer: true };
    let made = rules.create_user(format!("{n:032x}"), &person(n), &mut Silent).expect("created");
    people.apply(&made.changes);
}

fn filled(settings: &Access, many: usize) -> People {
    let mut people = People::default();
    people.apply(&seed::changes(None, settings, Time(0)));
    (0..many).for_each(|n| create(settings, &mut people, n));
    people
}

fn everybody() -> &'static (Access, People) {
    static ALL: OnceLock<(Access, People)> = OnceLock::new();
    ALL.get_or_init(|| {
        let settings = settings();
        let people = filled(&settings, MANY);
        (settings, people)
    })
}

/// One creation where there are this many already.
#[divan::bench(args = [0, MANY], sample_count = 20, sample_size = 500)]
fn create_one(bencher: Bencher<'_, '_>, already: usize) {
    let settings = settings();
    let mut people = filled(&settings, already);
    let mut n = already;
    bencher.bench_local(|| {
        create(&settings, &mut people, n);
        n += 1;
    });
}

fn list(query: &str) -> usize {
    let (settings, people) = everybody();
    let query = Query::read(Resource::User, &Search::from_query(query), true).expect("readable");
    Rules { settings, people, now: Time(0), newer: true }.list_users(&query).items.len()
}

#[divan::bench(args = [1, MANY / 2, MANY - 99])]
fn page_of_100_from(offset: usize) -> usize {
    list(black_box(&format!("startIndex={offset}&count=100")))
}

#[divan::bench]
fn user_name_eq() -> usize {
    list(black_box("filter=userName+eq+%22USER77777%40acme.test%22"))
}

#[divan::bench]
fn external_id_eq_and_more() -> usize {
    list(black_box("filter=externalId+eq+%2200u00000000000077777%22+and+active+eq+true"))
}

#[divan::bench(sample_count = 10)]
fn scan_family_name() -> usize {
    list(black_box("filter=name.familyName+eq+%22family77777%22"))
}
