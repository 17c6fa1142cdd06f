//! A small tenant for unit tests.

use crate::people::{People, seed};
use federation::Time;
use federation::tenant::Access;

pub fn people(access: &Access) -> People {
    let mut people = People::default();
    people.apply(&seed::changes(None, access, Time(0)));
    people
}

pub fn access() -> Access {
    serde_json::from_str(TENANT).expect("the test tenant reads")
}

const TENANT: &str = r#"{
 "host": "access.test", "certificate_host": "cert.access.test",
 "directories": [
  {"name": "people", "kind": "other", "domain": "acme.test", "users": [
    {"name": "alice", "username": "alice", "email": "alice@acme.test", "password": "pw-alice", "groups": ["staff"]}]},
  {"name": "apart", "kind": "local", "domain": "x.test", "users": [
    {"name": "carol", "username": "carol", "email": "carol@x.test", "password": "pw-carol"}]}],
 "network_ranges": [{"name": "office", "ranges": ["10.0.0.0/8"]}],
 "identity_providers": [{"name": "built-in", "directories": ["people"],
   "methods": ["password", "mobile-sso-ios", "mobile-sso-android", "certificate", "device-compliance", "mfa"]}],
 "policies": [{"name": "default", "rules": [
   {"name": "ios", "device_types": ["ios"], "authenticate": [["mobile-sso-ios"]]},
   {"name": "blocked", "network_range": "office", "device_types": ["android"], "action": "deny"},
   {"name": "staff", "device_types": ["android"], "groups": ["staff"], "authenticate": [["mobile-sso-android"]]}]}],
 "application_sources": [{"name": "okta", "okta_identity_provider": "access"}]
}"#;
