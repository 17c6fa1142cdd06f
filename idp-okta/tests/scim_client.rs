//! Okta as a SCIM client, request by request: which it sends in which order, with which headers and bodies, and what it makes
//! of the answers. The target here answers from a script and remembers what it was asked.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use bytes::Bytes;
use federation::tenant::Okta as Settings;
use federation::{CallError, EventKind, Fut, Outside, Party, Request, Response, StoreError, Time};
use idp_okta::{Administer, Manage, Okta, Wiring};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wire::dsig::SigningKey;

const START: Time = Time(1_772_442_000_000);
const CLASSIC: &str = "https://acme.access.test/SAAS/jersey/manager/api/scim";
const CORE: &str = "urn:scim:schemas:core:1.0";
const WORKSPACE: &str = "urn:scim:schemas:extension:workspace:1.0";

/// What a target answers: status, `Retry-After`, body; or nothing at all.
#[derive(Clone)]
enum Says {
    This(u16, Option<u64>, String),
    Nothing,
}

fn says(status: u16, body: Value) -> Says {
    Says::This(status, None, if body.is_null() { String::new() } else { body.to_string() })
}

#[derive(Default)]
struct Target {
    clock: Mutex<Duration>,
    ids: Mutex<u32>,
    script: Mutex<VecDeque<Says>>,
    asked: Mutex<Vec<(String, http::HeaderMap, Value)>>,
    events: Mutex<Vec<EventKind>>,
}

impl Outside for Target {
    fn now(&self) -> Time {
        START + *self.clock.lock().unwrap()
    }
    fn fresh_id(&self, purpose: &'static str) -> String {
        let mut ids = self.ids.lock().unwrap();
        *ids += 1;
        format!("{purpose}{ids:0>40}")
    }
    fn new_key(&self) -> Vec<u8> {
        Vec::new()
    }
    fn call<'a>(&'a self, request: Request, timeout_ms: u64) -> Fut<'a, Result<Response, CallError>> {
        assert_eq!(timeout_ms, 60_000, "the server must answer within a minute");
        let line = format!("{} {}", request.method(), request.uri());
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        self.asked.lock().unwrap().push((line, request.headers().clone(), body));
        let next = self.script.lock().unwrap().pop_front().expect("the script has an answer");
        Box::pin(async move {
            let Says::This(status, retry_after, body) = next else { return Err(CallError::TimedOut) };
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
            if let Some(seconds) = retry_after {
                response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
            }
            Ok(response)
        })
    }
    fn once(&self, _: &'static str, _: &str, _: Time) -> Result<bool, StoreError> {
        Ok(true)
    }
    fn note(&self, kind: EventKind) {
        self.events.lock().unwrap().push(kind);
    }
}

struct Stage {
    target: Target,
    okta: Okta,
    settings: Settings,
}

/// Everything here is ready at once.
fn wait<T>(mut future: Fut<'_, T>) -> T {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something"),
    }
}

fn settings() -> Settings {
    serde_json::from_value(json!({
        "host": "acme.okta.test",
        "users": [
            { "name": "carol", "login": "carol@acme.test", "email": "c@acme.test", "groups": ["sales"],
              "attributes": { "firstName": "Carol", "lastName": "Danvers" } },
        ],
        "workspace_one_app": {
            "base_url": "https://acme.access.test", "api_token": { "literal": "a-token" }, "domain": "okta.acme.test",
            "create_users": true, "update_user_attributes": true, "deactivate_users": true,
        },
    }))
    .unwrap()
}

impl Stage {
    fn new() -> Stage {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
        let signing = SigningKey::from_pkcs8(&key.serialize_der(), certificate).unwrap();
        let wiring =
            Wiring { signing, idp_certificates: BTreeMap::new(), apps: BTreeMap::new(), totp_secrets: BTreeMap::new() };
        let settings = settings();
        Stage { target: Target::default(), okta: Okta::new(settings.clone(), wiring), settings }
    }

    /// Changes settings and lets Okta do what follows, with these answers; what it asked.
    fn change(&mut self, change: impl FnOnce(&mut Settings), script: Vec<Says>) -> Vec<(String, Value)> {
        change(&mut self.settings);
        self.target.script.lock().unwrap().extend(script);
        self.okta.manage(&self.target, Manage::Settings(Box::new(self.settings.clone()))).unwrap();
        wait(self.okta.wake(&self.target));
        self.asked()
    }

    fn administer(&self, act: Administer, script: Vec<Says>) -> Vec<(String, Value)> {
        self.target.script.lock().unwrap().extend(script);
        wait(self.okta.administer(&self.target, act)).unwrap();
        self.asked()
    }

    /// What was asked since the last look, as `METHOD address-after-the-base`.
    fn asked(&self) -> Vec<(String, Value)> {
        assert!(self.target.script.lock().unwrap().is_empty(), "an answer was left over");
        let asked = std::mem::take(&mut *self.target.asked.lock().unwrap());
        let told = |(line, headers, body): (String, http::HeaderMap, Value)| {
            let header = |name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_string());
            assert_eq!(header("user-agent").as_deref(), Some("Okta SCIM Client 1.0.0"));
            assert_eq!(header("authorization").as_deref(), Some("Bearer a-token"));
            let written = header("content-type").is_some();
            assert_eq!(written, !body.is_null(), "{line}");
            (line.replace(CLASSIC, ""), body)
        };
        asked.into_iter().map(told).collect()
    }

    /// Carol is there as `c1`.
    fn with_carol() -> Stage {
        let mut stage = Stage::new();
        stage.change(assigned, vec![says(200, list(&[])), says(201, json!({ "id": "c1" }))]);
        stage
    }

    /// What the dashboard says of Carol.
    fn task(&self) -> String {
        self.okta.app_user("carol").1.unwrap_or_default()
    }
}

fn assigned(okta: &mut Settings) {
    okta.workspace_one_app.as_mut().unwrap().assigned.users = vec!["carol".into()];
}

fn list(found: &[Value]) -> Value {
    json!({ "totalResults": found.len(), "itemsPerPage": found.len(), "startIndex": 1, "schemas": [CORE], "Resources": found })
}

fn lines(asked: &[(String, Value)]) -> Vec<&str> {
    asked.iter().map(|(line, _)| line.as_str()).collect()
}

const LOOK: &str = "GET /Users?filter=userName%20eq%20%22carol%40acme.test%22&startIndex=1&count=100";

#[test]
fn somebody_new_is_looked_for_and_made() {
    let mut stage = Stage::new();
    let asked = stage.change(assigned, vec![says(200, list(&[])), says(201, json!({ "id": "c1" }))]);
    assert_eq!(lines(&asked), [LOOK, "POST /Users"]);
    let mut body = asked[1].1.clone();
    let object = body.as_object_mut().unwrap();
    let password = object.remove("password").unwrap();
    assert!(password.as_str().is_some_and(|p| p.len() >= 20), "a password that nobody knows");
    let id = object.remove("externalId").unwrap();
    assert!(id.as_str().is_some_and(|id| id.starts_with("00u") && id.len() == 20), "{id}");
    let expected = json!({
        "schemas": [CORE, WORKSPACE],
        "userName": "carol@acme.test",
        "name": { "givenName": "Carol", "familyName": "Danvers" },
        "emails": [{ "primary": true, "value": "c@acme.test", "type": "work" }],
        "displayName": "Carol Danvers",
        "locale": "en_US",
        "groups": [],
        "active": true,
        WORKSPACE: { "domain": "okta.acme.test", "internalUserType": "PROVISIONED" },
    });
    assert_eq!(body, expected);
    assert_eq!(stage.okta.app_user("carol"), ("provisioned", None));
}

#[test]
fn somebody_who_is_there_is_linked_and_made_active() {
    let mut stage = Stage::new();
    let there = json!({ "id": "c0", "userName": "Carol@ACME.test", "active": false, "title": "Captain",
        WORKSPACE: { "domain": "okta.acme.test", "userStatus": "2" } });
    let answers =
        vec![says(200, list(std::slice::from_ref(&there))), says(200, there), says(200, json!({ "id": "c0" }))];
    let asked = stage.change(assigned, answers);
    assert_eq!(lines(&asked), [LOOK, "GET /Users/c0", "PUT /Users/c0"]);
    let put = &asked[2].1;
    assert_eq!(
        (&put["active"], &put["title"], &put["userName"]),
        (&json!(true), &json!("Captain"), &json!("carol@acme.test"))
    );
    assert_eq!(put[WORKSPACE]["userStatus"], "2", "what is there is kept");
    assert!(put.get("password").is_none(), "an update says no password");
}

#[test]
fn a_change_is_read_and_put_and_never_says_the_status() {
    let mut stage = Stage::with_carol();
    let there = json!({ "id": "c1", "userName": "carol@acme.test", "active": false });
    let rename = |okta: &mut Settings| drop(okta.users[0].attributes.insert("lastName".into(), "Marvell".into()));
    let asked = stage.change(rename, vec![says(200, there), says(200, json!({ "id": "c1" }))]);
    assert_eq!(lines(&asked), ["GET /Users/c1", "PUT /Users/c1"]);
    assert_eq!((&asked[1].1["name"]["familyName"], &asked[1].1["active"]), (&json!("Marvell"), &json!(false)));
}

#[test]
fn whoever_goes_is_patched_and_never_deleted() {
    let gone: [fn(&mut Settings); 3] = [
        |okta| okta.workspace_one_app.as_mut().unwrap().assigned.users.clear(),
        |okta| okta.users[0].status = federation::tenant::okta::UserStatus::Deactivated,
        |okta| okta.users.clear(),
    ];
    for gone in gone {
        let mut stage = Stage::with_carol();
        let asked = stage.change(gone, vec![says(200, json!({ "id": "c1" }))]);
        let expected = json!({ "schemas": [CORE], "id": "c1", "active": false });
        assert_eq!(asked, [("PATCH /Users/c1".to_string(), expected)]);
    }
    let mut stage = Stage::with_carol();
    let suspend = |okta: &mut Settings| okta.users[0].status = federation::tenant::okta::UserStatus::Suspended;
    assert_eq!(stage.change(suspend, vec![]), [], "suspending sends nothing");
}

fn pushed(okta: &mut Settings) {
    let group = json!({ "name": "sales" });
    okta.workspace_one_app.as_mut().unwrap().push_groups = vec![serde_json::from_value(group).unwrap()];
}

#[test]
fn a_group_is_made_named_and_filled_in_this_order() {
    let mut stage = Stage::with_carol();
    let answers =
        vec![says(200, list(&[])), says(201, json!({ "id": "g1" })), says(204, Value::Null), says(204, Value::Null)];
    let asked = stage.change(pushed, answers);
    let look = "GET /Groups?filter=displayName%20eq%20%22sales%22&startIndex=1&count=100";
    assert_eq!(lines(&asked), [look, "POST /Groups", "PATCH /Groups/g1", "PATCH /Groups/g1"]);
    assert_eq!(asked[1].1, json!({ "schemas": [CORE], "displayName": "sales" }));
    assert_eq!(asked[2].1, json!({ "schemas": [CORE], "id": "g1", "displayName": "sales" }));
    assert_eq!(asked[3].1, json!({ "schemas": [CORE], "members": [{ "value": "c1", "display": "carol" }] }));
    let leave = |okta: &mut Settings| okta.users[0].groups.clear();
    let asked =
        stage.change(leave, vec![says(200, json!({ "id": "g1" })), says(204, Value::Null), says(204, Value::Null)]);
    assert_eq!(lines(&asked), ["GET /Groups/g1", "PATCH /Groups/g1", "PATCH /Groups/g1"]);
    let gone = json!({ "schemas": [CORE], "members": [{ "value": "c1", "display": "carol", "operation": "delete" }] });
    assert_eq!(asked[2].1, gone);
    let unlink = |okta: &mut Settings| {
        okta.workspace_one_app.as_mut().unwrap().push_groups[0].push =
            federation::tenant::scim_client::PushStatus::Deleted;
    };
    assert_eq!(lines(&stage.change(unlink, vec![says(204, Value::Null)])), ["DELETE /Groups/g1"]);
}

#[test]
fn a_linked_group_that_is_gone_is_said_so() {
    let mut stage = Stage::with_carol();
    let answers =
        vec![says(200, list(&[])), says(201, json!({ "id": "g1" })), says(204, Value::Null), says(204, Value::Null)];
    stage.change(pushed, answers);
    stage.administer(Administer::RetryAllGroups, vec![says(404, Value::Null)]);
    let panel = stage.okta.pushed_group("sales").1.unwrap_or_default();
    let expected = "Failed on 2026-03-02 09:00:00 UTC: Unable to update Group Push mapping target App group sales: Linked group \
        is missing in VMware Workspace ONE. Change the linked group to resume pushing group memberships.";
    assert_eq!(panel, expected);
}

#[test]
fn the_newer_dialect_speaks_in_operations() {
    let mut stage = Stage::new();
    let newer = |okta: &mut Settings| {
        assigned(okta);
        okta.workspace_one_app.as_mut().unwrap().protocol = federation::tenant::scim_client::ScimVersion::V20;
    };
    // 404 to a filter is nobody, too.
    let asked = stage.change(newer, vec![says(404, Value::Null), says(201, json!({ "id": "c1" }))]);
    let base = "https://acme.access.test/usergroup/t/acme/scim/v2";
    assert_eq!(asked[1].0, format!("POST {base}/Users"));
    let user = "urn:ietf:params:scim:schemas:core:2.0:User";
    assert_eq!((&asked[1].1["schemas"][0], &asked[1].1["locale"]), (&json!(user), &json!("en-US")));
    let answers =
        vec![says(200, list(&[])), says(201, json!({ "id": "g1" })), says(204, Value::Null), says(204, Value::Null)];
    let asked = stage.change(pushed, answers);
    assert_eq!(asked[1].1["members"], json!([]));
    let op = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
    let whole = json!([{ "op": "replace", "path": "members", "value": [{ "value": "c1", "display": "carol" }] }]);
    assert_eq!(asked[3].1, json!({ "schemas": [op], "Operations": whole }));
    let leave = |okta: &mut Settings| okta.users[0].groups.clear();
    let asked =
        stage.change(leave, vec![says(200, json!({ "id": "g1" })), says(204, Value::Null), says(204, Value::Null)]);
    assert_eq!(asked[2].1["Operations"], json!([{ "op": "remove", "path": "members[value eq \"c1\"]" }]));
    let gone = |okta: &mut Settings| okta.workspace_one_app.as_mut().unwrap().assigned.users.clear();
    let asked = stage.change(gone, vec![says(204, Value::Null)]);
    assert_eq!(asked[0].1["Operations"], json!([{ "op": "replace", "value": { "active": false } }]));
}

#[test]
fn what_the_target_says_is_what_the_dashboard_says() {
    let begins = "Automatic provisioning of user Carol Danvers to app VMware Workspace ONE failed: Error while creating user \
        carol@acme.test: ";
    let reported = |text: &str| format!("{begins}Errors reported by remote server: {text}");
    let classic = json!({ "errors": [{ "code": "forbidden", "message": "no", "parameters": null }] });
    let older = json!({ "Errors": [{ "description": "User already exists in the database.", "code": 409 }] });
    for (answer, expected) in [
        (says(400, classic), reported("no")),
        (says(409, older), reported("User already exists in the database.")),
        (says(400, json!({ "detail": "of 2.0" })), reported("of 2.0")),
        (says(500, Value::Null), reported("Internal Server Error")),
        (Says::This(201, None, "<html>".into()), reported("Invalid JSON")),
        (says(201, Value::Null), format!("{begins}Create new user returned empty user.")),
        (says(201, json!({})), format!("{begins}Create new user returned empty user.")),
        (Says::Nothing, format!("{begins}The remote server could not be reached: no answer in time")),
    ] {
        let mut stage = Stage::new();
        stage.change(assigned, vec![says(200, list(&[])), answer]);
        assert_eq!(stage.task(), expected);
        assert_eq!(stage.okta.next_due(), None, "it waits for an administrator");
        let asked =
            stage.administer(Administer::RetryTasks, vec![says(200, list(&[])), says(201, json!({ "id": "c1" }))]);
        assert_eq!((lines(&asked)[1], stage.task().as_str()), ("POST /Users", ""));
    }
}

#[test]
fn numbers_of_a_list_must_be_numbers() {
    let mut stage = Stage::new();
    let odd = json!({ "totalResults": "0", "Resources": [] });
    stage.change(assigned, vec![says(200, odd)]);
    assert!(stage.task().contains("no list with its numbers"), "{}", stage.task());
}

#[test]
fn too_many_requests_are_tried_again_ten_times_at_most() {
    let too_many = |after: Option<u64>| Says::This(429, after, String::new());
    let mut stage = Stage::new();
    stage.change(assigned, vec![too_many(Some(17))]);
    let mut pauses = vec![stage.okta.next_due().unwrap().since(stage.target.now()).as_secs()];
    for _ in 0..8 {
        *stage.target.clock.lock().unwrap() = stage.okta.next_due().unwrap().since(START);
        stage.target.script.lock().unwrap().push_back(too_many(None));
        wait(stage.okta.wake(&stage.target));
        pauses.push(stage.okta.next_due().unwrap().since(stage.target.now()).as_secs());
    }
    assert_eq!(pauses, [17, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800]);
    *stage.target.clock.lock().unwrap() = stage.okta.next_due().unwrap().since(START);
    stage.target.script.lock().unwrap().push_back(too_many(None));
    wait(stage.okta.wake(&stage.target));
    assert_eq!(stage.okta.next_due(), None);
    assert!(stage.task().ends_with("Errors reported by remote server: Too Many Requests"), "{}", stage.task());
}

#[test]
fn credentials_are_tested_with_two_requests() {
    let stage = Stage::new();
    let asked = stage.administer(Administer::TestCredentials, vec![says(200, list(&[])), says(200, list(&[]))]);
    assert_eq!(lines(&asked), ["GET /Users?startIndex=1&count=2", "GET /Groups?startIndex=1&count=100"]);
    let told = format!("{:?}", stage.target.events.lock().unwrap());
    assert!(told.contains("VMware Workspace ONE was verified successfully!"), "{told}");
    stage.administer(Administer::TestCredentials, vec![says(401, Value::Null)]);
    let told = format!("{:?}", stage.target.events.lock().unwrap());
    assert!(told.contains("Error authenticating: Errors reported by remote server: Unauthorized"), "{told}");
}

#[test]
fn a_wrong_base_url_is_told_before_anything_is_sent() {
    for (url, why) in [
        ("https://acme.access.test/", "must not end with a slash"),
        ("http://acme.access.test", "must begin with https://"),
        ("https://acme.access.test/SAAS", "the address of the tenant alone"),
        ("https://", "the address of the tenant alone"),
    ] {
        let mut stage = Stage::new();
        stage.change(|okta| okta.workspace_one_app.as_mut().unwrap().base_url = url.into(), vec![]);
        assert_eq!(stage.administer(Administer::TestCredentials, vec![]), []);
        let told = format!("{:?}", stage.target.events.lock().unwrap());
        assert!(told.contains(why), "{url}: {told}");
    }
}

#[test]
fn nothing_is_sent_once_the_integration_is_off() {
    let mut stage = Stage::new();
    stage.change(assigned, vec![Says::This(429, None, String::new())]);
    let off = |okta: &mut Settings| okta.workspace_one_app.as_mut().unwrap().api_integration = false;
    assert_eq!(stage.change(off, vec![]), []);
    *stage.target.clock.lock().unwrap() = Duration::from_secs(3600);
    wait(stage.okta.wake(&stage.target));
    assert_eq!(stage.asked(), []);
    let on = |okta: &mut Settings| okta.workspace_one_app.as_mut().unwrap().api_integration = true;
    let asked = stage.change(on, vec![says(200, list(&[])), says(201, json!({ "id": "c1" }))]);
    assert_eq!(lines(&asked), [LOOK, "POST /Users"]);
}
