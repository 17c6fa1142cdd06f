//! Changes that are kept: a disk that fails is answered as such and nothing is half there; the store follows its model.

mod tenant;

use federation::{StoreError, Time};
use fedsim::durable::{Disk, Left, Log, Row};
use fedsim::store::Store;
use fedsim::store::rows::SledRows;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tenant::{CLASSIC, MANAGER, Tenant};

/// A disk in memory that is full after some batches, and may have kept the beginning of the one that failed.
#[derive(Clone, Default)]
struct Full {
    rows: Arc<Mutex<Vec<Row>>>,
    room: Arc<Mutex<Option<usize>>>,
    short: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk for Full {
    fn write(&self, rows: &[Row]) -> Result<(), StoreError> {
        let mut room = locked(&self.room);
        let full = *room == Some(0);
        let written = if full { &rows[..self.short.min(rows.len())] } else { rows };
        locked(&self.rows).extend_from_slice(written);
        *room = room.map(|room| room.saturating_sub(1));
        if full { Err(StoreError("no space left on device".into())) } else { Ok(()) }
    }

    fn forget(&self, _: u64) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&self) -> Result<Left, StoreError> {
        Ok(Left { forgotten: 0, rows: locked(&self.rows).clone() })
    }
}

fn tenant(disk: &Full) -> Tenant {
    Tenant::start_with(|_| {}, Some(Log::open(disk.clone()).expect("opens")))
}

fn user(name: &str) -> Value {
    json!({
        "schemas": ["urn:scim:schemas:core:1.0"],
        "userName": name,
        "name": { "givenName": "Carol", "familyName": "Danvers" },
        "emails": [{ "value": format!("{name}@acme.test") }],
        "urn:scim:schemas:extension:workspace:1.0": { "domain": "okta.acme.test" },
    })
}

fn found(tenant: &Tenant, name: &str) -> bool {
    let filter = tenant::quoted(&format!("userName eq \"{name}\""));
    let answer = tenant.call("GET", &format!("{CLASSIC}/Users?filter={filter}"), Value::Null);
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json["totalResults"] == 1
}

#[test]
fn a_disk_that_fails_is_answered_503_and_nothing_is_half_there() {
    for short in [0, 1] {
        let disk = Full { short, ..Full::default() };
        let first = tenant(&disk);
        assert_eq!(first.call("POST", &format!("{CLASSIC}/Users"), user("kept")).status, 201);
        *locked(&disk.room) = Some(0);
        let refused = first.call("POST", &format!("{CLASSIC}/Users"), user("lost"));
        assert_eq!((refused.status, refused.text.as_str()), (503, ""), "short {short}");
        // What a crash would undo is not told to anybody either, and nothing more is taken.
        assert_eq!(first.call("GET", &format!("{CLASSIC}/Users"), Value::Null).status, 503);
        assert_eq!(first.call("POST", &format!("{CLASSIC}/Users"), user("later")).status, 503);
        drop(first);
        *locked(&disk.room) = None;
        let second = tenant(&disk);
        let there = ["kept", "lost", "later"].map(|name| found(&second, name));
        assert_eq!(there, [true, short == 1, false], "whole, or not at all");
    }
}

/// Each kind of write of each interface is there after a start that has nothing but the log.
#[test]
fn every_kind_of_change_is_done_again() {
    let disk = Full::default();
    let first = tenant(&disk);
    let made = |what: &str, body: Value| {
        let answer = first.call("POST", &format!("{CLASSIC}/{what}"), body);
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json["id"].as_str().unwrap_or_default().to_string()
    };
    let [carol, dave, erin] = ["carol", "dave", "erin"].map(|name| made("Users", user(name)));
    let members = json!([{ "value": carol, "type": "User" }, { "value": dave, "type": "User" }]);
    let group = json!({
        "schemas": ["urn:scim:schemas:core:1.0"],
        "displayName": "Staff",
        "members": members,
        "urn:scim:schemas:extension:workspace:1.0": { "domain": "okta.acme.test" },
    });
    let group = made("Groups", group);
    let patch = |path: &str, body: Value| {
        let answer = first.call("PATCH", &format!("{CLASSIC}/{path}"), body);
        assert!(answer.status < 300, "{}", answer.text);
    };
    patch(&format!("Users/{carol}"), json!({ "active": false }));
    let leaves = json!({ "members": [{ "value": dave, "type": "User", "operation": "delete" }] });
    patch(&format!("Groups/{group}"), leaves);
    assert_eq!(first.call("DELETE", &format!("{CLASSIC}/Users/{erin}"), Value::Null).status, 204);
    let client = json!({ "clientId": "Later", "secret": "s3cret-of-Later", "scope": "admin",
        "authGrantTypes": "client_credentials" });
    let answer = first.call("POST", &format!("{MANAGER}/oauth2clients"), client);
    assert_eq!(answer.status, 201, "{}", answer.text);
    let at_uem = json!({ "UserName": "frank", "Password": "p", "ExternalId": "00u1" });
    assert_eq!(first.uem("POST", "adduser", at_uem).status, 200);
    let id = "10001";
    assert_eq!(first.uem("POST", &format!("{id}/deactivate"), Value::Null).status, 200);
    let look = |tenant: &Tenant| {
        let people = tenant.call("GET", &format!("{CLASSIC}/Users?count=100"), Value::Null);
        let groups = tenant.call("GET", &format!("{CLASSIC}/Groups?count=100"), Value::Null);
        let clients = tenant.call("GET", &format!("{MANAGER}/oauth2clients"), Value::Null);
        [people.text, groups.text, clients.text, tenant.uem("GET", id, Value::Null).text]
    };
    let before = look(&first);
    assert!(before[0].contains("carol") && !before[0].contains("erin") && before[1].contains("Staff"), "{before:?}");
    drop(first);
    let second = tenant(&disk);
    assert_eq!(look(&second), before);
    let token = "grant_type=client_credentials&client_id=Later&client_secret=s3cret-of-Later";
    assert_eq!(second.form("/SAAS/auth/oauthtoken", token, None).status, 200);
    let audited = |row: &&Row| String::from_utf8_lossy(&row.audit).contains(r#""event_type":"CREATE""#);
    assert_eq!(locked(&disk.rows).iter().filter(audited).count(), 5, "the audit is beside each change");
}

#[derive(Debug, Clone)]
enum Act {
    Write(Vec<(u8, bool)>),
    Forget(u8),
    Once(u8),
    Again,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => prop::collection::vec(any::<(u8, bool)>(), 1..5).prop_map(Act::Write),
        1 => any::<u8>().prop_map(Act::Forget),
        2 => (0u8..4).prop_map(Act::Once),
        1 => Just(Act::Again),
    ]
}

/// The store, opened as often as it takes the former one to let go.
fn opened(dir: &std::path::Path) -> (Store, SledRows) {
    loop {
        match Store::keep(dir) {
            Ok(store) => {
                let Store::Kept(kept) = &store else { panic!("it is kept") };
                let rows = SledRows::open(kept).expect("opens");
                return (store, rows);
            }
            Err(e) if e.to_string().contains("another fedsim") => std::thread::yield_now(),
            Err(e) => panic!("{e}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Rows, audit and used keys in sled are what a list, a list and a set would hold, over any number of restarts.
    #[test]
    fn the_store_follows_its_model(acts in prop::collection::vec(act(), 1..20)) {
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("store");
        let (mut store, mut disk) = opened(&dir);
        let (mut model, mut audit) = (Left::default(), Vec::new());
        let mut used = std::collections::BTreeSet::new();
        for act in acts {
            match act {
                Act::Write(texts) => {
                    let from = model.last() + 1;
                    let row = |(number, (byte, tells)): (u64, (u8, bool))| Row {
                        number,
                        party: format!("party-{}", byte % 3),
                        change: vec![byte; usize::from(byte % 7)],
                        audit: if tells { vec![byte, 1] } else { Vec::new() },
                    };
                    let rows: Vec<Row> = (from..).zip(texts).map(row).collect();
                    disk.write(&rows).expect("writes");
                    audit.extend(rows.iter().map(|row| row.audit.clone()).filter(|audit| !audit.is_empty()));
                    model.rows.extend(rows.into_iter().map(|row| Row { audit: Vec::new(), ..row }));
                }
                Act::Forget(part) => {
                    let reach = model.last() - model.forgotten;
                    let number = model.forgotten + reach * u64::from(part) / 255;
                    disk.forget(number).expect("forgets");
                    model.rows.retain(|row| row.number > number);
                    model.forgotten = number;
                }
                Act::Once(key) => {
                    let fresh = store.once("t", &key.to_string(), Time(10), Time(0)).expect("answers");
                    prop_assert_eq!(fresh, used.insert(key));
                }
                Act::Again => {
                    drop((store, disk));
                    (store, disk) = opened(&dir);
                    store.begin(Time(0)).expect("begins");
                }
            }
            prop_assert_eq!(&disk.read().expect("reads"), &model);
            prop_assert_eq!(&disk.audit().expect("reads"), &audit);
        }
    }
}
