//! Access as provisioning server, from outside: what an administrator, Okta and a stranger get to see.

use federation::tenant::access::{ClassicPut, OauthStrictness, OnPremisesPart, TokenAfterClient};
use federation::tenant::provisioning::{AccessType, ClientConsole, Deployment};
use federation::{EventKind, World};
mod tenant;

use serde_json::{Value, json};
use tenant::{ACCESS, CLASSIC, MANAGER, NEWER, SECRET, Tenant, quoted};

const OTHER: &str = "application/vnd.vmware.horizon.manager.connector.management.directory.other+json";
const DOMAIN: &str = "okta.acme.test";

fn tenant() -> Tenant {
    Tenant::start(|_| {})
}

fn classic_user(name: &str, domain: &str) -> Value {
    json!({
        "schemas": ["urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:workspace:1.0"],
        "userName": name,
        "name": { "givenName": "Given", "familyName": "Family" },
        "emails": [{ "value": format!("{name}@acme.test"), "primary": true, "type": "work" }],
        "externalId": format!("00u{name}"),
        "urn:scim:schemas:extension:workspace:1.0": { "internalUserType": "PROVISIONED", "domain": domain },
    })
}

#[track_caller]
fn token_request(change: impl FnOnce(&mut World), body: &str, authorization: Option<&str>, expected: (u16, &str)) {
    let tenant = Tenant::start(change);
    let answer = tenant.form("/SAAS/auth/oauthtoken", body, authorization);
    let said = answer.json["error"].as_str().or(answer.json["token_type"].as_str()).unwrap_or_default();
    assert_eq!((answer.status, said), expected, "{}", answer.text);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.headers.contains_key("www-authenticate"), answer.status == 401);
    assert!(!answer.text.contains(SECRET) && !answer.text.contains("refresh_token"));
}

#[test]
fn tokens_for_service_clients() {
    let basic = |secret: &str| format!("Basic {}", wire::form::encode_post(&format!("OktaSCIM:{secret}")));
    let grant = "grant_type=client_credentials&scope=admin";
    let body = |secret: &str| format!("{grant}&client_id=OktaSCIM&client_secret={secret}");
    let strict = |w: &mut World| w.access.assumptions.oauth_strictness = OauthStrictness::Rfc;
    token_request(|_| {}, &body(SECRET), None, (200, "Bearer"));
    token_request(|_| {}, grant, Some(&basic(SECRET)), (200, "Bearer"));
    token_request(|_| {}, "grant_type=client_credentials", Some(&basic(SECRET)), (200, "Bearer"));
    token_request(|_| {}, &body("wrong"), None, (401, "invalid_client"));
    token_request(|_| {}, &body(SECRET).replace("OktaSCIM", "nobody"), None, (401, "invalid_client"));
    token_request(|_| {}, grant, None, (401, "invalid_client"));
    token_request(|_| {}, &body(SECRET), Some(&basic(SECRET)), (400, "invalid_request"));
    token_request(|_| {}, &format!("{}&scope=x", body(SECRET)), None, (400, "invalid_request"));
    token_request(|_| {}, &body(SECRET).replace("admin", "admin+openid"), None, (400, "invalid_scope"));
    token_request(
        |_| {},
        &body(SECRET).replace("client_credentials", "password"),
        None,
        (400, "unsupported_grant_type"),
    );
    token_request(|_| {}, &body(SECRET).replace("client_credentials", "nonsense"), None, (500, "server_error"));
    token_request(|_| {}, "scope=admin", Some(&basic(SECRET)), (500, "server_error"));
    token_request(strict, "scope=admin", Some(&basic(SECRET)), (400, "invalid_request"));
    token_request(strict, "grant_type=nonsense", Some(&basic(SECRET)), (400, "unsupported_grant_type"));
    let people = |w: &mut World| w.access.remote_app_access[0].access_type = AccessType::UserAccessToken;
    token_request(people, &body(SECRET), None, (400, "unauthorized_client"));
    let narrow = |w: &mut World| w.access.remote_app_access[0].scope = vec!["user".into()];
    token_request(narrow, &body(SECRET), None, (400, "invalid_scope"));
}

#[test]
fn credentials_in_the_url_are_taken_unless_strict() {
    let url = format!(
        "{ACCESS}/SAAS/auth/oauthtoken?grant_type=client_credentials&client_id=OktaSCIM&client_secret={SECRET}"
    );
    assert_eq!(tenant().send("POST", &url, &[], "").status, 200);
    let strict = Tenant::start(|w| w.access.assumptions.oauth_strictness = OauthStrictness::Rfc);
    assert_eq!(strict.send("POST", &url, &[], "").status, 400);
    assert_eq!(tenant().send("GET", &url, &[], "").status, 405);
    let json =
        tenant().send("POST", &format!("{ACCESS}/SAAS/auth/oauthtoken"), &[("content-type", "application/json")], "{}");
    assert_eq!((json.status, json.json["error"].as_str()), (400, Some("invalid_request")));
}

#[test]
fn a_token_ends_when_its_time_is_over() {
    let tenant = tenant();
    let valid = |t: &Tenant| {
        let bearer = format!("Bearer {}", t.token);
        t.send(
            "GET",
            &format!("{ACCESS}/SAAS/API/1.0/REST/auth/token?attribute=isValid"),
            &[("authorization", &bearer)],
            "",
        )
        .text
    };
    assert_eq!(
        (valid(&tenant), tenant.call("GET", &format!("{CLASSIC}/Users"), Value::Null).status),
        ("True".into(), 200)
    );
    tenant.wait(525_599);
    assert_eq!(
        (valid(&tenant), tenant.call("GET", &format!("{NEWER}/Users"), Value::Null).status),
        ("True".into(), 200)
    );
    tenant.wait(1);
    let answer = tenant.call("GET", &format!("{CLASSIC}/Users"), Value::Null);
    assert_eq!((valid(&tenant), answer.status), ("False".into(), 401));
    assert!(answer.headers["www-authenticate"].to_str().unwrap_or_default().contains("invalid_token"));
    assert!(answer.text.contains("expired"), "{}", answer.text);
}

/// What the gate says to an Authorization header at the classic interface.
#[track_caller]
fn gate(change: impl FnOnce(&mut World), header: impl FnOnce(&Tenant) -> Option<String>, expected: (u16, &str)) {
    let tenant = Tenant::start(change);
    let header = header(&tenant);
    let headers: Vec<(&str, &str)> = header.iter().map(|h| ("authorization", h.as_str())).collect();
    tenant.events();
    for path in [
        format!("{CLASSIC}/Users"),
        format!("{NEWER}/Users"),
        format!("{MANAGER}/oauth2clients"),
        format!("{NEWER}/nothing"),
    ] {
        let answer = tenant.send("GET", &path, &headers, "");
        assert_eq!(answer.status, expected.0, "{path}: {}", answer.text);
        let refused = tenant
            .events()
            .into_iter()
            .find_map(|e| if let EventKind::Refused { code, .. } = e.kind { Some(code) } else { None });
        assert_eq!(refused.unwrap_or_default(), expected.1, "{path}");
    }
}

#[test]
fn every_path_wants_a_token_that_counts() {
    gate(|_| {}, |_| None, (401, "oauth/no-token"));
    gate(|_| {}, |_| Some("non-token".into()), (401, "oauth/no-token"));
    gate(|_| {}, |_| Some(format!("Bearer {SECRET}")), (401, "oauth/secret-is-not-a-token"));
    gate(|_| {}, |_| Some("Bearer something".into()), (401, "jwt/malformed"));
    gate(|_| {}, |t| Some(format!("Bearer {}x", t.token)), (401, "jwt/malformed"));
    let narrow = |w: &mut World| w.access.remote_app_access[0].scope = vec!["user".into()];
    let narrow_token = |t: &Tenant| {
        let body = format!("grant_type=client_credentials&client_id=OktaSCIM&client_secret={SECRET}");
        let answer = t.form("/SAAS/auth/oauthtoken", &body, None);
        Some(format!("Bearer {}", answer.json["access_token"].as_str().unwrap_or_default()))
    };
    gate(narrow, narrow_token, (403, "oauth/insufficient-scope"));
}

#[test]
fn every_method_of_every_path_is_behind_the_gate() {
    let tenant = tenant();
    let paths = [
        "/Users",
        "/Users/x",
        "/Users/.search",
        "/Groups",
        "/Groups/x",
        "/Schemas",
        "/ServiceProviderConfig",
        "/nothing",
        "",
    ];
    for base in [CLASSIC, NEWER] {
        for (path, method) in paths.iter().flat_map(|p| ["GET", "POST", "PUT", "PATCH", "DELETE"].map(|m| (p, m))) {
            let answer = tenant.send(method, &format!("{base}{path}"), &[], "{}");
            assert_eq!(answer.status, 401, "{method} {base}{path}");
            let challenge = answer.headers["www-authenticate"].to_str().unwrap_or_default();
            assert!(challenge.starts_with("Bearer") && !challenge.contains("error"), "{challenge}");
        }
    }
}

#[test]
fn administrators_make_clients() {
    let tenant = tenant();
    let login = |password: &str| {
        let body = json!({ "username": "admin", "password": password, "issueToken": true });
        tenant.send("POST", &format!("{ACCESS}/SAAS/API/1.0/REST/auth/system/login"), &[], &body.to_string())
    };
    assert_eq!(login("wrong").status, 401);
    let session = format!("HZN {}", login("administrators password").json["sessionToken"].as_str().unwrap_or_default());
    let clients = format!("{MANAGER}/oauth2clients");
    let kind = "application/vnd.vmware.horizon.manager.oauth2client+json";
    let create = |body: Value| {
        tenant.send("POST", &clients, &[("authorization", &session), ("content-type", kind)], &body.to_string())
    };
    let made = create(json!({ "clientId": "Other.App_1-x@y", "scope": "admin", "accessTokenTTL": 5 }));
    assert_eq!(made.status, 201, "{}", made.text);
    let secret = made.json["secret"].as_str().unwrap_or_default().to_string();
    let ask = |secret: &str| {
        let body =
            format!("grant_type=client_credentials&client_id=Other.App_1-x%40y&client_secret={}", quoted(secret));
        tenant.form("/SAAS/auth/oauthtoken", &body, None)
    };
    assert_eq!(ask(&secret).json["expires_in"], 300);
    let get = tenant.send("GET", &format!("{clients}/Other.App_1-x@y"), &[("authorization", &session)], "");
    assert_eq!((get.status, get.json.get("secret")), (200, None), "a secret is told once");
    for (body, status) in [
        (json!({ "clientId": "bad id" }), 400),
        (json!({ "clientId": "a", "scope": "everything" }), 400),
        (json!({ "clientId": "a", "accessTokenTTL": 0 }), 400),
        (json!({ "clientId": "OktaSCIM" }), 500),
        (json!([]), 400),
    ] {
        assert_eq!(create(body.clone()).status, status, "{body}");
    }
    let new = tenant.send("POST", &format!("{clients}/Other.App_1-x@y/secret"), &[("authorization", &session)], "");
    let new = new.json["secret"].as_str().unwrap_or_default().to_string();
    assert_eq!((ask(&secret).status, ask(&new).status), (401, 200));
    assert_eq!(tenant.call("GET", &clients, Value::Null).json["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(tenant.call("DELETE", &format!("{clients}/Other.App_1-x@y"), Value::Null).status, 204);
    assert_eq!(
        (ask(&new).status, tenant.call("DELETE", &format!("{clients}/Other.App_1-x@y"), Value::Null).status),
        (401, 404)
    );
    tenant.wait(9 * 60);
    assert_eq!(tenant.send("GET", &clients, &[("authorization", &session)], "").status, 401, "the session is over");
}

#[test]
fn a_secret_is_chosen_or_generated_by_console() {
    let body = json!({ "clientId": "a", "secret": "mine" });
    let made = tenant().call("POST", &format!("{MANAGER}/oauth2clients"), body.clone());
    assert_eq!((made.status, &made.json["secret"]), (201, &json!("mine")));
    let later = Tenant::start(|w| w.access.provisioning.console = ClientConsole::Oauth2Management);
    assert_eq!(later.call("POST", &format!("{MANAGER}/oauth2clients"), body).status, 400);
}

#[test]
fn a_token_and_its_client() {
    let check = |change: fn(&mut World), expected: u16| {
        let tenant = Tenant::start(change);
        assert_eq!(tenant.call("DELETE", &format!("{MANAGER}/oauth2clients/OktaSCIM"), Value::Null).status, 204);
        assert_eq!(tenant.call("GET", &format!("{CLASSIC}/Users"), Value::Null).status, expected);
    };
    check(|_| {}, 401);
    check(|w| w.access.assumptions.token_after_client = TokenAfterClient::Lives, 200);
}

#[test]
fn directories() {
    let tenant = tenant();
    let url = format!("{MANAGER}/connectormanagement/directoryconfigs");
    let bearer = format!("Bearer {}", tenant.token);
    let create =
        |kind: &str, body: &str| tenant.send("POST", &url, &[("authorization", &bearer), ("content-type", kind)], body);
    let good = r#"{"type":"OTHER_DIRECTORY","domains":["new.acme.test"],"name":"New"}"#;
    for (kind, body, status, says) in [
        ("application/json", good, 415, OTHER),
        ("application/", good, 415, "`application/`"),
        (OTHER, "", 400, "no JSON"),
        (OTHER, r#"{"domains":["a"],"name":"N"}"#, 400, "OTHER_DIRECTORY"),
        (OTHER, r#"{"type":"LOCAL_DIRECTORY","domains":["a"],"name":"N"}"#, 400, "LOCAL_DIRECTORY"),
        (OTHER, r#"{"type":"OTHER_DIRECTORY","domains":[],"name":"N"}"#, 400, "domains"),
        (OTHER, r#"{"type":"OTHER_DIRECTORY","domains":["a"]}"#, 400, "name"),
        (OTHER, r#"{"type":"OTHER_DIRECTORY","domains":["ACME.test"],"name":"N"}"#, 409, "ACME.test"),
        (OTHER, r#"{"type":"OTHER_DIRECTORY","domains":["a"],"name":"acme"}"#, 409, "acme"),
    ] {
        let answer = create(kind, body);
        assert_eq!(answer.status, status, "{kind} {body}: {}", answer.text);
        assert!(answer.text.contains(says), "{}", answer.text);
    }
    let made = create(OTHER, good);
    assert_eq!(
        (made.status, &made.json["type"], &made.json["countDomains"]),
        (201, &json!("OTHER_DIRECTORY"), &json!(1))
    );
    let id = made.json["directoryId"].as_str().unwrap_or_default().to_string();
    let list = tenant.call("GET", &url, Value::Null);
    assert!(list.text.contains(&id) && list.text.contains("System Domain"), "{}", list.text);
    let user = tenant.call("POST", &format!("{CLASSIC}/Users"), classic_user("carol", "new.acme.test"));
    assert_eq!(user.status, 201, "{}", user.text);
    assert_eq!(tenant.call("DELETE", &format!("{url}/{id}"), Value::Null).status, 204);
    assert_eq!(tenant.call("GET", &format!("{url}/{id}"), Value::Null).status, 404);
    let gone =
        tenant.call("GET", &format!("{CLASSIC}/Users/{}", user.json["id"].as_str().unwrap_or_default()), Value::Null);
    assert_eq!(gone.status, 404);
    let premises = |part: OnPremisesPart| {
        Tenant::start(move |w| {
            w.access.provisioning.deployment = Deployment::OnPremises;
            w.access.assumptions.on_premises_part = part;
        })
    };
    for (part, status) in [(OnPremisesPart::NoOtherDirectory, 400), (OnPremisesPart::Everything, 201)] {
        let tenant = premises(part);
        let bearer = format!("Bearer {}", tenant.token);
        let answer = tenant.send("POST", &url, &[("authorization", &bearer), ("content-type", OTHER)], good);
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

#[test]
fn the_classic_dialect() {
    let tenant = tenant();
    let users = format!("{CLASSIC}/Users");
    let made = tenant.call("POST", &users, classic_user("carol", DOMAIN));
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json["id"].as_str().unwrap_or_default().to_string();
    assert_eq!(made.headers["location"], format!("{users}/{id}"));
    assert_eq!(made.headers["etag"], made.json["meta"]["version"].as_str().unwrap_or_default());
    let workspace = &made.json["urn:scim:schemas:extension:workspace:1.0"];
    assert_eq!((&workspace["userStatus"], &workspace["internalUserType"]), (&json!("1"), &json!("PROVISIONED")));
    assert_eq!((&made.json["groups"], &made.json["roles"][0]["display"]), (&json!([]), &json!("User")));
    let again = tenant.call("POST", &users, classic_user("CAROL", DOMAIN));
    assert_eq!((again.status, &again.json["errors"][0]["code"]), (409, &json!("conflict")));
    let found = tenant.call(
        "GET",
        &format!("{users}?filter={}&startIndex=1&count=100", quoted("userName eq \"carol\"")),
        Value::Null,
    );
    assert_eq!((&found.json["totalResults"], &found.json["startIndex"]), (&json!(1), &json!(1)));
    let off = json!({ "schemas": ["urn:scim:schemas:core:1.0"], "id": id, "active": false });
    let off = tenant.call("PATCH", &format!("{users}/{id}"), off);
    assert_eq!((off.status, &off.json["active"]), (200, &json!(false)));
    assert_eq!(off.json["urn:scim:schemas:extension:workspace:1.0"]["userStatus"], "2");
    let bearer = format!("Bearer {}", tenant.token);
    let headers = [("authorization", bearer.as_str()), ("x-http-method-override", "PATCH")];
    let title = tenant.send("POST", &format!("{users}/{id}"), &headers, r#"{"title":"Dr"}"#);
    assert_eq!((title.status, &title.json["title"]), (200, &json!("Dr")), "{}", title.text);
    let group = tenant.call("POST", &format!("{CLASSIC}/Groups"), json!({ "displayName": "Sales" }));
    let domain = &group.json["urn:scim:schemas:extension:workspace:1.0"]["domain"];
    assert_eq!((group.status, domain), (201, &json!("System Domain")));
    let address = format!("{CLASSIC}/Groups/{}", group.json["id"].as_str().unwrap_or_default());
    let join = tenant.call("PATCH", &address, json!({ "members": [{ "value": id, "display": "carol" }] }));
    assert_eq!(join.json["members"], json!([{ "value": id, "display": "carol" }]));
    let leave = tenant.call("PATCH", &address, json!({ "members": [{ "value": id, "operation": "delete" }] }));
    assert_eq!((leave.status, leave.json.get("members")), (200, None));
    let search = tenant.call(
        "POST",
        &format!("{users}/.search"),
        json!({ "filter": "userName sw \"c\"", "count": 1, "attributes": "userName" }),
    );
    assert_eq!(search.json["Resources"][0]["userName"], "carol");
    assert_eq!(search.json["Resources"][0].get("emails"), None);
    for (query, status) in [
        ("filter=x", 400),
        ("attributes=nothing", 400),
        ("count=x", 404),
        ("startIndex=-1", 404),
        ("sortBy=nothing", 404),
    ] {
        assert_eq!(tenant.call("GET", &format!("{users}?{query}"), Value::Null).status, status, "{query}");
    }
    assert_eq!(tenant.call("GET", &format!("{CLASSIC}/ServiceProviderConfigs"), Value::Null).status, 404);
    let bob = tenant.call("GET", &format!("{users}?filter={}", quoted("userName eq \"bob@acme.test\"")), Value::Null);
    let bob = bob.json["Resources"][0]["id"].as_str().unwrap_or_default().to_string();
    let refused = tenant.call("PATCH", &format!("{users}/{bob}"), json!({ "active": false }));
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json["errors"][0]["message"], "The user is not a local user and can not be updated");
    assert_eq!(tenant.call("DELETE", &format!("{users}/{id}"), Value::Null).status, 204);
    assert_eq!(tenant.call("GET", &format!("{users}/{id}"), Value::Null).status, 404);
}

#[test]
fn classic_put_is_an_assumption() {
    for (put, status) in [(ClassicPut::Accepted, 200), (ClassicPut::Refused, 405)] {
        let tenant = Tenant::start(|w| w.access.assumptions.scim_classic_put = put);
        let made = tenant.call("POST", &format!("{CLASSIC}/Users"), classic_user("carol", DOMAIN));
        let address = format!("{CLASSIC}/Users/{}", made.json["id"].as_str().unwrap_or_default());
        assert_eq!(tenant.call("PUT", &address, classic_user("carol", DOMAIN)).status, status);
    }
}

#[test]
fn both_dialects_see_the_same_people() {
    let tenant = tenant();
    let made = tenant.call("POST", &format!("{CLASSIC}/Users"), classic_user("carol", DOMAIN));
    let id = made.json["id"].as_str().unwrap_or_default();
    let seen = tenant.call("GET", &format!("{NEWER}/Users/{id}"), Value::Null);
    assert_eq!(seen.json["urn:ietf:params:scim:schemas:extension:ws1b:2.0:User"]["domain"], DOMAIN);
    assert_eq!((&seen.json["externalId"], &seen.json["active"]), (&json!("00ucarol"), &json!(true)));
    let none = Tenant::start(|w| w.access.provisioning.scim2 = false);
    assert_eq!(none.call("GET", &format!("{NEWER}/Users"), Value::Null).status, 404);
}

#[test]
fn the_newer_dialect_speaks_http() {
    let tenant = tenant();
    let users = format!("{NEWER}/Users");
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "carol",
        "name": { "givenName": "C", "familyName": "D" },
        "emails": [{ "value": "c@acme.test" }],
    });
    let made = tenant.call("POST", &users, body.clone());
    assert_eq!((made.status, &made.headers["content-type"]), (201, &"application/scim+json".parse().expect("a value")));
    let address = made.headers["location"].to_str().unwrap_or_default().to_string();
    let bearer = format!("Bearer {}", tenant.token);
    let with = |method: &str, name: &str, value: &str, body: &Value| {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        tenant.send(method, &address, &[("authorization", &bearer), (name, value)], &text)
    };
    assert_eq!(with("GET", "if-none-match", "W/\"1\"", &Value::Null).status, 304);
    assert_eq!(with("PUT", "if-match", "W/\"9\"", &body).status, 412);
    let mut titled = body.clone();
    titled["title"] = "Dr".into();
    assert_eq!(with("PUT", "if-match", "W/\"1\"", &titled).json["meta"]["version"], "W/\"2\"");
    let without = tenant.call("POST", &users, json!({ "userName": "x" }));
    assert_eq!(
        (without.status, &without.json["scimType"], &without.json["status"]),
        (400, &json!("invalidSyntax"), &json!("400"))
    );
    let taken = tenant.call("POST", &users, body);
    assert_eq!((taken.status, &taken.json["scimType"]), (409, &json!("uniqueness")));
    let deep = "[".repeat(200_000);
    assert_eq!(tenant.send("POST", &users, &[("authorization", &bearer)], &deep).status, 400);
    assert_eq!(
        tenant
            .send("POST", &users, &[("authorization", &bearer)], &format!("{{\"x\":\"{}\"}}", "y".repeat(300_000)))
            .status,
        400
    );
    for (method, path, status) in [
        ("PUT", "/Users", 405),
        ("POST", "/Users/x", 405),
        ("POST", "/Schemas", 405),
        ("GET", "/Bulk", 501),
        ("GET", "/Me", 501),
        ("GET", "/nothing", 404),
        ("GET", "/Users/x/y", 404),
        ("GET", "/Schemas?filter=id+pr", 403),
        ("GET", "/Users?filter=userName+eq", 400),
        ("GET", "/Users?count=x", 400),
    ] {
        let answer = tenant.call(method, &format!("{NEWER}{path}"), Value::Null);
        assert_eq!(
            (answer.status, answer.json["status"].as_str()),
            (status, Some(status.to_string().as_str())),
            "{method} {path}"
        );
    }
    let other = "https://acme.workspaceoneaccess.test/usergroup/t/other/scim/v2/Users";
    assert_eq!(tenant.call("GET", other, Value::Null).status, 404);
}

#[test]
fn one_of_sixteen_wins_a_name() {
    let tenant = tenant();
    let made: Vec<u16> = tenant.all(16, |_| ("POST".into(), format!("{CLASSIC}/Users"), classic_user("carol", DOMAIN)));
    assert_eq!(made.iter().filter(|s| **s == 201).count(), 1, "{made:?}");
    assert_eq!(made.iter().filter(|s| **s == 409).count(), 15, "{made:?}");
}

#[test]
fn concurrent_joins_lose_nobody() {
    let tenant = tenant();
    let ids: Vec<String> = (0..16)
        .map(|n| {
            tenant.call("POST", &format!("{CLASSIC}/Users"), classic_user(&format!("u{n}"), DOMAIN)).json["id"]
                .as_str()
                .unwrap_or_default()
                .to_string()
        })
        .collect();
    let group = tenant.call("POST", &format!("{CLASSIC}/Groups"), json!({ "displayName": "Sales" }));
    let address = format!("{CLASSIC}/Groups/{}", group.json["id"].as_str().unwrap_or_default());
    let joined = tenant.all(16, |n| ("PATCH".into(), address.clone(), json!({ "members": [{ "value": ids[n] }] })));
    assert_eq!(joined, vec![200; 16]);
    let members = tenant.call("GET", &address, Value::Null);
    assert_eq!(members.json["members"].as_array().map(Vec::len), Some(16));
}

#[test]
fn the_audit_tells_who_did_what() {
    let tenant = tenant();
    tenant.events();
    tenant.call("POST", &format!("{CLASSIC}/Users"), classic_user("carol", "elsewhere.test"));
    tenant.call("POST", &format!("{CLASSIC}/Users"), classic_user("carol", DOMAIN));
    let logs: Vec<String> = tenant
        .events()
        .into_iter()
        .filter_map(|e| match e.kind {
            EventKind::Log { event_type, result, actor, target, .. } => {
                Some(format!("{event_type} {result} {actor} {target}"))
            }
            _ => None,
        })
        .collect();
    assert_eq!(logs, ["CREATE FAILURE OktaSCIM User", "CREATE SUCCESS OktaSCIM User carol"]);
}
