//! A tour of Access's provisioning: one after the other, what its settings have a say in, as the texts of the answers.

use crate::tenant::{ACCESS, Answer, CLASSIC, MANAGER, NEWER, SECRET, Tenant};
use federation::World;
use serde_json::{Value, json};

const OTHER: &str = "application/vnd.vmware.horizon.manager.connector.management.directory.other+json";

/// What everybody who asks gets to hear.
pub fn answers(world: &World) -> Vec<String> {
    let tenant = Tenant::start(|w| w.clone_from(world));
    let mut told = Vec::new();
    let mut hear = |what: &str, answer: Answer| {
        told.push(format!("{what}: {} {}", answer.status, without_token(&answer)));
        answer.json
    };
    tokens(&tenant, &mut hear);
    let listed = |tenant: &Tenant, url: &str| tenant.call("GET", url, Value::Null);
    hear("people", listed(&tenant, &format!("{CLASSIC}/Users")));
    hear("newer", listed(&tenant, &format!("{NEWER}/Users")));
    hear("directories", listed(&tenant, &format!("{MANAGER}/connectormanagement/directoryconfigs")));
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("content-type", OTHER)];
    let directory = r#"{"type":"OTHER_DIRECTORY","domains":["new.acme.test"],"name":"New"}"#;
    let url = format!("{MANAGER}/connectormanagement/directoryconfigs");
    hear("directory", tenant.send("POST", &url, &headers, directory));
    people(&tenant, &bearer, &mut hear);
    let client = json!({ "clientId": "a", "secret": "mine" });
    hear("client", tenant.call("POST", &format!("{MANAGER}/oauth2clients"), client));
    hear("client gone", tenant.call("DELETE", &format!("{MANAGER}/oauth2clients/OktaSCIM"), Value::Null));
    hear("its token", listed(&tenant, &format!("{CLASSIC}/Users?count=1")));
    told
}

/// The answer without what is random in it.
fn without_token(answer: &Answer) -> String {
    let mut json = answer.json.clone();
    for secret in ["access_token", "sessionToken", "secret"] {
        if let Some(value) = json.get_mut(secret) {
            *value = json!("there");
        }
    }
    if json.is_null() { answer.text.clone() } else { json.to_string() }
}

fn tokens(tenant: &Tenant, hear: &mut impl FnMut(&str, Answer) -> Value) {
    let token = format!("client_id=OktaSCIM&client_secret={SECRET}");
    for grant in ["grant_type=client_credentials&scope=admin", "grant_type=nonsense"] {
        hear(grant, tenant.form("/SAAS/auth/oauthtoken", &format!("{grant}&{token}"), None));
    }
    let body = json!({ "username": "admin", "password": "administrators password", "issueToken": true });
    let url = format!("{ACCESS}/SAAS/API/1.0/REST/auth/system/login");
    hear("administrator", tenant.send("POST", &url, &[], &body.to_string()));
}

fn people(tenant: &Tenant, bearer: &str, hear: &mut impl FnMut(&str, Answer) -> Value) {
    let users = format!("{CLASSIC}/Users");
    let carol = |domain: &str| {
        json!({
            "userName": "carol",
            "externalId": format!("00u-of-{domain}"),
            "name": { "givenName": "C", "familyName": "D" },
            "emails": [{ "value": "carol@acme.test", "type": "work", "primary": true }],
            "urn:scim:schemas:extension:workspace:1.0": { "internalUserType": "PROVISIONED", "domain": domain },
        })
    };
    let made = hear("carol", tenant.call("POST", &users, carol("okta.acme.test")));
    let address = format!("{users}/{}", made["id"].as_str().unwrap_or("nobody"));
    hear("a namesake", tenant.call("POST", &users, carol("new.acme.test")));
    let nameless =
        json!({ "userName": "dave", "urn:scim:schemas:extension:workspace:1.0": { "domain": "okta.acme.test" } });
    hear("without a name", tenant.call("POST", &users, nameless));
    let more = json!({ "emails": [{ "value": "c2@acme.test", "type": "home" }] });
    hear("another address", tenant.call("PATCH", &address, more));
    hear("whole", tenant.call("PUT", &address, carol("okta.acme.test")));
    let old = [("authorization", bearer), ("if-match", "W/\"0\"")];
    hear("of an old version", tenant.send("PATCH", &address, &old, r#"{"title":"Dr"}"#));
    hear("at UEM", at_uem(tenant));
    hear("off", tenant.call("PATCH", &address, json!({ "active": false })));
    hear("again", tenant.call("POST", &users, carol("okta.acme.test")));
    tenant.call("DELETE", &address, Value::Null);
    hear("at UEM, gone", at_uem(tenant));
}

/// What the provisioning adapter has brought there.
fn at_uem(tenant: &Tenant) -> Answer {
    tenant.wake();
    tenant.uem("GET", "search?username=carol", Value::Null)
}
