//! The state of things, read from the parties that hold them, never from the transcript.

use crate::runner::Stage;
use bytes::Bytes;
use federation::Party;
use scenarios::{SignIn, State, Stated, Thing};
use serde_json::Value;
use std::collections::BTreeMap;

impl Stage {
    /// The state of everything that is asked for.
    pub(crate) async fn states(&mut self, asked: &State) -> BTreeMap<String, Stated> {
        let mut found = BTreeMap::new();
        for path in asked.0.keys() {
            if let Some(thing) = Thing::parse(path) {
                found.insert(path.clone(), self.state_of(&thing).await);
            }
        }
        found
    }

    async fn state_of(&mut self, thing: &Thing) -> Stated {
        let word = |text: &str| Stated::Word(text.into());
        match thing {
            Thing::Enrolment(device) => word(enrolment(&self.record(device).await)),
            Thing::Compliance(device) => word(compliance(&self.record(device).await)),
            Thing::Violations(device) => Stated::Names(violations(&self.record(device).await)),
            Thing::Profiles(device) => {
                let held = self.running.handsets.get(device).map(|handset| handset.profiles());
                Stated::Names(held.unwrap_or_default())
            }
            Thing::Certificate { device, profile } => word(&self.certificate(device, profile).await),
            Thing::Session { at, device, program } => {
                let login = self.session(at, &format!("{device}/{program}"));
                Stated::Word(login.unwrap_or_else(|| "none".into()))
            }
            provisioned => self.provisioned(provisioned).await,
        }
    }

    /// The device object of UEM's REST API.
    async fn record(&self, device: &str) -> Value {
        use base64::Engine as _;
        let (udid, uem) = match self.running.handsets.get(device) {
            Some(handset) => (handset.udid.clone(), &self.running.world.uem),
            None => return Value::Null,
        };
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", uem.api.admin, uem.api.password));
        let request = http::Request::get(format!("https://{}/api/mdm/devices?searchby=Udid&id={udid}", uem.host))
            .header("aw-tenant-code", &uem.api.key)
            .header(http::header::AUTHORIZATION, format!("Basic {basic}"))
            .body(Bytes::new());
        let Ok(request) = request else { return Value::Null };
        let answer = self.running.uem.handle(&self.door("uem"), request).await;
        if answer.status().is_success() {
            serde_json::from_slice(answer.body()).unwrap_or_default()
        } else {
            Value::Null
        }
    }

    /// What somebody who checks dates and the published CRL thinks of a certificate that the device holds.
    async fn certificate(&self, device: &str, profile: &str) -> String {
        let Some(der) = self.running.handsets.get(device).and_then(|handset| handset.certificate(profile)) else {
            return "none".into();
        };
        let request = http::Request::get(format!("https://{}/crl", self.running.world.uem.host)).body(Bytes::new());
        let Ok(request) = request else { return "none".into() };
        let crl = self.running.uem.handle(&self.door("uem"), request).await.into_body().to_vec();
        let now = self.running.core.clock.now();
        let anchors = [self.running.uem.ca_certificate()];
        match wire::certificate::verify_device_certificate(&[der], &anchors, &[crl], now) {
            Ok(_) => "valid".into(),
            Err(refusal) => refusal.code.trim_start_matches("certificate/").into(),
        }
    }

    /// The login of a program's live session at `okta`, `access` or an app.
    fn session(&self, at: &str, jar: &str) -> Option<String> {
        let Self { running, .. } = self;
        let now = running.core.shown(at, running.core.clock.now());
        match at {
            "okta" => running.okta.signed_in(&self.cookie(jar, &running.world.okta.host, "sid")?, now),
            "access" => running.access.signed_in(&self.cookie(jar, &running.world.access.host, "HZN")?, now),
            app => {
                let host = running.world.apps.iter().find(|a| a.name == app).map(|a| &a.host)?;
                running.apps.get(app)?.signed_in(&self.cookie(jar, host, "app_sid")?)
            }
        }
    }

    /// Who the person's program is signed in as when a sign-in is over.
    pub(crate) fn as_whom(&self, step: &SignIn) -> BTreeMap<String, String> {
        let places = [("okta", "okta"), ("access", "access"), ("app", step.app.as_str())];
        let at = |(name, at): (&str, &str)| Some((name.to_string(), self.session(at, &step.jar())?));
        places.into_iter().filter_map(at).collect()
    }
}

fn field<'a>(record: &'a Value, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn enrolment(record: &Value) -> &'static str {
    match field(record, "EnrollmentStatus") {
        "Enrolled" => "enrolled",
        "EnterpriseWipePending" => "wipe-pending",
        "Unenrolled" => "unenrolled",
        _ => "unknown",
    }
}

fn compliance(record: &Value) -> &'static str {
    match field(record, "ComplianceStatus") {
        "Compliant" => "compliant",
        "NonCompliant" => "non-compliant",
        "PendingComplianceCheck" => "pending",
        "NotAvailable" => "not-available",
        _ => "unknown",
    }
}

/// The policies that the record's summary says are broken, sorted.
fn violations(record: &Value) -> Vec<String> {
    let policies = record.pointer("/ComplianceSummary/DeviceCompliance").and_then(Value::as_array);
    let broken = policies.into_iter().flatten().filter(|p| p.get("CompliantStatus") == Some(&Value::Bool(false)));
    let mut names: Vec<String> = broken.map(|p| field(p, "PolicyName").to_string()).collect();
    names.sort();
    names
}
