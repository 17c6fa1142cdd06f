//! The rules as tables: what a client sends, what comes of it.

use super::fault::Fault;
use super::project::Wanted;
use super::query::Query;
use super::view::View;
use super::*;
use crate::fixtures;
use crate::people::{Change, People, SYSTEM_DOMAIN};
use federation::Silent;
use federation::tenant::access::{ClassicPlural, DirectoryKind, IfMatch, Recreate, UserNameScope};
use federation::tenant::provisioning::UserAttribute;
use serde_json::{Value, json};
use std::time::Duration;
use wire::scim::message::{Search, read_patch};
use wire::scim::schemas::WS1B_USER_URN;
use wire::scim::{Object, PATCH_OP, Resource};

/// A tenant with people, on which rules act one after another.
struct World {
    settings: Access,
    people: People,
    now: Time,
    fresh: u32,
    newer: bool,
}

fn object(value: Value) -> Object {
    value.as_object().expect("an object").clone()
}

impl World {
    fn new(newer: bool) -> World {
        let mut settings = fixtures::access();
        settings.directories[1].kind = DirectoryKind::Ad;
        let people = fixtures::people(&settings);
        World { settings, people, now: Time(0), fresh: 0, newer }
    }

    fn act<R>(&mut self, act: impl FnOnce(&Rules<'_>, String) -> Result<(R, Vec<Change>), Fault>) -> Result<R, Fault> {
        self.fresh += 1;
        self.now = self.now + Duration::from_secs(1);
        let rules = Rules { settings: &self.settings, people: &self.people, now: self.now, newer: self.newer };
        let (out, changes) = act(&rules, format!("id-{}", self.fresh))?;
        self.people.apply(&changes);
        Ok(out)
    }

    fn create(&mut self, body: Value) -> Result<String, Fault> {
        self.act(|r, id| r.create_user(id, &object(body), &mut Silent).map(|o| (o.record.id.clone(), o.changes)))
    }
    fn replace(&mut self, id: &str, body: Value) -> Result<u64, Fault> {
        self.act(|r, _| r.replace_user(id, &object(body), None, &mut Silent).map(|o| (o.record.version, o.changes)))
    }
    fn patch(&mut self, id: &str, operations: Value) -> Result<u64, Fault> {
        let body = object(json!({ "schemas": [PATCH_OP], "Operations": operations }));
        let operations = read_patch(&body).expect("operations");
        self.act(|r, _| r.patch_user(id, &operations, None, &mut Silent).map(|o| (o.record.version, o.changes)))
    }
    fn merge(&mut self, id: &str, body: Value) -> Result<u64, Fault> {
        self.act(|r, _| r.merge_user(id, &object(body), None, &mut Silent).map(|o| (o.record.version, o.changes)))
    }
    fn group(&mut self, body: Value) -> Result<String, Fault> {
        self.act(|r, id| r.create_group(id, &object(body), &mut Silent).map(|o| (o.record.id.clone(), o.changes)))
    }
    fn patch_group(&mut self, id: &str, operations: Value) -> Result<u64, Fault> {
        let body = object(json!({ "schemas": [PATCH_OP], "Operations": operations }));
        let operations = read_patch(&body).expect("operations");
        self.act(|r, _| r.patch_group(id, &operations, None, &mut Silent).map(|o| (o.record.version, o.changes)))
    }
    fn show(&self, id: &str) -> Value {
        Value::Object(View::user(&self.people, self.people.user(id).expect("a user"), "b").render())
    }
    fn members(&self, group: &str) -> Vec<&str> {
        self.people.members(group).map(|u| u.id.as_str()).collect()
    }
    /// Names of the users of a list, and the total.
    fn list(&self, search: Search) -> Result<(Vec<String>, usize), Fault> {
        let query = Query::read(Resource::User, &search, self.newer)?;
        let rules = Rules { settings: &self.settings, people: &self.people, now: self.now, newer: self.newer };
        let found = rules.list_users(&query);
        Ok((found.items.iter().map(|u| u.user_name().to_string()).collect(), found.total))
    }
    fn filter(&self, filter: &str) -> Result<Vec<String>, Fault> {
        self.list(Search { filter: Some(filter.into()), ..Search::default() }).map(|(names, _)| names)
    }
}

fn person(name: &str) -> Value {
    json!({
        "userName": name,
        "name": { "givenName": "Given", "familyName": "Family" },
        "emails": [{ "value": format!("{name}@acme.test"), "primary": true, "type": "work" }],
        WS1B_USER_URN: { "domain": "acme.test" },
    })
}

fn with(mut body: Value, changes: Value) -> Value {
    for (name, value) in object(changes) {
        if value.is_null() { drop(body.as_object_mut().map(|b| b.remove(&name))) } else { body[&name] = value }
    }
    body
}

#[test]
fn who_may_be_created_where() {
    let domain = |d: &str| json!({ WS1B_USER_URN: { "domain": d } });
    let check = |body: Value, expected: Result<&str, &str>| {
        let mut world = World::new(false);
        let made = world.create(body);
        let observed = made.map(|id| world.show(&id)[WS1B_USER_URN]["domain"].clone()).map_err(|f| f.to_string());
        assert_eq!(observed, expected.map(Value::from).map_err(String::from));
    };
    check(person("bob"), Ok("acme.test"));
    check(with(person("bob"), domain("ACME.test")), Ok("acme.test"));
    check(with(person("bob"), domain(SYSTEM_DOMAIN)), Ok(SYSTEM_DOMAIN));
    check(with(person("bob"), json!({ WS1B_USER_URN: null })), Ok(SYSTEM_DOMAIN));
    let unknown = "User domain name specified for the user resource doesn't belong to the directory.";
    check(with(person("bob"), domain("other.test")), Err(unknown));
    check(with(person("bob"), domain("x.test")), Err("User creation is not supported for specified directory id"));
    check(
        with(person("bob"), json!({ "name": null })),
        Err("Required user attributes:[firstName, lastName] are missing."),
    );
    check(with(person("ALICE"), json!({})), Err("a user with the name ALICE exists already"));
    let two = json!({ "emails": [{ "value": "a" }, { "value": "b" }] });
    check(with(person("bob"), two), Err("`emails` must hold exactly one address, not 2"));
    check(with(person("bob"), json!({ "active": "perhaps" })), Err("`active` must be true or false"));
    check(with(person("bob"), json!({ "USERNAME": "bo" })), Err("`userName` is given twice"));
    let primary = json!({ "phoneNumbers": [{ "value": "1", "primary": true }, { "value": "2", "primary": true }] });
    check(with(person("bob"), primary), Err("`phoneNumbers` has 2 primary values"));
}

#[test]
fn the_tenant_says_what_is_required() {
    let mut world = World::new(false);
    world.settings.provisioning.required_attributes.push(UserAttribute::DistinguishedName);
    let refused = world.create(person("bob")).map_err(|f| f.to_string());
    assert_eq!(refused, Err("Required user attributes:[distinguishedName] are missing.".into()));
    world.settings.provisioning.required_attributes = vec![UserAttribute::UserName];
    assert!(world.create(json!({ "userName": "bob" })).is_ok());
    assert!(world.create(json!({ "displayName": "nobody" })).is_err());
}

#[test]
fn a_name_belongs_to_one_person_of_a_directory() {
    let mut world = World::new(true);
    let bob = world.create(person("bob")).expect("bob");
    let eve = world.create(person("eve")).expect("eve");
    let taken = |f: Fault| matches!(f, Fault::Taken(_));
    assert!(world.create(person("BoB")).is_err_and(taken));
    assert!(world.replace(&eve, person("BOB")).is_err_and(taken));
    assert!(world.patch(&eve, json!([{ "op": "replace", "path": "userName", "value": "Bob" }])).is_err_and(taken));
    assert!(world.replace(&bob, person("BOB")).is_ok(), "her own name in another case");
    // Carol is in the AD directory: another person under the same name, unless names are the tenant's.
    assert!(world.create(person("carol")).is_ok());
    world.settings.assumptions.scim_name_scope = UserNameScope::Tenant;
    let mut other = World { settings: world.settings, ..World::new(true) };
    assert!(other.create(person("carol")).is_err_and(taken));
}

#[test]
fn creating_anew_revives_the_old_record() {
    let mut world = World::new(false);
    let bob = world.create(with(person("bob"), json!({ "title": "old" }))).expect("bob");
    world.merge(&bob, json!({ "active": false })).expect("deactivated");
    assert_eq!(world.filter("userName eq \"bob\""), Ok(vec!["bob".into()]), "stays findable");
    let again = world.create(with(person("bob"), json!({ "title": "new" })));
    assert_eq!(again.as_deref(), Ok(bob.as_str()));
    let shown = world.show(&bob);
    assert_eq!((&shown["title"], &shown["active"]), (&json!("new"), &json!(true)));
    world.merge(&bob, json!({ "active": false })).expect("deactivated");
    world.settings.assumptions.scim_recreate = Recreate::Conflict;
    assert!(world.create(person("bob")).is_err_and(|f| matches!(f, Fault::Taken(_))));
}

#[test]
fn people_of_active_directory_are_not_touched() {
    let mut world = World::new(false);
    let carol = world.people.named(crate::people::Named::Login("carol"))[0].id.clone();
    let not_local = |f: Fault| f == Fault::NotLocal(Resource::User);
    assert!(world.merge(&carol, json!({ "active": false })).is_err_and(not_local));
    assert!(world.replace(&carol, person("carol")).is_err_and(not_local));
    assert!(world.act(|r, _| r.delete_user(&carol, None, &mut Silent).map(|c| ((), c))).is_err_and(not_local));
    assert_eq!(Fault::NotLocal(Resource::User).to_string(), "The user is not a local user and can not be updated");
}

#[test]
fn patch_does_all_or_nothing() {
    let mut world = World::new(true);
    let bob = world.create(person("bob")).expect("bob");
    let before = world.show(&bob);
    let failing = json!([
        { "op": "replace", "path": "displayName", "value": "Bobby" },
        { "op": "remove", "path": "phoneNumbers[type eq \"fax\"]" },
    ]);
    assert!(world.patch(&bob, failing).is_err_and(|f| matches!(f, Fault::NoTarget(_))));
    assert_eq!(world.show(&bob), before);
}

/// What one operation makes of bob: an attribute of his, or the fault's type.
#[track_caller]
fn patched(operation: Value, attribute: &str, expected: Result<Value, &str>) {
    let mut world = World::new(true);
    let body = json!({
        "phoneNumbers": [{ "value": "1", "type": "work", "primary": true }, { "value": "2", "type": "home" }],
        "title": "Dr",
    });
    let bob = world.create(with(person("bob"), body)).expect("bob");
    let done = world.patch(&bob, json!([operation])).map_err(|f| f.scim_type().unwrap_or("none").to_string());
    let seen = done.map(|_| world.show(&bob).pointer(attribute).cloned().unwrap_or_default());
    assert_eq!(seen, expected.map_err(String::from), "{operation}");
}

#[test]
fn operations_of_patch() {
    let op = |op: &str, path: &str, value: Value| json!({ "op": op, "path": path, "value": value });
    let remove = |path: &str| json!({ "op": "remove", "path": path });
    patched(json!({ "op": "Replace", "value": { "active": "False", "id": "x" } }), "/active", Ok(json!(false)));
    patched(op("add", "NickName", json!("bo")), "/nickName", Ok(json!("bo")));
    patched(op("replace", "name.familyName", json!("B")), "/name/familyName", Ok(json!("B")));
    patched(op("replace", "name", json!({ "givenName": "G", "familyName": "B" })), "/name/familyName", Ok(json!("B")));
    patched(op("add", "name", json!({ "middleName": "M" })), "/name/givenName", Ok(json!("Given")));
    patched(remove("title"), "/title", Ok(Value::Null));
    patched(remove("userName"), "", Err("invalidValue"));
    patched(op("replace", "id", json!("x")), "", Err("mutability"));
    patched(op("add", "groups", json!([{ "value": "x" }])), "", Err("mutability"));
    patched(op("replace", &format!("{WS1B_USER_URN}:domain"), json!("x.test")), "", Err("mutability"));
    patched(op("add", &format!("{WS1B_USER_URN}:domain"), json!("acme.test")), "/title", Ok(json!("Dr")));
    patched(remove(&format!("{WS1B_USER_URN}:domain")), "", Err("mutability"));
    patched(op("replace", "nothing", json!("x")), "", Err("invalidPath"));
    patched(op("replace", "title", json!(7)), "", Err("invalidValue"));
    patched(op("replace", "emails[type eq \"work\"].value", json!("b@x")), "/emails/0/value", Ok(json!("b@x")));
    patched(op("add", "emails", json!([{ "value": "c@x" }])), "", Err("invalidValue"));
    patched(op("replace", "phoneNumbers[type eq \"fax\"].value", json!("9")), "", Err("noTarget"));
    patched(
        op("add", "phoneNumbers[type eq \"fax\"].value", json!("9")),
        "/phoneNumbers/2",
        Ok(json!({ "type": "fax", "value": "9" })),
    );
    patched(
        op("add", "phoneNumbers", json!([{ "value": "3", "primary": true }])),
        "/phoneNumbers/0/primary",
        Ok(json!(false)),
    );
    patched(remove("phoneNumbers[value sw \"1\" or not (type pr)]"), "/phoneNumbers/0/value", Ok(json!("2")));
    patched(remove("phoneNumbers"), "/phoneNumbers", Ok(Value::Null));
    patched(remove("phoneNumbers[nothing eq 1]"), "", Err("invalidPath"));
    patched(op("replace", "password", json!("s3cret")), "/password", Ok(Value::Null));
    let workspace = json!({ "op": "add", "value": { WS1B_USER_URN: { "userPrincipalName": "bob@x" } } });
    patched(workspace, &format!("/{}/userPrincipalName", WS1B_USER_URN.replace('/', "~1")), Ok(json!("bob@x")));
}

#[test]
fn put_replaces_but_does_not_switch_on() {
    let mut world = World::new(true);
    let bob = world.create(with(person("bob"), json!({ "title": "Dr", "password": "p" }))).expect("bob");
    world.patch(&bob, json!([{ "op": "replace", "value": { "active": false } }])).expect("deactivated");
    assert_eq!(world.replace(&bob, person("bob")), Ok(3));
    let shown = world.show(&bob);
    assert_eq!((shown.get("title"), &shown["active"]), (None, &json!(false)));
    assert!(world.people.user(&bob).expect("bob").password.as_ref().is_some_and(|p| p.is("p")));
    assert_eq!(world.replace(&bob, person("bob")), Ok(3), "nothing changed, no new version");
}

#[test]
fn the_classic_patch_merges() {
    let mut world = World::new(false);
    let bob = world.create(with(person("bob"), json!({ "title": "Dr", "nickName": "bo" }))).expect("bob");
    let change = json!({
        "name": { "familyName": "New" },
        "emails": [{ "value": "new@acme.test" }],
        "meta": { "attributes": ["nickName"] },
        "urn:scim:schemas:extension:workspace:1.0": { "userPrincipalName": "bob@acme.test", "userStatus": "2" },
    });
    world.merge(&bob, change).expect("merged");
    let shown = world.show(&bob);
    assert_eq!(shown["name"], json!({ "givenName": "Given", "familyName": "New" }));
    assert_eq!((&shown["emails"][0]["value"], shown.get("nickName")), (&json!("new@acme.test"), None));
    assert_eq!(shown[WS1B_USER_URN]["userPrincipalName"], "bob@acme.test");
    world.settings.assumptions.scim_classic_plural = ClassicPlural::Merges;
    assert!(world.merge(&bob, json!({ "emails": [{ "value": "more@acme.test" }] })).is_err());
    let swap =
        json!({ "emails": [{ "value": "more@acme.test" }, { "value": "new@acme.test", "operation": "delete" }] });
    world.merge(&bob, swap).expect("swapped");
    assert_eq!(world.show(&bob)["emails"], json!([{ "value": "more@acme.test" }]));
}

#[test]
fn groups_and_their_members() {
    let mut world = World::new(false);
    let [bob, eve] = ["bob", "eve"].map(|n| world.create(person(n)).expect(n));
    let staff = world
        .group(json!({ "displayName": "Sales", "members": [{ "value": bob, "display": "bob" }] }))
        .expect("a group");
    assert_eq!(
        world.people.directory(&world.people.group(&staff).expect("it").directory).expect("its").domain(),
        SYSTEM_DOMAIN
    );
    assert!(world.group(json!({ "displayName": "sales" })).is_err_and(|f| matches!(f, Fault::Taken(_))));
    assert!(world.group(json!({ "displayName": "x", "members": [{ "value": "nobody" }] })).is_err());
    assert!(world.group(json!({})).is_err());
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": eve }] }]);
    assert_eq!(world.patch_group(&staff, add.clone()), Ok(2));
    assert_eq!(world.patch_group(&staff, add), Ok(2), "she is in already");
    assert_eq!(world.members(&staff), [bob.as_str(), eve.as_str()]);
    let remove = json!([{ "op": "remove", "path": format!("members[value eq \"{bob}\"]") }]);
    world.patch_group(&staff, remove).expect("removed");
    assert_eq!(world.members(&staff), [eve.as_str()]);
    let rename =
        json!([{ "op": "replace", "value": { "id": staff, "displayName": "Sellers", "members": [{ "value": bob }] } }]);
    world.patch_group(&staff, rename).expect("renamed");
    assert_eq!(world.members(&staff), [bob.as_str()]);
    assert_eq!(world.people.group(&staff).expect("it").display_name(), "Sellers");
    let classic = object(json!({ "members": [{ "value": eve }, { "value": bob, "operation": "delete" }] }));
    world.act(|r, _| r.merge_group(&staff, &classic, None, &mut Silent).map(|o| ((), o.changes))).expect("merged");
    assert_eq!(world.members(&staff), [eve.as_str()]);
    let unknown = json!([{ "op": "add", "path": "displayName", "value": "Z" }, { "op": "add", "path": "members", "value": [{ "value": "?" }] }]);
    assert!(world.patch_group(&staff, unknown).is_err());
    assert_eq!(world.people.group(&staff).expect("it").display_name(), "Sellers", "all or nothing");
    world.act(|r, _| r.delete_user(&eve, None, &mut Silent).map(|c| ((), c))).expect("deleted");
    assert!(world.members(&staff).is_empty(), "who is gone is in no group");
}

#[test]
fn filters_over_people() {
    let mut world = World::new(true);
    for (name, title, active) in [("bob", "Dr", true), ("Bea", "Prof", false), ("eve", "", true)] {
        let more = json!({ "title": title, "active": active, "externalId": format!("X{name}") });
        world.create(with(person(name), more)).expect(name);
    }
    let check = |filter: &str, expected: Result<&[&str], &str>| {
        let observed = world.filter(filter).map_err(|f| f.scim_type().unwrap_or("none").to_string());
        assert_eq!(
            observed,
            expected.map(|l| l.iter().map(ToString::to_string).collect()).map_err(String::from),
            "{filter}"
        );
    };
    check("userName eq \"BOB\"", Ok(&["bob"]));
    check("userName sw \"b\"", Ok(&["bob", "Bea"]));
    check("userName sw \"b\" and active eq true", Ok(&["bob"]));
    check("externalId eq \"Xbob\"", Ok(&["bob"]));
    check("externalId eq \"xBOB\"", Ok(&[]));
    check("title pr", Ok(&["bob", "Bea"]));
    check("title eq null", Ok(&["alice", "carol", "eve"]));
    check("not (title pr) and active eq true", Ok(&["alice", "carol", "eve"]));
    check("emails co \"eve@\"", Ok(&["eve"]));
    check(
        "emails[type eq \"work\" and value ew \"test\"] and name.familyName eq \"family\"",
        Ok(&["bob", "Bea", "eve"]),
    );
    check("groups.display eq \"STAFF\"", Ok(&["alice"]));
    check(&format!("{WS1B_USER_URN}:domain eq \"acme.test\" and title ne \"dr\""), Ok(&["alice", "Bea", "eve"]));
    check("meta.created ge \"1970-01-01T00:00:02.000Z\"", Ok(&["Bea", "eve"]));
    check("userName eq \"bob\" or userName eq \"eve\"", Ok(&["bob", "eve"]));
    check("password eq \"x\"", Err("invalidFilter"));
    check("active gt true", Err("invalidFilter"));
    check("name eq \"x\"", Err("invalidFilter"));
    check("nothing eq \"x\"", Err("invalidFilter"));
    check("userName eq", Err("invalidFilter"));
}

#[test]
fn the_classic_interface_filters_less() {
    let mut world = World::new(false);
    world.create(person("bob")).expect("bob");
    assert_eq!(
        world.filter("userName eq \"bob\" and urn:scim:schemas:extension:workspace:1.0:domain eq \"acme.test\""),
        Ok(vec!["bob".into()])
    );
    for refused in ["emails eq \"bob@acme.test\"", "userName ne \"x\"", "title pr", "RANDOM"] {
        assert!(world.filter(refused).is_err_and(|f| matches!(f, Fault::Filter(_))), "{refused}");
    }
    assert_eq!(world.filter("userName%20eq%20%22bob%22"), Ok(vec![]), "encoded twice: nobody, and no word about it");
}

#[test]
fn pages_and_order() {
    let mut world = World::new(true);
    for name in ["d", "C", "b", "A"] {
        world.create(person(name)).expect(name);
    }
    let check = |world: &World, query: &str, expected: Result<(&str, usize), &str>| {
        let observed = world.list(Search::from_query(query)).map(|(names, total)| (names.join(" "), total));
        let observed = observed.map_err(|f| f.code().to_string());
        assert_eq!(observed, expected.map(|(n, t)| (n.to_string(), t)).map_err(String::from), "{query}");
    };
    check(&world, "startIndex=3&count=2", Ok(("d C", 6)));
    check(&world, "startIndex=0&count=1", Ok(("alice", 6)));
    check(&world, "startIndex=-5&count=-1", Ok(("", 6)));
    check(&world, "startIndex=99", Ok(("", 6)));
    check(&world, "startIndex=x", Err("scim/list-parameter"));
    check(&world, "sortBy=userName&startIndex=2&count=3", Ok(("alice b C", 6)));
    check(&world, "sortBy=userName&sortOrder=descending&count=2", Ok(("d carol", 6)));
    check(&world, "sortBy=name.familyName&count=3", Ok(("d C b", 6)));
    check(&world, "sortBy=emails&count=2&filter=title+eq+null", Ok(("A alice", 6)));
    check(&world, "sortBy=userName&sortOrder=up", Err("scim/list-parameter"));
    check(&world, "sortBy=name", Err("scim/invalid"));
    let gone = world.people.named(crate::people::Named::Login("C"))[0].id.clone();
    world.act(|r, _| r.delete_user(&gone, None, &mut Silent).map(|c| ((), c))).expect("deleted");
    check(&world, "startIndex=3&count=2", Ok(("d b", 5)));
    world.create(person("C")).expect("again");
    world.newer = false;
    check(&world, "count=-1", Err("scim/list-parameter"));
    check(&world, "sortBy=nothing", Err("scim/list-parameter"));
    (0..30).for_each(|n| drop(world.create(person(&format!("n{n}"))).expect("more")));
    assert_eq!(world.list(Search::default()).map(|(names, total)| (names.len(), total)), Ok((20, 36)));
}

#[test]
fn versions() {
    let mut world = World::new(true);
    let bob = world.create(person("bob")).expect("bob");
    let body = object(person("bobby"));
    let put = |world: &mut World, tag: &str| {
        world.act(|r, _| r.replace_user(&bob, &body, Some(tag), &mut Silent).map(|o| ((), o.changes)))
    };
    assert_eq!(put(&mut world, "W/\"7\""), Err(Fault::VersionDiffers));
    assert_eq!(put(&mut world, "W/\"7\", W/\"1\""), Ok(()));
    assert_eq!(put(&mut world, "\"2\""), Ok(()));
    assert_eq!(put(&mut world, "*"), Ok(()));
    world.newer = false;
    assert_eq!(put(&mut world, "W/\"7\""), Ok(()), "the classic interface does not look");
    world.settings.assumptions.scim_if_match = IfMatch::Enforced;
    assert_eq!(put(&mut world, "W/\"7\""), Err(Fault::VersionDiffers));
}

#[test]
fn what_is_told() {
    let mut world = World::new(true);
    let bob = world.create(with(person("bob"), json!({ "title": "Dr", "password": "p" }))).expect("bob");
    let shown = object(world.show(&bob));
    let check = |query: &str, expected: &[&str]| {
        let wanted = Wanted::read(Resource::User, &Search::from_query(query), true).expect("readable");
        let seen = wanted.of(shown.clone());
        assert_eq!(seen.keys().collect::<Vec<_>>(), expected, "{query}");
        seen
    };
    let all = ["active", "emails", "id", "meta", "name", "schemas", "title", WS1B_USER_URN, "userName"];
    check("", &all);
    let seen = check(
        "attributes=USERNAME,name.familyName,name.givenName,nothing,password",
        &["id", "name", "schemas", "userName"],
    );
    assert_eq!(seen["name"], json!({ "givenName": "Given", "familyName": "Family" }));
    check(&format!("attributes={WS1B_USER_URN}:domain"), &["id", "schemas", WS1B_USER_URN]);
    let seen = check(
        "excludedAttributes=id,name,emails.value,meta",
        &["active", "emails", "id", "schemas", "title", WS1B_USER_URN, "userName"],
    );
    assert_eq!(seen["emails"], json!([{ "primary": true, "type": "work" }]));
    let both = Search::from_query("attributes=id&excludedAttributes=id");
    assert!(Wanted::read(Resource::User, &both, true).is_err());
    assert!(Wanted::read(Resource::User, &Search::from_query("attributes=nothing"), false).is_err());
}

#[test]
fn settings_and_scim_do_not_fight() {
    let mut world = World::new(true);
    let bob = world.create(person("bob")).expect("bob");
    let alice = world.people.named(crate::people::Named::Login("alice"))[0].id.clone();
    world.patch(&alice, json!([{ "op": "replace", "value": { "title": "Dr" } }])).expect("patched");
    let mut new = world.settings.clone();
    new.directories[0].users[0].groups.push("admins".into());
    world.people.apply(&crate::people::seed::changes(Some(&world.settings), &new, world.now));
    assert_eq!(world.show(&alice)["title"], "Dr", "an unchanged person keeps what SCIM did");
    assert_eq!(world.people.groups_of(&alice).count(), 2);
    new.directories[0].users[0].enabled = false;
    let before = world.settings.clone();
    world.people.apply(&crate::people::seed::changes(Some(&before), &new, world.now));
    assert!(!world.people.user(&alice).expect("alice").active());
    new.directories.remove(0);
    world.people.apply(&crate::people::seed::changes(Some(&before), &new, world.now));
    assert!(world.people.user(&alice).is_none() && world.people.user(&bob).is_none(), "gone with the directory");
}
