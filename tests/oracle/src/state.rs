//! The state of things, as the oracle keeps them.

use crate::Oracle;
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
                Some(certificate) if self.revocation_is_public(certificate) => word("revoked"),
                Some(_) => word("valid"),
            },
            Thing::Violations(_) | Thing::Session { .. } => None,
        }
    }
}
