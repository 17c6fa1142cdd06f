//! Checks that need a living party: what a request is bound to, what is used once, where a browser is sent, what a page may do.
//! Each flaw is refused by name, and without it the same sign-in goes through. The flaws of messages are wire's.

mod tab;

use federation::{EventKind, Time};
use fedsim::world::{Options, Running};
use fedsim::{Fabric, page::Page};
use fedsim_tests::case;
use std::time::Duration;
use tab::{Held, Seen, Stop, Tab};

const APP: &str = "https://salesforce.test/";
const ACS: &str = "/saml/acs";
const OKTA_ACS: &str = "/sso/saml2/";

fn live(test: impl AsyncFnOnce(&Running)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let case = case("device-trust/managed-gets-in");
        let running = Running::start(&case.world, &Options::default()).await.expect("the world starts");
        running.core.drain();
        test(&running).await;
    });
}

/// The refusals and the lines of vendors' logs about them since the last call.
fn refusals(running: &Running) -> Vec<String> {
    let events = running.core.drain();
    let refused: Vec<String> = events
        .iter()
        .filter_map(|e| match &e.kind {
            EventKind::Refused { code, .. } => Some(code.clone()),
            _ => None,
        })
        .collect();
    for code in &refused {
        let logged = events.iter().any(|e| matches!(&e.kind, EventKind::Log { result, reason, .. } if result == "FAILURE" && reason.starts_with(code.as_str())));
        assert!(logged, "{code} is in no log: {events:?}");
    }
    refused
}

#[track_caller]
fn check_refused(running: &Running, seen: &Seen, code: &str) {
    assert_eq!(refusals(running), [code], "{}: {}", seen.page.name, seen.page.text);
    assert!((400..500).contains(&seen.status), "{code}: status {}", seen.status);
    assert!(!seen.page.text.contains("alice"), "{code}: {}", seen.page.text);
}

async fn home(tab: &mut Tab, held: &Held) -> Page {
    let seen = tab.post(held).await;
    match tab.go_on(seen, "").await {
        Stop::Rests(seen) => seen.page,
        Stop::Held(_) => panic!("nothing is held"),
    }
}

fn with(held: &Held, name: &str, value: &str) -> Held {
    let mut held = held.clone();
    held.fields.retain(|(n, _)| n != name);
    held.fields.push((name.into(), value.into()));
    held
}

/// 8: a request belongs to the browser that carried it, waits ten minutes, and is answered once; tabs have one each.
#[test]
fn an_answer_counts_for_the_browser_that_asked() {
    live(async |running| {
        let mut ours = Tab::on(running, "alices-iphone");
        let first = ours.held(APP, ACS).await;
        let second = ours.held(APP, ACS).await;
        let mut theirs = Tab::on(running, "bobs-iphone");
        check_refused(running, &theirs.post(&first).await, "saml/in-response-to");
        theirs.get(APP, &[]).await;
        running.core.drain();
        check_refused(running, &theirs.post(&first).await, "saml/in-response-to");
        assert_eq!(home(&mut ours, &first).await.name, "app/home", "the older tab");
        check_refused(running, &ours.post(&first).await, "saml/in-response-to");
        assert_eq!(home(&mut ours, &second).await.name, "app/home", "the younger tab");
        let late = Tab::on(running, "alices-iphone").held(APP, ACS).await;
        running.core.drain();
        running.core.clock.advance(Duration::from_secs(601));
        check_refused(running, &ours.post(&late).await, "saml/in-response-to");
    });
}

/// 8 on the other hop: Access's answer to Okta.
#[test]
fn access_s_answer_counts_for_the_browser_that_okta_sent() {
    live(async |running| {
        let mut ours = Tab::on(running, "alices-iphone");
        let held = ours.held(APP, OKTA_ACS).await;
        let mut theirs = Tab::on(running, "bobs-iphone");
        check_refused(running, &theirs.post(&held).await, "okta/no-transaction");
        let elsewhere = Held { url: held.url.join("0oaworkspaceone00002").expect("an address"), ..held.clone() };
        check_refused(running, &ours.post(&elsewhere).await, "saml/wrong-acs");
        let seen = ours.post(&held).await;
        assert!(matches!(ours.go_on(seen, ACS).await, Stop::Held(_)));
        running.core.drain();
        let again = ours.post(&held).await;
        assert_eq!(refusals(running).len(), 1, "{}", again.page.text);
    });
}

/// 9: an assertion is good once, whoever comes with it, and sixteen at once are one.
#[test]
fn sixteen_at_once_are_one_session() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let case = case("device-trust/managed-gets-in");
        for hold in [OKTA_ACS, ACS] {
            let options = Options { fabric: Fabric::Loopback, ..Options::default() };
            let running = Running::start(&case.world, &options).await.expect("the world starts");
            let mut tab = Tab::on(&running, "alices-iphone");
            let held = tab.held(APP, hold).await;
            running.core.drain();
            let posts = (0..16).map(|_| {
                let (mut tab, held) = (tab.clone(), held.clone());
                tokio::spawn(async move { tab.post(&held).await.status })
            });
            for post in posts.collect::<Vec<_>>() {
                post.await.expect("answered");
            }
            let events = running.core.drain();
            let sessions = events.iter().filter(|e| matches!(e.kind, EventKind::SignedIn { .. })).count();
            let refused = events.iter().filter(|e| matches!(e.kind, EventKind::Refused { .. })).count();
            assert_eq!((sessions, refused), (1, 15), "{hold}");
        }
    });
}

/// 9: used ids are remembered by a store that survives the process; see `fedsim::store` for its own test.
#[test]
fn an_unsolicited_answer_is_good_once() {
    live(async |running| {
        let mut tab = Tab::on(running, "alices-iphone");
        let held = tab.held("https://acme.okta.test/app/lunch-menu/sso/saml", ACS).await;
        running.core.drain();
        assert_eq!(home(&mut tab, &held).await.name, "app/home");
        check_refused(running, &tab.post(&held).await, "saml/replay");
        let held = tab.held("https://acme.okta.test/app/salesforce/sso/saml", ACS).await;
        running.core.drain();
        check_refused(running, &tab.post(&held).await, "saml/unsolicited");
    });
}

/// 11: requests to Okta and to Access.
#[test]
fn a_request_for_a_foreign_consumer_is_refused() {
    live(async |running| {
        let mut tab = Tab::on(running, "alices-iphone");
        let now = running.core.clock.now();
        let url = |acs: &str, issuer: &str, at: Time| {
            let request = wire::saml::AuthnRequest {
                id: format!("_{}", running.core.fresh_id("test")),
                issue_instant: at,
                destination: Some("https://acme.okta.test/app/salesforce/sso/saml".into()),
                issuer: issuer.into(),
                acs_url: Some(acs.into()),
                force_authn: false,
                is_passive: false,
                name_id_format: None,
                subject: None,
                requested_context: None,
            };
            let xml = wire::saml::write_request(&request, None).expect("is written");
            let to = "https://acme.okta.test/app/salesforce/sso/saml";
            wire::redirect::request_url(to, &xml, Some("https://evil.test/\"><script>"), None).expect("is written")
        };
        let (acs, issuer) = ("https://salesforce.test/saml/acs", "https://salesforce.test/saml/metadata");
        check_refused(
            running,
            &tab.get(&url("https://evil.test/acs", issuer, now), &[]).await,
            "saml/acs-unregistered",
        );
        check_refused(running, &tab.get(&url(acs, "https://evil.test", now), &[]).await, "saml/issuer");
        check_refused(running, &tab.get(&url(acs, issuer, now - Duration::from_secs(7200)), &[]).await, "saml/expired");
        // 12: a foreign RelayState comes back as text and nobody goes there.
        let held = tab.held(&url(acs, issuer, now), ACS).await;
        assert_eq!(held.url.as_str(), acs);
        let relay = held.fields.iter().find(|(n, _)| n == "RelayState").map(|(_, v)| v.as_str());
        assert_eq!(relay, Some("https://evil.test/\"><script>"));
    });
}

/// 12: whatever the RelayState, a browser is sent nowhere but to our own hosts.
#[test]
fn a_relay_state_sends_nobody_away() {
    live(async |running| {
        for (start, hold) in [(APP, OKTA_ACS), (APP, ACS)] {
            let mut tab = Tab::on(running, "alices-iphone");
            let held = tab.held(start, hold).await;
            for relay in ["https://evil.test/", "//evil.test", "javascript:alert(1)", "/\r\nset-cookie: a=b"] {
                let mut tab = tab.clone();
                let seen = tab.post(&with(&held, "RelayState", relay)).await;
                let location = seen.headers.get("location").map(|l| l.to_str().unwrap_or_default().to_string());
                assert!(!location.clone().unwrap_or_default().contains("evil"), "{relay}: {location:?}");
                assert!(!seen.headers.contains_key("set-cookie") || !format!("{:?}", seen.headers).contains("a=b"));
            }
        }
    });
}

/// 12: every page forbids scripts, frames and caches.
#[test]
fn every_page_is_safe_to_show() {
    live(async |running| {
        let mut tab = Tab::on(running, "alices-iphone");
        let held = tab.held(APP, ACS).await;
        let pages = [
            APP,
            "https://salesforce.test/nothing",
            "https://acme.okta.test/app/salesforce/sso/saml",
            "https://acme.okta.test/app/UserHome",
            "https://acme.okta.test/nothing",
            "https://acme.okta.test/app/nothing/sso/saml",
            "https://acme.workspaceoneaccess.test/SAAS/auth/federation/sso",
            "https://acme.workspaceoneaccess.test/nothing",
            "https://enroll.awmdm.test/enroll",
        ];
        let mut seen = vec![tab.post(&held).await, tab.post(&held).await];
        for page in pages {
            seen.push(tab.get(page, &[]).await);
            seen.push(Tab::on(running, "bobs-iphone").get(page, &[]).await);
        }
        for Seen { url, headers, .. } in seen {
            let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
            assert_eq!(header("cache-control"), "no-store", "{url}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{url}");
            let policy = header("content-security-policy");
            for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
                assert!(policy.contains(part), "{url}: {policy}");
            }
            let cookies = headers.get_all("set-cookie").iter().map(|c| c.to_str().unwrap_or_default());
            for cookie in cookies {
                assert!(cookie.contains("; Secure; HttpOnly; SameSite="), "{url}: {cookie}");
            }
        }
    });
}

/// 14: what a header says of a certificate is nothing; TLS must have proved the key.
#[test]
fn a_forwarded_certificate_is_nothing() {
    live(async |running| {
        for device in ["alices-iphone", "bobs-iphone"] {
            let mut tab = Tab::on(running, device);
            let seen = tab.get(APP, &[]).await;
            let mut at = seen;
            while !at.headers.get("location").is_some_and(|l| l.to_str().unwrap_or_default().contains("/certificate?"))
            {
                let Some(to) = at.headers.get("location") else {
                    let form = at.page.form.expect("goes on");
                    let held = Held { url: at.url.join(&form.action).expect("an address"), fields: form.fields };
                    at = tab.post(&held).await;
                    continue;
                };
                let to = at.url.join(to.to_str().expect("text")).expect("an address");
                at = tab.get(to.as_str(), &[]).await;
            }
            running.core.drain();
            let url = at.headers["location"].to_str().expect("text").to_string();
            let header = "Hash=0;Cert=\"-----BEGIN%20CERTIFICATE-----\";Subject=\"CN=alice\"";
            let names = [
                "x-client-cert",
                "x-forwarded-client-cert",
                "x-ssl-client-cert",
                "ssl-client-cert",
                "x-arr-clientcert",
            ];
            tab.get(&url, &names.map(|name| (name, header))).await;
            let missing = running.core.drain().iter().any(|e| {
                matches!(&e.kind, EventKind::Decided { because, .. } if because.iter().any(|f| f.code == "certificate/missing"))
            });
            assert_eq!(missing, device == "bobs-iphone", "{device}");
        }
    });
}

/// Session fixation: nobody signs in under an id that an attacker chose.
#[test]
fn an_id_that_was_planted_is_not_taken_over() {
    live(async |running| {
        let mut tab = Tab::on(running, "alices-iphone");
        for (host, names) in [
            ("acme.okta.test", ["sid", "tx"]),
            ("acme.workspaceoneaccess.test", ["HZN", "EUC_XTX"]),
            ("salesforce.test", ["app_sid", "app_tx"]),
        ] {
            let jar = tab.cookies.entry(host.into()).or_default();
            jar.extend(names.map(|n| (n.to_string(), "planted".to_string())));
        }
        let held = tab.held(APP, ACS).await;
        assert_eq!(home(&mut tab, &held).await.name, "app/home");
        for (host, jar) in &tab.cookies {
            for (name, value) in jar {
                assert_ne!(value, "planted", "{name} of {host}");
            }
        }
    });
}
