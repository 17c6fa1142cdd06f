//! Okta as a browser meets it: tabs and nested sign-ins, locked accounts, ended sessions, WebFinger.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use bytes::Bytes;
use federation::tenant::Okta as Settings;
use federation::{CallError, EventKind, Fut, Outside, Party, Request, Response, StoreError, Time};
use idp_okta::{AppSp, Okta, Wiring};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wire::dsig::SigningKey;
use wire::saml;

#[derive(Default)]
struct World {
    clock: Mutex<Duration>,
    ids: Mutex<u32>,
    seen: Mutex<BTreeSet<String>>,
    events: Mutex<Vec<EventKind>>,
}

impl Outside for World {
    fn now(&self) -> Time {
        Time(1_772_442_000_000) + *self.clock.lock().unwrap()
    }
    fn fresh_id(&self, purpose: &'static str) -> String {
        let mut ids = self.ids.lock().unwrap();
        *ids += 1;
        format!("{purpose}-{ids}")
    }
    fn new_key(&self) -> Vec<u8> {
        Vec::new()
    }
    fn call<'a>(&'a self, _: Request, _: u64) -> Fut<'a, Result<Response, CallError>> {
        Box::pin(async { Err(CallError::TimedOut) })
    }
    fn once(&self, table: &'static str, key: &str, _: Time) -> Result<bool, StoreError> {
        Ok(self.seen.lock().unwrap().insert(format!("{table} {key}")))
    }
    fn note(&self, kind: EventKind) {
        self.events.lock().unwrap().push(kind);
    }
}

fn key() -> SigningKey {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap().der().to_vec();
    SigningKey::from_pkcs8(&key.serialize_der(), certificate).unwrap()
}

struct Stage {
    world: World,
    okta: Okta,
    settings: Settings,
    access: SigningKey,
}

/// Its cookies.
#[derive(Default, Clone)]
struct Browser(BTreeMap<String, String>);

/// The app `crm` goes to Access; `wiki` and `vault` only for people of `routed.test`; `vault` wants a second factor.
fn stage() -> Stage {
    let user = |name: &str| json!({ "name": name, "login": format!("{name}@acme.test"), "email": "", "password": "right", "factors": ["push"] });
    let app = |name: &str, rules: Value| json!({ "name": name, "assigned": { "everyone": true }, "rules": rules });
    let settings = json!({
        "host": "o.test",
        "users": [user("alice"), user("bob")],
        "apps": [app("crm", json!([])), app("wiki", json!([])),
            app("vault", json!([{ "name": "m", "factor": "every-sign-in" }]))],
        "session_rules": [{ "name": "short", "idle_minutes": 5 }],
        "identity_providers": [{ "name": "access", "id": "0oa1", "issuer": "https://a.test/idp.xml",
            "sso_url": "https://a.test/sso" }],
        "routing_rules": [{ "name": "crm", "identity_provider": "access", "apps": ["crm"] },
            { "name": "domain", "identity_provider": "access", "user": { "domains": ["routed.test"] } }],
    });
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let sp = |name: &str| {
        let (entity_id, acs_url) = (format!("https://{name}.test"), format!("https://{name}.test/acs"));
        (name.to_owned(), AppSp { entity_id, acs_url, certificates: vec![] })
    };
    let access = key();
    let wiring = Wiring {
        signing: key(),
        idp_certificates: [("access".to_owned(), vec![access.certificate().to_vec()])].into(),
        apps: ["crm", "wiki", "vault"].map(sp).into(),
        totp_secrets: BTreeMap::new(),
    };
    Stage { world: World::default(), okta: Okta::new(settings.clone(), wiring), settings, access }
}

impl Stage {
    fn send(&self, browser: &mut Browser, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let cookies: Vec<String> = browser.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let pairs = form.iter().map(|(name, value)| {
            let escape =
                |text: &str| text.replace('%', "%25").replace('+', "%2B").replace('=', "%3D").replace('@', "%40");
            format!("{name}={}", escape(value))
        });
        let body = Bytes::from(pairs.collect::<Vec<_>>().join("&"));
        let request = http::Request::builder().method(method).uri(format!("https://o.test{path}"));
        let request = request.header("cookie", cookies.join("; ")).body(body).unwrap();
        let mut answer = self.okta.handle(&self.world, request);
        let Poll::Ready(response) = answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("Okta waits for nobody");
        };
        for cookie in response.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            browser.0.insert(name.into(), value.into());
        }
        (response.status().as_u16(), String::from_utf8(response.body().to_vec()).unwrap())
    }
    /// Starts at an app; the page.
    fn open(&self, browser: &mut Browser, app: &str) -> String {
        self.send(browser, "GET", &format!("/app/{app}/sso/saml"), &[]).1
    }
    fn login(&self, browser: &mut Browser, page: &str, password: &str) -> (u16, String) {
        let form = [("transaction", transaction(page)), ("username", "alice@acme.test"), ("password", password)];
        self.send(browser, "POST", "/login", &form)
    }
    /// The id of the last request that went to Access.
    fn asked(&self) -> String {
        let events = self.world.events.lock().unwrap();
        let asked = events.iter().rev().find_map(|event| match event {
            EventKind::Message { what, id, .. } if what == "AuthnRequest" => Some(id.clone()),
            _ => None,
        });
        asked.unwrap()
    }
    /// Access answers `request` with alice.
    fn answer(&self, browser: &mut Browser, request: &str) -> (u16, String) {
        let (now, idp) = (self.world.now(), &self.settings.identity_providers[0]);
        let (acs, until) = (idp_okta::acs_url("o.test", idp), now + Duration::from_secs(60));
        let assertion = saml::Assertion {
            id: format!("_a-{request}"),
            issuer: idp.issuer.clone(),
            issue_instant: now,
            name_id: "alice@acme.test".into(),
            name_id_format: saml::NAMEID_UNSPECIFIED.into(),
            name_qualifier: None,
            recipient: acs.clone(),
            in_response_to: Some(request.into()),
            confirmation_not_on_or_after: until,
            not_before: Some(now),
            not_on_or_after: Some(until),
            audience: idp_okta::sp_entity_id(idp),
            authn_instant: now,
            session_index: "_s".into(),
            session_not_on_or_after: None,
            class_ref: "urn:test".into(),
            posture: None,
            attributes: vec![],
        };
        let response = saml::Response {
            id: format!("_r-{request}"),
            in_response_to: Some(request.into()),
            destination: Some(acs),
            issuer: idp.issuer.clone(),
            issue_instant: now,
            status: saml::Status { code: saml::SUCCESS.into(), sub_code: None, message: None, detail: None },
            assertion: Some(assertion),
        };
        let xml = saml::write_response(&response, Some(&self.access), Some(&self.access)).unwrap();
        self.send(browser, "POST", "/sso/saml2/0oa1", &[("SAMLResponse", &wire::form::encode_post(&xml))])
    }
    fn later(&self, minutes: u64) {
        *self.world.clock.lock().unwrap() += Duration::from_secs(minutes * 60);
    }
}

fn transaction(page: &str) -> &str {
    page.split_once(r#"name="transaction" value=""#).unwrap().1.split('"').next().unwrap()
}

fn check(page: (u16, String), status: u16, has: &str) {
    assert_eq!(page.0, status, "{}", page.1);
    assert!(page.1.contains(has), "no {has} in {}", page.1);
}

#[test]
fn a_sign_in_nested_in_another_leaves_the_outer_one_alone() {
    let (stage, mut browser) = (stage(), Browser::default());
    stage.open(&mut browser, "crm");
    let outer = stage.asked();
    // Access turns to Okta for the person, then answers.
    let page = stage.open(&mut browser, "wiki");
    check(stage.login(&mut browser, &page, "right"), 200, "https://wiki.test/acs");
    check(stage.answer(&mut browser, &outer), 200, "https://crm.test/acs");
}

#[test]
fn two_tabs_end_in_any_order() {
    let (stage, mut browser) = (stage(), Browser::default());
    stage.open(&mut browser, "crm");
    let (first, id) = (stage.asked(), browser.0["tx"].clone());
    stage.open(&mut browser, "crm");
    let second = stage.asked();
    let (vault, wiki) = (stage.open(&mut browser, "vault"), stage.open(&mut browser, "wiki"));
    assert_eq!(browser.0["tx"], id, "one browser, one id");
    check(stage.login(&mut browser, &vault, "right"), 200, "okta/mfa");
    check(stage.login(&mut browser, &wiki, "right"), 200, "https://wiki.test/acs");
    check(stage.answer(&mut browser, &first), 200, "https://crm.test/acs");
    check(stage.answer(&mut browser, &second), 200, "https://crm.test/acs");
    check(stage.answer(&mut browser, &second), 400, "saml/unsolicited");
    let form = [("transaction", transaction(&vault)), ("push", "approve")];
    check(stage.send(&mut browser, "POST", "/mfa", &form), 200, "https://vault.test/acs");
}

#[test]
fn another_browser_cannot_go_on() {
    let (stage, mut mine, mut theirs) = (stage(), Browser::default(), Browser::default());
    stage.open(&mut mine, "crm");
    let request = stage.asked();
    let page = stage.open(&mut mine, "wiki");
    check(stage.answer(&mut theirs, &request), 400, "okta/no-transaction");
    check(stage.login(&mut theirs, &page, "right"), 400, "okta/no-transaction");
    stage.open(&mut theirs, "crm");
    check(stage.answer(&mut theirs, &request), 400, "saml/in-response-to");
    check(stage.login(&mut theirs, &page, "right"), 400, "okta/no-transaction");
    let mut planted = Browser([("tx".to_owned(), "planted".to_owned())].into());
    stage.open(&mut planted, "wiki");
    assert_ne!(planted.0["tx"], "planted", "an id that Okta did not give out");
}

#[test]
fn five_wrong_passwords_lock_the_account_in_every_transaction() {
    let (stage, mut browser) = (stage(), Browser::default());
    for _ in 0..4 {
        let page = stage.open(&mut browser, "wiki");
        check(stage.login(&mut browser, &page, "wrong"), 200, "data-error");
    }
    let page = stage.open(&mut browser, "wiki");
    check(stage.login(&mut browser.clone(), &page, "right"), 200, "https://wiki.test/acs");
    // The right one began the count anew.
    for _ in 0..5 {
        let mut fresh = Browser::default();
        let page = stage.open(&mut fresh, "wiki");
        check(stage.login(&mut fresh, &page, "wrong"), 200, "data-error");
    }
    let mut fresh = Browser::default();
    let page = stage.open(&mut fresh, "wiki");
    check(stage.login(&mut fresh, &page, "right"), 200, "data-error");
    let mut settings = stage.settings.clone();
    settings.users[0].password = "new".into();
    stage.okta.manage(&stage.world, idp_okta::Manage::Settings(Box::new(settings))).unwrap();
    check(stage.login(&mut fresh, &page, "new"), 200, "https://wiki.test/acs");
}

#[test]
fn a_factor_does_not_revive_an_ended_session() {
    let (stage, mut browser) = (stage(), Browser::default());
    let page = stage.open(&mut browser, "vault");
    let (_, page) = stage.login(&mut browser, &page, "right");
    let form = [("transaction", transaction(&page)), ("push", "approve")];
    check(stage.send(&mut browser.clone(), "POST", "/mfa", &form), 200, "https://vault.test/acs");
    let page = stage.open(&mut browser, "vault");
    stage.later(6);
    let form = [("transaction", transaction(&page)), ("push", "approve")];
    check(stage.send(&mut browser, "POST", "/mfa", &form), 200, "okta/identify");
    check(stage.login(&mut browser, &page, "right"), 200, "okta/mfa");
}

#[test]
fn an_app_may_ask_for_her_anew() {
    let (stage, mut browser) = (stage(), Browser::default());
    let page = stage.open(&mut browser, "wiki");
    check(stage.login(&mut browser, &page, "right"), 200, "https://wiki.test/acs");
    let mut ask = |force_authn| {
        let request = saml::AuthnRequest {
            id: format!("_{force_authn}"),
            issue_instant: stage.world.now(),
            destination: Some("https://o.test/app/wiki/sso/saml".into()),
            issuer: "https://wiki.test".into(),
            acs_url: Some("https://wiki.test/acs".into()),
            force_authn,
            is_passive: false,
            name_id_format: None,
            subject: None,
            requested_context: None,
        };
        let encoded = wire::form::encode_post(&saml::write_request(&request, None).unwrap());
        stage.send(&mut browser, "POST", "/app/wiki/sso/saml", &[("SAMLRequest", &encoded)])
    };
    check(ask(false), 200, "https://wiki.test/acs");
    let (status, page) = ask(true);
    check((status, page.clone()), 200, "okta/identify");
    check(stage.login(&mut browser, &page, "right"), 200, "https://wiki.test/acs");
}

#[test]
fn signing_out_ends_the_session_for_a_copy_of_its_cookie_too() {
    let (stage, mut browser) = (stage(), Browser::default());
    let page = stage.open(&mut browser, "wiki");
    check(stage.login(&mut browser, &page, "right"), 200, "https://wiki.test/acs");
    let mut copy = browser.clone();
    check(stage.send(&mut copy, "GET", "/app/UserHome", &[]), 200, "Signed in as alice@acme.test");
    check(stage.send(&mut browser, "GET", "/signout", &[]), 200, "okta/signed-out");
    assert_eq!(browser.0["sid"], "");
    check(stage.send(&mut copy, "GET", "/app/UserHome", &[]), 200, "Nobody is signed in here");
}

#[test]
fn webfinger_tells_where_a_login_goes() {
    let (stage, mut browser) = (stage(), Browser::default());
    let sso = "https://o.test/sso/idps";
    let saml = json!({ "okta:idp:type": "SAML2", "okta:idp:id": "0oa1",
        "okta:idp:metadata": "https://o.test/api/v1/idps/0oa1/metadata.xml" });
    let okta = json!({ "okta:idp:type": "OKTA", "okta:idp:id": "OKTA" });
    let link =
        |href: String, properties: &Value| json!([{ "rel": "okta:idp", "href": href, "properties": properties }]);
    for (login, links) in [
        ("eve%40routed.test", link(format!("{sso}/0oa1"), &saml)),
        ("alice%40acme.test", link(format!("{sso}/OKTA"), &okta)),
        ("eve%40routed.test&rel=http%3A%2F%2Fopenid.net%2Fspecs%2Fconnect%2F1.0%2Fissuer", json!([])),
    ] {
        let path = format!("/.well-known/webfinger?resource=okta:acct:{login}");
        let (status, body) = stage.send(&mut browser, "GET", &path, &[]);
        let answer: Value = serde_json::from_str(&body).unwrap();
        let subject = format!("okta:acct:{}", login.split('&').next().unwrap().replace("%40", "@"));
        assert_eq!((status, answer), (200, json!({ "subject": subject, "links": links })), "{login}");
    }
    check(stage.send(&mut browser, "GET", "/.well-known/webfinger", &[]), 400, "E0000001");
}
