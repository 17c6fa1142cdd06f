//! Tests over the party port, with a clock that only the test moves.

use crate::{CaKey, Manage, Uem, validate};
use base64::Engine as _;
use bytes::Bytes;
use federation::tenant::uem::{
    ActionKind, Api, Assumptions, CertificateAuthority, ComplianceAction, CompliancePolicy, ComplianceRule, FirstCheck,
    Matching, Payload, Profile, Template, User,
};
use federation::{CallError, EventKind, Fut, Outside, Party, Platform, Request, Response, StoreError, Time, tenant};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use x509_parser::prelude::*;

const START: &str = "2026-03-02T09:00:00Z";
const UDID: &str = "ab12cd34";

struct Fake {
    now: Mutex<Time>,
    ids: Mutex<u64>,
    events: Mutex<Vec<EventKind>>,
}

impl Outside for Fake {
    fn now(&self) -> Time {
        *self.now.lock().expect("now")
    }
    fn fresh_id(&self, _: &'static str) -> String {
        let mut ids = self.ids.lock().expect("ids");
        *ids += 1;
        format!("ff{:038x}", u128::from(*ids) << 90)
    }
    fn new_key(&self) -> Vec<u8> {
        KeyPair::generate().expect("key").serialize_der()
    }
    fn call<'a>(&'a self, _: Request, _: u64) -> Fut<'a, Result<Response, CallError>> {
        Box::pin(async { Err(CallError::TimedOut) })
    }
    fn once(&self, _: &'static str, _: &str, _: Time) -> Result<bool, StoreError> {
        Ok(true)
    }
    fn note(&self, kind: EventKind) {
        self.events.lock().expect("events").push(kind);
    }
}

struct Lab {
    uem: Uem,
    fake: Fake,
    token: String,
}

fn settings(actions: Vec<ComplianceAction>) -> tenant::Uem {
    let ios = vec![Platform::Ios];
    let profile = |name: &str, template| Profile {
        name: name.into(),
        platforms: ios.clone(),
        payload: Payload::MobileSsoIos,
        template,
    };
    tenant::Uem {
        host: "as1.awmdm.test".into(),
        version: None,
        saml: None,
        enrollment_host: "enroll.awmdm.test".into(),
        organization_groups: vec![],
        users: vec![User {
            name: "alice".into(),
            username: "alice".into(),
            email: "alice@acme.test".into(),
            upn: Some("alice@corp.test".into()),
            password: "secret".into(),
            organization_group: None,
        }],
        profiles: vec![profile("sso", Template::EnrollmentUser), profile("cert", Template::DeviceUid)],
        compliance_policies: vec![CompliancePolicy {
            name: "jailbreak".into(),
            platforms: vec![],
            matching: Matching::Any,
            rules: vec![ComplianceRule::Compromised],
            actions,
        }],
        api: Api { key: "key".into(), admin: "admin".into(), password: "admin-secret".into() },
        ca: CertificateAuthority::default(),
        compliance_sweep_minutes: 60,
        delivery_minutes: 5,
        assumptions: Assumptions::default(),
    }
}

fn action(after_minutes: u32, mark_not_compliant: bool, what: ActionKind) -> ComplianceAction {
    ComplianceAction { name: format!("after-{after_minutes}"), after_minutes, mark_not_compliant, what }
}

fn finish<T>(mut future: Fut<'_, T>) -> T {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("UEM waits for nothing"),
    }
}

impl Lab {
    fn new(settings: tenant::Uem) -> Lab {
        let start = Time::parse(START).expect("start");
        let key = CaKey { key_pkcs8: KeyPair::generate().expect("key").serialize_der(), certificate: None };
        let fake = Fake { now: Mutex::new(start), ids: Mutex::default(), events: Mutex::default() };
        let mut lab = Lab { uem: Uem::new(settings, key, start), fake, token: String::new() };
        let body = json!({ "username": "alice", "password": "secret", "udid": UDID, "kind": "iphone", "platform": "ios",
            "os_version": "17.4", "facts": {}, "device_name": "alices-iphone" });
        let (status, answer) = lab.post("/enroll", body);
        assert_eq!((status, answer["profiles"][0]["name"].as_str()), (200, Some("sso")), "{answer}");
        lab.token = answer["token"].as_str().expect("token").into();
        lab
    }

    fn send(&self, request: Request) -> (u16, Bytes) {
        let response = finish(self.uem.handle(&self.fake, request));
        (response.status().as_u16(), response.into_body())
    }

    fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let request = http::Request::post(path).header("host", "enroll.awmdm.test").body(body.to_string().into());
        let (status, body) = self.send(request.expect("request"));
        (status, serde_json::from_slice(&body).expect("json"))
    }

    fn get(&self, path: &str, key: &str, login: &str) -> (u16, Bytes) {
        let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(login));
        let request = http::Request::get(path)
            .header("host", "as1.awmdm.test")
            .header("aw-tenant-code", key)
            .header("authorization", basic);
        self.send(request.body(Bytes::new()).expect("request"))
    }

    fn states(&self) -> (String, String) {
        let (status, body) =
            self.get(&format!("/api/mdm/devices?searchby=Udid&id={UDID}"), "key", "admin:admin-secret");
        assert_eq!(status, 200);
        let device: Value = serde_json::from_slice(&body).expect("json");
        let text = |name: &str| device[name].as_str().expect("string").to_string();
        (text("EnrollmentStatus"), text("ComplianceStatus"))
    }

    fn check_in(&self, compromised: bool) -> Vec<String> {
        let body =
            json!({ "udid": UDID, "token": self.token, "facts": { "compromised": compromised }, "os_version": "17.4" });
        let (status, answer) = self.post("/device/checkin", body);
        assert_eq!(status, 200, "{answer}");
        let commands = answer["commands"].as_array().expect("commands");
        commands.iter().map(|c| c["kind"].as_str().expect("kind").to_string()).collect()
    }

    /// Lets time pass, waking UEM whenever it asks for it.
    fn wait(&self, minutes: u64) {
        let until = self.fake.now() + Duration::from_secs(minutes * 60);
        while let Some(at) = self.uem.next_due().filter(|at| *at <= until) {
            *self.fake.now.lock().expect("now") = at;
            finish(self.uem.wake(&self.fake));
            assert!(self.uem.next_due() > Some(at), "stuck at {at}");
        }
        *self.fake.now.lock().expect("now") = until;
    }

    fn install(&self, profile: &str) -> (u16, Value) {
        let key = KeyPair::generate().expect("key");
        let csr = CertificateParams::default().serialize_request(&key).and_then(|c| c.pem()).expect("request");
        self.post("/device/profile", json!({ "udid": UDID, "token": self.token, "profile": profile, "csr_pem": csr }))
    }

    fn certificate(&self, profile: &str) -> Vec<u8> {
        let (status, answer) = self.install(profile);
        assert_eq!(status, 200, "{answer}");
        let (_, pem) = parse_x509_pem(answer["certificate_pem"].as_str().expect("pem").as_bytes()).expect("pem");
        pem.contents
    }
}

#[track_caller]
fn check_certificate(profile: &str, cn: &str, has_udid: bool) {
    let lab = Lab::new(settings(vec![]));
    let der = lab.certificate(profile);
    let (_, leaf) = X509Certificate::from_der(&der).expect("leaf");
    assert_eq!(leaf.subject().iter_common_name().next().and_then(|cn| cn.as_str().ok()), Some(cn));
    assert_eq!(leaf.validity().not_before.timestamp(), lab.fake.now().seconds() - 300);
    assert!(leaf.raw_serial().len() >= 8);
    let usage = leaf.key_usage().expect("usage").expect("usage").value;
    assert!(usage.digital_signature() && !usage.key_cert_sign());
    let names = &leaf.subject_alternative_name().expect("names").expect("names").value.general_names;
    assert!(names.iter().any(|n| matches!(n, GeneralName::RFC822Name("alice@acme.test"))));
    assert!(names.iter().any(|n| matches!(n, GeneralName::OtherName(oid, value)
        if oid.to_id_string() == "1.3.6.1.4.1.311.20.2.3" && value.ends_with(b"alice@corp.test"))));
    assert_eq!(names.iter().any(|n| matches!(n, GeneralName::URI("urn:udid:ab12cd34"))), has_udid);
    let ca = lab.uem.ca_certificate();
    let anchor = rustls_pki_types::CertificateDer::from(ca.as_slice());
    let anchors = [webpki::anchor_from_trusted_cert(&anchor).expect("anchor")];
    let leaf = rustls_pki_types::CertificateDer::from(der.as_slice());
    let leaf = webpki::EndEntityCert::try_from(&leaf).expect("leaf");
    let now =
        rustls_pki_types::UnixTime::since_unix_epoch(Duration::from_secs(lab.fake.now().seconds().unsigned_abs()));
    let usage = webpki::KeyUsage::client_auth();
    leaf.verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, &[], now, usage, None, None).expect("verifies");
}

#[test]
fn certificates_state_what_their_template_says() {
    check_certificate("sso", "alice", true);
    check_certificate("cert", UDID, false);
}

#[test]
fn the_ca_certificate_depends_on_key_and_start() {
    let key = CaKey { key_pkcs8: KeyPair::generate().expect("key").serialize_der(), certificate: None };
    let made = || Uem::new(settings(vec![]), key.clone(), Time::parse(START).expect("start")).ca_certificate();
    let (one, other) = (made(), made());
    let tbs = |der: &[u8]| X509Certificate::from_der(der).expect("ca").1.tbs_certificate.as_ref().to_vec();
    assert_eq!(tbs(&one), tbs(&other));
    let (_, ca) = X509Certificate::from_der(&one).expect("ca");
    let constraints = ca.basic_constraints().expect("constraints").expect("constraints").value;
    assert_eq!((constraints.ca, constraints.path_len_constraint), (true, Some(0)));
}

#[test]
fn a_request_must_prove_its_key_and_its_device() {
    let lab = Lab::new(settings(vec![]));
    let bad = json!({ "udid": UDID, "token": lab.token, "profile": "sso", "csr_pem": "nonsense" });
    assert_eq!(lab.post("/device/profile", bad).0, 400);
    assert_eq!(
        lab.post("/device/profile", json!({ "udid": UDID, "token": "x", "profile": "sso", "csr_pem": "" })).0,
        401
    );
    assert_eq!(lab.install("other").0, 403);
}

#[test]
fn rest_wants_both_credentials() {
    let lab = Lab::new(settings(vec![]));
    let status = |path: &str, key: &str, login: &str| lab.get(path, key, login).0;
    let by_udid = format!("/API/mdm/devices?searchby=udid&id={}", UDID.to_uppercase());
    assert_eq!(status(&by_udid, "key", "admin:admin-secret"), 200);
    assert_eq!(status(&by_udid, "wrong", "admin:admin-secret"), 401);
    assert_eq!(status(&by_udid, "key", "admin:wrong"), 401);
    assert_eq!(status("/api/mdm/devices?searchby=Udid&id=zz", "key", "admin:admin-secret"), 404);
    assert_eq!(status("/api/mdm/devices/1/compliance", "key", "admin:admin-secret"), 200);
    assert_eq!(status("/api/mdm/devices/search?user=alice", "key", "admin:admin-secret"), 200);
    assert_eq!(lab.get("/api/mdm/devices/search?user=nobody", "key", "admin:admin-secret"), (204, Bytes::new()));
}

#[test]
fn wrong_passwords_enrol_nobody() {
    let lab = Lab::new(settings(vec![]));
    let body = json!({ "username": "alice", "password": "", "udid": "x", "kind": "iphone", "os_version": "1" });
    assert_eq!(lab.post("/enroll", body).0, 401);
}

#[test]
fn non_compliance_removes_the_profile_and_health_brings_it_back() {
    let lab = Lab::new(settings(vec![
        action(0, false, ActionKind::Notify),
        action(30, true, ActionKind::RemoveProfile("sso".into())),
    ]));
    assert_eq!(lab.states(), ("Enrolled".into(), "Compliant".into()));
    assert!(lab.check_in(true).is_empty());
    lab.wait(60);
    assert_eq!(lab.states().1, "Compliant", "the rule alone does not mark");
    lab.wait(30);
    assert_eq!(lab.states().1, "NonCompliant");
    assert!(lab.check_in(true).is_empty(), "not delivered yet");
    lab.wait(5);
    assert_eq!(lab.check_in(true), ["remove-profile"]);
    assert_eq!(lab.install("sso").0, 403);
    lab.check_in(false);
    lab.wait(25);
    assert_eq!(lab.states().1, "Compliant");
    lab.wait(5);
    assert_eq!(lab.check_in(false), ["install-profile"]);
    lab.certificate("sso");
}

#[test]
fn enterprise_wipe_waits_for_the_device() {
    let lab = Lab::new(settings(vec![action(0, false, ActionKind::EnterpriseWipe)]));
    lab.check_in(true);
    lab.uem.manage(&lab.fake, Manage::Sweep).expect("sweep");
    assert_eq!(lab.states(), ("EnterpriseWipePending".into(), "Compliant".into()));
    lab.wait(5);
    assert_eq!(lab.check_in(true), ["wipe"]);
    assert_eq!(lab.states(), ("Unenrolled".into(), "NotAvailable".into()));
}

#[track_caller]
fn check_revocation(publish_at_once: bool, waits: u64, expected: usize) {
    let mut settings = settings(vec![]);
    settings.ca.publish_at_once = publish_at_once;
    let lab = Lab::new(settings);
    lab.certificate("sso");
    lab.uem.manage(&lab.fake, Manage::Revoke { udid: UDID.into(), profile: "sso".into() }).expect("revoke");
    lab.wait(waits);
    let (status, crl) = lab.get("/crl", "", "");
    assert_eq!(status, 200);
    let (_, crl) = CertificateRevocationList::from_der(&crl).expect("crl");
    assert_eq!(crl.iter_revoked_certificates().count(), expected);
    let ca = lab.uem.ca_certificate();
    let (_, ca) = X509Certificate::from_der(&ca).expect("ca");
    assert_eq!(crl.issuer(), ca.subject());
}

#[test]
fn revocations_show_with_the_next_crl() {
    check_revocation(false, 59, 0);
    check_revocation(false, 60, 1);
    check_revocation(true, 0, 1);
}

#[test]
fn settings_travel_to_devices() {
    let lab = Lab::new(settings(vec![]));
    let mut new = settings(vec![]);
    new.profiles.remove(0);
    lab.uem.manage(&lab.fake, Manage::Settings(Box::new(new))).expect("settings");
    lab.wait(5);
    assert_eq!(lab.check_in(false), ["remove-profile"]);
    assert!(lab.fake.events.lock().expect("events").iter().any(|e| matches!(e, EventKind::Changed { .. })));
}

#[test]
fn dangling_names_are_found() {
    assert_eq!(validate(&settings(vec![])), []);
    let found = validate(&settings(vec![action(0, true, ActionKind::RemoveProfile("gone".into()))]));
    assert_eq!(
        found.first().map(|(path, _)| path.as_str()),
        Some("uem.compliance_policies.jailbreak.actions.after-0.do")
    );
}

/// A jailbroken device enrols where a policy takes `sso` away at once: which profiles it is sent, and its compliance.
#[track_caller]
fn check_first(first_compliance_check: FirstCheck, expected_profiles: &[&str], expected: &str) {
    let mut settings = settings(vec![action(0, true, ActionKind::RemoveProfile("sso".into()))]);
    settings.assumptions.first_compliance_check = first_compliance_check;
    let lab = Lab::new(settings);
    let body = json!({ "username": "alice", "password": "secret", "udid": UDID, "kind": "iphone", "os_version": "17.4",
        "facts": { "compromised": true }, "device_name": "alices-iphone" });
    let (_, answer) = lab.post("/enroll", body);
    let offered = answer["profiles"].as_array().expect("a list").iter();
    let offered: Vec<&str> = offered.filter_map(|p| p["name"].as_str()).collect();
    assert_eq!((offered.as_slice(), lab.states().1.as_str()), (expected_profiles, expected));
    let events = lab.fake.events.lock().expect("events");
    let assumed = events.iter().any(|e| {
        matches!(e, EventKind::Decided { because, .. } if because.iter().any(|f| f.code == "assumes/first-compliance-check"))
    });
    assert!(assumed, "{events:?}");
}

#[test]
fn a_device_that_violates_as_it_enrols() {
    check_first(FirstCheck::AtEnrolment, &["cert"], "NonCompliant");
    check_first(FirstCheck::AtNextSweep, &["sso", "cert"], "PendingComplianceCheck");
}
