//! The state of things, as the oracle keeps them.

use crate::Oracle;
use federation::tenant::okta::UserStatus;
use scenarios::{Stated, Thing};

impl Oracle {
    /// What a party should say of a thing; nothing where the oracle does not keep it.
    pub fn state(&self, thing: &Thing) -> Option<Stated> {
        let word = |text: &str| Some(Stated::Word(text.into()));
        match thing {
            Thing::Enrolment(device) => {
                let phone = self.phones.get(device)?;
                match &phone.enrolled_as {
                    _ if !phone.on_record => word("unknown"),
                    None => word("unenrolled"),
                    Some(_) if phone.leaving => word("wipe-pending"),
                    Some(_) => word("enrolled"),
                }
            }
            Thing::Compliance(device) => {
                let phone = self.phones.get(device)?;
                match &phone.enrolled_as {
                    _ if !phone.on_record => word("unknown"),
                    None => word("not-available"),
                    Some(_) if !phone.judged => word("pending"),
                    Some(_) => word(if phone.compliant { "compliant" } else { "non-compliant" }),
                }
            }
            Thing::Profiles(device) => {
                Some(Stated::Names(self.phones.get(device)?.certificates.keys().cloned().collect()))
            }
            Thing::Certificate { device, profile } => match self.phones.get(device)?.certificates.get(profile) {
                None => word("none"),
                Some(certificate) if certificate.planted.is_some() => None,
                Some(certificate) if self.now < certificate.from => word("not-yet-valid"),
                Some(certificate) if self.now > certificate.until => word("expired"),
                Some(certificate) => match self.listed(certificate, self.now) {
                    Some(code) => word(code.trim_start_matches("certificate/")),
                    None => word("valid"),
                },
            },
            Thing::Session { at, device, program } => {
                let login = match at.as_str() {
                    "okta" => self.signed_in_at_okta(device, program),
                    "access" => self.signed_in_at_access(device, program),
                    app => self.signed_in_at_app(app, device, program),
                };
                word(login.as_deref().unwrap_or("none"))
            }
            // compliance-implied
            Thing::Violations(device) => {
                Some(Stated::Names(self.violations(self.phones.get(device)?).into_iter().collect()))
            }
            provisioned => self.provisioned_state(provisioned),
        }
    }
}

/// Who has a live session, by its program at each party: session-age.
impl Oracle {
    fn signed_in_at_okta(&self, device: &str, program: &str) -> Option<String> {
        let (_, session) = self.okta_sessions.iter().find(|(jar, _)| jar.0 == device && jar.1 == program)?;
        let user = session.is_alive(self.at("okta")).then(|| self.okta_user(&session.user)).flatten()?;
        (user.status == UserStatus::Active).then(|| user.login.clone())
    }

    fn signed_in_at_access(&self, device: &str, program: &str) -> Option<String> {
        let (_, session) = self.access_sessions.iter().find(|(jar, _)| jar.0 == device && jar.1 == program)?;
        self.account(&session.account).map(|user| user.username.clone())
    }

    fn signed_in_at_app(&self, app: &str, device: &str, program: &str) -> Option<String> {
        let mut sessions = self.app_sessions.iter();
        let (_, session) = sessions.find(|((jar, name), _)| jar.0 == device && jar.1 == program && name == app)?;
        Some(session.login.clone())
    }
}
