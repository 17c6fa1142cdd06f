//! Somebody who came over SCIM is somebody: she signs in as the configured do, until she is deactivated.

mod tab;
mod tenant;

use federation::World;
use serde_json::{Value, json};
use tab::{Stop, Tab};
use tenant::{CLASSIC, Tenant};

const APP: &str = "https://salesforce.test/";
const DIRECTORY: &str = "Okta Universal Directory";

/// Nobody is configured, and the built-in identity provider serves the directory that is filled over SCIM.
fn empty(world: &mut World) {
    world.access.directories.retain(|d| d.name == DIRECTORY);
    world.access.identity_providers.iter_mut().for_each(|i| i.directories = vec![DIRECTORY.into()]);
}

fn create_alice(tenant: &Tenant) -> String {
    let body = json!({
        "userName": "alice@acme.test",
        "name": { "givenName": "Alice", "familyName": "Liddell" },
        "emails": [{ "value": "alice@acme.test", "type": "work", "primary": true }],
        "urn:scim:schemas:extension:workspace:1.0": { "domain": "okta.acme.test" },
    });
    let made = tenant.call("POST", &format!("{CLASSIC}/Users"), body);
    assert_eq!(made.status, 201, "{}", made.text);
    format!("{CLASSIC}/Users/{}", made.json["id"].as_str().unwrap_or_default())
}

/// The page on which a new tab of Alice's phone comes to rest.
fn page(tenant: &Tenant) -> String {
    let mut tab = Tab::on(&tenant.running, "alices-iphone");
    match tenant.wait_for(tab.open(APP, "")) {
        Stop::Rests(seen) => seen.page.name,
        Stop::Held(_) => "held".into(),
    }
}

#[test]
fn she_signs_in_until_she_is_deactivated() {
    let tenant = Tenant::start(empty);
    assert_ne!(page(&tenant), "app/home", "there is nobody yet");
    let alice = create_alice(&tenant);
    assert_eq!(page(&tenant), "app/home");
    tenant.call("PATCH", &alice, json!({ "active": false }));
    assert_ne!(page(&tenant), "app/home", "deactivated");
    tenant.call("PATCH", &alice, json!({ "active": true }));
    assert_eq!(page(&tenant), "app/home");
    tenant.call("DELETE", &alice, Value::Null);
    assert_ne!(page(&tenant), "app/home", "deleted");
}

#[test]
fn a_directory_that_no_identity_provider_serves_signs_nobody_in() {
    let tenant = Tenant::start(|w| w.access.directories.retain(|d| d.name == DIRECTORY));
    create_alice(&tenant);
    tenant.events();
    assert_ne!(page(&tenant), "app/home");
    let told = format!("{:?}", tenant.events());
    assert!(told.contains("method/no-identity-provider") && told.contains("IDP not found"), "{told}");
}

#[test]
fn her_groups_are_told() {
    let tenant = Tenant::start(empty);
    let alice = create_alice(&tenant);
    let id = alice.rsplit('/').next().unwrap_or_default();
    let group = json!({ "displayName": "Sales", "members": [{ "value": id }] });
    assert_eq!(tenant.call("POST", &format!("{CLASSIC}/Groups"), group).status, 201);
    let seen = tenant.call("GET", &alice, Value::Null);
    assert_eq!(seen.json["groups"][0]["display"], "Sales");
}
