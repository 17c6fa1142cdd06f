//! From Access to UEM: whom the provisioning adapter brings there, what follows a change, and that nothing is lost.

mod tenant;

use federation::tenant::access::AdapterDelete;
use federation::tenant::provisioning::{DeploymentType, ProvisioningAdapter};
use federation::{EventKind, World};
use fedsim::net::Fault;
use serde_json::{Value, json};
use tenant::{CLASSIC, Tenant};

fn adapter() -> ProvisioningAdapter {
    ProvisioningAdapter {
        deployment: DeploymentType::Automatic,
        entitled_groups: Vec::new(),
        organization_group: "ACME".into(),
        provisioned_groups: Vec::new(),
    }
}

fn tenant(change: impl FnOnce(&mut World)) -> Tenant {
    let tenant = Tenant::start(|w| {
        w.access.provisioning.airwatch = Some(adapter());
        change(w);
    });
    tenant.events();
    tenant
}

fn create(tenant: &Tenant, name: &str) -> String {
    let body = json!({
        "schemas": ["urn:scim:schemas:core:1.0"],
        "userName": name,
        "name": { "givenName": "Carol", "familyName": "Danvers" },
        "emails": [{ "value": format!("{name}@acme.test"), "type": "work", "primary": true }],
        "externalId": format!("00u{name}"),
        "urn:scim:schemas:extension:workspace:1.0": { "domain": "okta.acme.test" },
    });
    let made = tenant.call("POST", &format!("{CLASSIC}/Users"), body);
    assert_eq!(made.status, 201, "{}", made.text);
    made.json["id"].as_str().unwrap_or_default().to_string()
}

fn change(tenant: &Tenant, id: &str, body: Value) {
    assert_eq!(tenant.call("PATCH", &format!("{CLASSIC}/Users/{id}"), body).status, 200);
}

/// Name, mail, status and external id of whom UEM finds.
fn at_uem(tenant: &Tenant, name: &str) -> Vec<String> {
    let answer = tenant.uem("GET", &format!("search?username={name}"), Value::Null);
    let users = answer.json["Users"].as_array().cloned().unwrap_or_default();
    let told = |u: &Value| {
        let text = |n: &str| u[n].as_str().unwrap_or_default().to_string();
        format!("{} {} {} {}", text("FirstName"), text("Email"), u["Status"], text("ExternalId"))
    };
    users.iter().map(told).collect()
}

fn verdicts(tenant: &Tenant) -> Vec<String> {
    let decided = |e: federation::Event| match e.kind {
        EventKind::Decided { verdict, .. } if verdict.contains("UEM") || verdict.contains("again") => Some(verdict),
        _ => None,
    };
    tenant.events().into_iter().filter_map(decided).collect()
}

#[test]
fn a_person_of_okta_appears_in_uem_and_follows() {
    let tenant = tenant(|_| {});
    let id = create(&tenant, "carol");
    assert_eq!(at_uem(&tenant, "carol"), [""; 0], "not before the adapter runs");
    tenant.wake();
    assert_eq!(at_uem(&tenant, "carol"), ["Carol carol@acme.test true 00ucarol"]);
    change(&tenant, &id, json!({ "emails": [{ "value": "new@acme.test" }], "userName": "caroline" }));
    tenant.wake();
    assert_eq!(at_uem(&tenant, "caroline"), ["Carol new@acme.test true 00ucarol"]);
    assert_eq!(at_uem(&tenant, "carol"), [""; 0], "renamed, not made anew");
    change(&tenant, &id, json!({ "active": false }));
    tenant.wake();
    assert_eq!(at_uem(&tenant, "caroline"), ["Carol new@acme.test false 00ucarol"]);
    change(&tenant, &id, json!({ "active": true }));
    tenant.wake();
    assert_eq!(at_uem(&tenant, "caroline"), ["Carol new@acme.test true 00ucarol"]);
}

#[test]
fn deleting_in_access_deactivates_in_uem_or_deletes() {
    for (what, expected) in [
        (AdapterDelete::Deactivates, vec!["Carol carol@acme.test false 00ucarol".to_string()]),
        (AdapterDelete::Deletes, vec![]),
    ] {
        let tenant = tenant(|w| w.access.assumptions.adapter_delete = what);
        let id = create(&tenant, "carol");
        tenant.wake();
        assert_eq!(tenant.call("DELETE", &format!("{CLASSIC}/Users/{id}"), Value::Null).status, 204);
        tenant.wake();
        assert_eq!(at_uem(&tenant, "carol"), expected);
    }
}

#[test]
fn who_is_not_provisioned() {
    let nobody = |change: &dyn Fn(&mut World)| {
        let tenant = tenant(change);
        create(&tenant, "carol");
        tenant.wake();
        assert_eq!(at_uem(&tenant, "carol"), [""; 0]);
    };
    nobody(&|w| w.access.provisioning.airwatch = None);
    nobody(&|w| w.access.provisioning.airwatch.iter_mut().for_each(|a| a.deployment = DeploymentType::UserActivated));
    nobody(&|w| w.access.provisioning.airwatch.iter_mut().for_each(|a| a.organization_group = "ELSEWHERE".into()));
    nobody(&|w| w.access.provisioning.airwatch.iter_mut().for_each(|a| a.entitled_groups.push("Sales".into())));
    let tenant = tenant(|_| {});
    tenant.wake();
    assert_eq!(at_uem(&tenant, "alice@acme.test"), [""; 0], "people of Active Directory reach UEM by its own way");
}

#[test]
fn a_group_entitles_and_leaving_it_ends_that() {
    let tenant =
        tenant(|w| w.access.provisioning.airwatch.iter_mut().for_each(|a| a.entitled_groups.push("Sales".into())));
    let id = create(&tenant, "carol");
    let group = tenant.call(
        "POST",
        &format!("{CLASSIC}/Groups"),
        json!({ "displayName": "Sales", "members": [{ "value": id }] }),
    );
    tenant.wake();
    assert_eq!(at_uem(&tenant, "carol"), ["Carol carol@acme.test true 00ucarol"]);
    let address = format!("{CLASSIC}/Groups/{}", group.json["id"].as_str().unwrap_or_default());
    tenant.call("PATCH", &address, json!({ "members": [{ "value": id, "operation": "delete" }] }));
    tenant.wake();
    assert_eq!(at_uem(&tenant, "carol"), ["Carol carol@acme.test false 00ucarol"]);
}

#[test]
fn while_uem_is_away_nothing_is_lost() {
    for fault in [Fault::Down, Fault::Garbage, Fault::Dropped, Fault::Slow(60_000)] {
        let tenant = tenant(|_| {});
        let first = create(&tenant, "carol");
        create(&tenant, "dora");
        tenant.running.net.set_fault("uem", None, fault);
        tenant.wake();
        change(&tenant, &first, json!({ "emails": [{ "value": "late@acme.test" }] }));
        tenant.wake();
        // Where UEM hangs up in the middle of its answer it has done what it was asked; nobody is made twice for that.
        let deaf = fault != Fault::Dropped;
        assert!(!deaf || verdicts(&tenant).iter().all(|v| v == "try again later"), "{fault:?}");
        tenant.wait(5);
        tenant.wake();
        tenant.running.net.mend("uem", None);
        assert!(!deaf || at_uem(&tenant, "carol").is_empty(), "{fault:?}");
        tenant.wait(60);
        tenant.wake();
        assert_eq!(at_uem(&tenant, "carol"), ["Carol late@acme.test true 00ucarol"], "{fault:?}");
        assert_eq!(at_uem(&tenant, "dora"), ["Carol dora@acme.test true 00udora"], "{fault:?}");
        assert_eq!(federation::Party::next_due(&*tenant.running.access), None, "nothing is left to do");
    }
}

#[test]
fn a_wrong_credential_waits_for_its_mending() {
    let tenant = tenant(|w| w.uem.api.password = "another".into());
    create(&tenant, "carol");
    tenant.wake();
    assert_eq!(verdicts(&tenant), ["try again later"]);
}

#[test]
fn uems_own_people_stay_who_they_are() {
    let tenant = tenant(|_| {});
    create(&tenant, "alice");
    tenant.wake();
    assert_eq!(at_uem(&tenant, "alice"), ["Carol alice@acme.test true 00ualice"], "a new user beside the old one");
    let again = tenant.uem("POST", "adduser", json!({ "UserName": "other", "ExternalId": "00ualice" }));
    assert_eq!(again.status, 409, "{}", again.text);
    for (method, path, status) in [
        ("GET", "4711", 404),
        ("POST", "4711/update", 404),
        ("GET", "adduser", 404),
        ("DELETE", "10001/delete", 200),
        ("GET", "10001", 404),
    ] {
        assert_eq!(tenant.uem(method, path, json!({})).status, status, "{method} {path}");
    }
    assert_eq!(tenant.uem("POST", "adduser", json!({})).status, 400);
    assert_eq!(tenant.uem("POST", "adduser", json!({ "UserName": "x" })).json["Value"], 10_002, "no id twice");
}
