//! Okta's published SCIM suites, played in-process: 2.0 SPEC (52 assertions) and 2.0 CRUD (21) hold; of 1.1 SPEC (90) it is
//! told which hold and which differ because the real endpoint differs.
//!
//! CRUD drives Okta's own interface; here stand the requests that its SCIM client sends instead.

mod tenant;

use serde_json::{Value, json};
use std::time::Duration;
use tenant::{Answer, CLASSIC, NEWER, Tenant, quoted};

/// One assertion of the suites. Paths are JSON pointers.
#[derive(Debug, Clone, Copy)]
enum Is {
    Status(u16),
    There(&'static str),
    Number(&'static str),
    /// The list holds the text.
    Has(&'static str, &'static str),
    Text(&'static str, &'static str),
    Same(&'static str, Bare),
    /// Answered within this many milliseconds, on the one clock.
    Within(u64),
}

/// A value that is no text.
#[derive(Debug, Clone, Copy)]
enum Bare {
    True,
    False,
    Zero,
}

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const CORE: &str = "urn:scim:schemas:core:1.0";
/// Why an assertion of 1.1 SPEC does not hold.
const NO_ENDPOINT: &str = "the real classic interface has no such endpoint";
const NO_DETAIL: &str = "the real classic errors are a list `errors` with `message`";
const NO_LIST_URN: &str = "classic lists name core 1.0";

struct Suite {
    tenant: Tenant,
    held: usize,
    differs: usize,
    wrong: Vec<String>,
}

impl Suite {
    fn start() -> Suite {
        let tenant = Tenant::start(|w| w.access.directories.retain(|d| d.name != "acme"));
        Suite { tenant, held: 0, differs: 0, wrong: Vec::new() }
    }

    fn holds(&self, answer: &(Answer, Duration), is: Is) -> bool {
        let (answer, took) = answer;
        let at = |path: &str| answer.json.pointer(path).unwrap_or(&Value::Null);
        match is {
            Is::Status(status) => answer.status == status,
            Is::There(path) => !matches!(at(path), Value::Null) && at(path) != &json!("") && at(path) != &json!([]),
            Is::Number(path) => at(path).is_number(),
            Is::Has(path, text) => at(path).as_array().is_some_and(|l| l.contains(&text.into())),
            Is::Text(path, text) => at(path) == text,
            Is::Same(path, bare) => {
                at(path)
                    == &match bare {
                        Bare::True => json!(true),
                        Bare::False => json!(false),
                        Bare::Zero => json!(0),
                    }
            }
            Is::Within(ms) => *took < Duration::from_millis(ms),
        }
    }

    fn step(&mut self, name: &str, answer: &(Answer, Duration), holding: &[Is]) {
        for is in holding {
            self.held += 1;
            if !self.holds(answer, *is) {
                self.wrong.push(format!("{name}: {is:?} does not hold: {} {}", answer.0.status, answer.0.text));
            }
        }
    }

    /// Assertions that must not hold, or the table is out of date.
    fn differing(&mut self, name: &str, answer: &(Answer, Duration), why: &str, differing: &[Is]) {
        for is in differing {
            self.differs += 1;
            if self.holds(answer, *is) {
                self.wrong.push(format!("{name}: {is:?} holds, though {why}"));
            }
        }
    }

    fn timed(&self, act: impl FnOnce(&Tenant) -> Answer) -> (Answer, Duration) {
        let before = self.tenant.running.core.clock.now();
        let answer = act(&self.tenant);
        (answer, self.tenant.running.core.clock.now().since(before))
    }
    fn get(&self, url: &str) -> (Answer, Duration) {
        self.timed(|t| t.call("GET", url, Value::Null))
    }
    fn send(&self, method: &str, url: &str, body: Value) -> (Answer, Duration) {
        self.timed(|t| t.call(method, url, body))
    }

    #[track_caller]
    fn end(self, held: usize, differs: usize) {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert_eq!((self.held, self.differs), (held, differs));
    }
}

fn id(answer: &(Answer, Duration)) -> String {
    answer.0.json["id"].as_str().unwrap_or_default().to_string()
}

fn named(base: &str, name: &str) -> String {
    format!("{base}/Users?filter={}", quoted(&format!("userName eq \"{name}\"")))
}

fn newer_user(name: &str) -> Value {
    json!({
        "schemas": [USER],
        "userName": name,
        "name": { "givenName": "Given", "familyName": "Family" },
        "emails": [{ "primary": true, "value": format!("{name}@x.test"), "type": "work" }],
        "displayName": "Given Family",
        "active": true,
    })
}

#[test]
fn spec_2_0() {
    let mut s = Suite::start();
    s.send("POST", &format!("{NEWER}/Users"), newer_user("first"));
    let first = s.get(&format!("{NEWER}/Users?count=1&startIndex=1"));
    let shape =
        [Is::There("/Resources"), Is::Has("/schemas", LIST), Is::Number("/itemsPerPage"), Is::Number("/startIndex")];
    s.step("users", &first, &[Is::Status(200)]);
    s.step("users", &first, &shape);
    s.step(
        "users",
        &first,
        &[Is::Number("/totalResults"), Is::There("/Resources/0/id"), Is::There("/Resources/0/name/familyName")],
    );
    s.step("users", &first, &[Is::There("/Resources/0/name/givenName"), Is::There("/Resources/0/userName")]);
    s.step("users", &first, &[Is::There("/Resources/0/active"), Is::There("/Resources/0/emails/0/value")]);
    let known = first.0.json["Resources"][0]["id"].as_str().unwrap_or_default().to_string();
    let one = s.get(&format!("{NEWER}/Users/{known}"));
    s.step(
        "user",
        &one,
        &[Is::Status(200), Is::There("/id"), Is::There("/name/familyName"), Is::There("/name/givenName")],
    );
    s.step(
        "user",
        &one,
        &[Is::There("/userName"), Is::There("/active"), Is::There("/emails/0/value"), Is::There("/id")],
    );
    assert_eq!(id(&one), known, "the last of them says which id");
    for name in ["invalid@x.test", "random@x.test"] {
        let nobody = s.get(&named(NEWER, name));
        s.step("nobody", &nobody, &[Is::Status(200), Is::Has("/schemas", LIST), Is::Same("/totalResults", Bare::Zero)]);
    }
    let unknown = s.get(&format!("{NEWER}/Users/does-not-exist"));
    s.step("unknown", &unknown, &[Is::Status(404), Is::There("/detail"), Is::Has("/schemas", ERROR)]);
    let made = s.send("POST", &format!("{NEWER}/Users"), newer_user("random"));
    let echo =
        [Is::Text("/name/familyName", "Family"), Is::Text("/name/givenName", "Given"), Is::Text("/userName", "random")];
    s.step(
        "create",
        &made,
        &[Is::Status(201), Is::Same("/active", Bare::True), Is::There("/id"), Is::Has("/schemas", USER)],
    );
    s.step("create", &made, &echo);
    let read = s.get(&format!("{NEWER}/Users/{}", id(&made)));
    s.step("read", &read, &[Is::Status(200)]);
    s.step("read", &read, &echo);
    let again = s.send("POST", &format!("{NEWER}/Users"), newer_user("random"));
    s.step("again", &again, &[Is::Status(409)]);
    let capitals = s.get(&named(NEWER, "RANDOM"));
    s.step("capitals", &capitals, &[Is::Status(200)]);
    let groups = s.get(&format!("{NEWER}/Groups"));
    s.step("groups", &groups, &[Is::Status(200), Is::Within(600)]);
    let stranger = s.timed(|t| t.send("GET", &named(NEWER, "RANDOM"), &[("authorization", "non-token")], ""));
    s.step(
        "stranger",
        &stranger,
        &[Is::Status(401), Is::There("/detail"), Is::Text("/status", "401"), Is::Has("/schemas", ERROR)],
    );
    let gone = s.get(&format!("{NEWER}/Users/00919288221112222"));
    s.step(
        "unknown",
        &gone,
        &[Is::Status(404), Is::There("/detail"), Is::Text("/status", "404"), Is::Has("/schemas", ERROR)],
    );
    s.end(52, 0);
}

#[test]
fn crud_2_0() {
    let mut s = Suite::start();
    let users = format!("{NEWER}/Users");
    let email = "carol@x.test";
    let profile = |given: &str| {
        let mut body = newer_user(email);
        body["emails"][0]["value"] = email.into();
        body["name"] = json!({ "givenName": given, "familyName": "Last" });
        body["externalId"] = "00u1".into();
        body
    };
    let active = |on: bool| {
        let operation = json!({ "op": "replace", "value": { "active": on } });
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] })
    };
    let test = s.get(&format!("{users}?startIndex=1&count=2"));
    s.step("the app answers", &test, &[Is::Status(200)]);
    let exists = s.get(&named(NEWER, email));
    s.step("a new user", &exists, &[Is::Status(200)]);
    let made = s.send("POST", &users, profile("First"));
    s.step("assigned", &made, &[Is::Status(201)]);
    let found = s.get(&named(NEWER, email));
    s.step(
        "found",
        &found,
        &[Is::Status(200), Is::Text("/Resources/0/userName", email), Is::Text("/Resources/0/emails/0/value", email)],
    );
    s.step(
        "found",
        &found,
        &[Is::Text("/Resources/0/name/familyName", "Last"), Is::Text("/Resources/0/name/givenName", "First")],
    );
    let address = format!("{users}/{}", id(&made));
    let updated = s.send("PUT", &address, profile("Second"));
    s.step("updated", &updated, &[Is::Status(200)]);
    let seen = s.get(&address);
    s.step("updated", &seen, &[Is::Status(200), Is::Text("/name/givenName", "Second")]);
    let switches = [("deactivated", false), ("assigned again", true), ("unassigned", false)];
    for (name, on) in switches {
        let done = s.send("PATCH", &address, active(on));
        s.step(name, &done, &[Is::Status(200)]);
        if on {
            let profile = s.send("PUT", &address, profile("Second"));
            s.step(name, &profile, &[Is::Status(200)]);
        }
        let seen = s.get(&address);
        s.step(name, &seen, &[Is::Status(200), Is::Same("/active", if on { Bare::True } else { Bare::False })]);
    }
    s.end(21, 0);
}

fn classic_user(name: &str) -> Value {
    let mut body = newer_user(name);
    body["schemas"] = json!([CORE]);
    body
}

#[test]
fn spec_1_1() {
    let mut s = Suite::start();
    s.send("POST", &format!("{CLASSIC}/Users"), classic_user("first"));
    let config = s.get(&format!("{CLASSIC}/ServiceProviderConfigs"));
    s.step("config", &config, &[Is::Within(400)]);
    let parts = [
        "/schemas",
        "/patch",
        "/bulk",
        "/filter",
        "/changePassword",
        "/sort",
        "/etag",
        "/authenticationSchemes",
        "/authenticationSchemes/0/type",
        "/authenticationSchemes/0/description",
        "/etag/supported",
        "/sort/supported",
        "/changePassword/supported",
        "/filter/maxResults",
        "/filter/supported",
        "/bulk/supported",
        "/bulk/maxOperations",
        "/bulk/maxPayloadSize",
        "/patch/supported",
    ];
    s.differing("config", &config, NO_ENDPOINT, &[Is::Status(200), Is::Has("/schemas", CORE)]);
    s.differing("config", &config, NO_ENDPOINT, &parts.map(Is::There));
    let posted = s.send("POST", &format!("{CLASSIC}/ServiceProviderConfigs"), json!("test"));
    s.differing("config", &posted, NO_ENDPOINT, &[Is::Status(405)]);
    let types = s.get(&format!("{CLASSIC}/ResourceTypes"));
    s.step("types", &types, &[Is::Within(400)]);
    let parts = ["/Resources", "/Resources/0/name", "/Resources/0/endpoint", "/Resources/0/schema"];
    s.differing("types", &types, NO_ENDPOINT, &[Is::Status(200), Is::Has("/schemas", CORE)]);
    s.differing("types", &types, NO_ENDPOINT, &parts.map(Is::There));
    let posted = s.send("POST", &format!("{CLASSIC}/ResourceTypes"), json!("test"));
    s.differing("types", &posted, NO_ENDPOINT, &[Is::Status(405)]);
    let schemas = s.get(&format!("{CLASSIC}/Schemas"));
    s.step("schemas", &schemas, &[Is::Status(200), Is::There("/Resources"), Is::Within(400)]);
    s.step("schemas", &schemas, &[Is::There("/Resources/0/id"), Is::There("/Resources/0/attributes")]);
    s.differing("schemas", &schemas, NO_LIST_URN, &[Is::Has("/schemas", "urn:scim:schemas:core:1.0:ListResponse")]);
    let posted = s.send("POST", &format!("{CLASSIC}/Schemas"), Value::Null);
    s.step("schemas", &posted, &[Is::Status(405)]);

    let first = s.get(&format!("{CLASSIC}/Users?count=1&startIndex=1"));
    s.step("users", &first, &[Is::Status(200), Is::There("/Resources"), Is::Has("/schemas", CORE), Is::Within(600)]);
    s.step("users", &first, &["/itemsPerPage", "/startIndex", "/totalResults"].map(Is::Number));
    let parts =
        ["/Resources/0/id", "/Resources/0/name/familyName", "/Resources/0/name/givenName", "/Resources/0/userName"];
    s.step("users", &first, &parts.map(Is::There));
    s.step("users", &first, &[Is::There("/Resources/0/active"), Is::There("/Resources/0/emails/0/value")]);
    let known = first.0.json["Resources"][0]["id"].as_str().unwrap_or_default().to_string();
    let one = s.get(&format!("{CLASSIC}/Users/{known}"));
    let parts = ["/id", "/name/familyName", "/name/givenName", "/userName", "/active", "/emails/0/value"];
    s.step("user", &one, &[Is::Status(200), Is::Within(600), Is::There("/id")]);
    s.step("user", &one, &parts.map(Is::There));
    assert_eq!(id(&one), known, "one of them says which id");
    let nobody = s.get(&named(CLASSIC, "invalid@x.test"));
    s.step(
        "nobody",
        &nobody,
        &[Is::Status(200), Is::Has("/schemas", CORE), Is::Same("/totalResults", Bare::Zero), Is::Within(400)],
    );
    let unknown = s.get(&format!("{CLASSIC}/Users/does-not-exist"));
    s.step("unknown", &unknown, &[Is::Status(404), Is::Within(600)]);
    s.differing("unknown", &unknown, NO_DETAIL, &[Is::There("/detail")]);
    let random = s.get(&named(CLASSIC, "random@x.test"));
    s.step(
        "nobody",
        &random,
        &[Is::Status(200), Is::Same("/totalResults", Bare::Zero), Is::Has("/schemas", CORE), Is::Within(600)],
    );
    let made = s.send("POST", &format!("{CLASSIC}/Users"), classic_user("random"));
    let echo =
        [Is::Text("/userName", "random"), Is::Text("/name/familyName", "Family"), Is::Text("/name/givenName", "Given")];
    s.step(
        "create",
        &made,
        &[
            Is::Status(201),
            Is::Within(600),
            Is::Same("/active", Bare::True),
            Is::There("/id"),
            Is::Has("/schemas", CORE),
        ],
    );
    s.step("create", &made, &echo);
    let read = s.get(&format!("{CLASSIC}/Users/{}", id(&made)));
    s.step("read", &read, &[Is::Status(200), Is::Within(600)]);
    s.step("read", &read, &echo);
    let again = s.send("POST", &format!("{CLASSIC}/Users"), classic_user("random"));
    s.step("again", &again, &[Is::Status(409), Is::Within(600)]);
    let capitals = s.get(&format!("{CLASSIC}/Users?filter=RANDOM"));
    s.step("no filter", &capitals, &[Is::Status(400), Is::Within(600)]);
    let groups = s.get(&format!("{CLASSIC}/Groups"));
    s.step("groups", &groups, &[Is::Status(200), Is::Within(600)]);
    s.end(59, 31);
}
