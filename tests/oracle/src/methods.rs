//! Access's methods, each asked for itself: whom does the certificate, the password, the factor or Okta name, and what does UEM say.

use crate::access::Account;
use crate::device::Certificate;
use crate::reach::Reach;
use crate::{Oracle, Stop, Visit, stop};
use federation::tenant::access::{AuthMethod, CertificateIdentifier, Pending, UdidLocation, User};
use federation::tenant::uem::{Payload, Template};
use federation::{Outcome, World};
use scenarios::{BreakHow, MfaAnswer, PasswordEntry, PlantKind};

fn access_users(world: &World) -> impl Iterator<Item = &User> {
    world.access.directories.iter().flat_map(|directory| &directory.users)
}

impl Oracle {
    /// Whether the device holds a certificate now that passes all that its method checks.
    // certificate-truth
    pub fn holds_a_valid_certificate(&self, device: &str) -> bool {
        let phone = self.phones.get(device);
        phone.is_some_and(|p| p.certificates.values().any(|c| self.wrong_with(c).is_none()))
    }

    /// The device's certificate for a method, where it passes what the method checks.
    // certificate-truth
    pub(crate) fn shown_certificate(&self, v: &mut Visit, method: AuthMethod) -> Option<Certificate> {
        let payload = match method {
            AuthMethod::MobileSsoIos => Payload::MobileSsoIos,
            AuthMethod::MobileSsoAndroid => Payload::MobileSsoAndroid,
            _ => Payload::Certificate,
        };
        // Each method has a leg of its own, where a device shows what the payload is for and nothing else.
        let held = self.phones.get(&v.step.on)?.certificates.values().find(|c| c.payload == payload);
        let Some(certificate) = held else {
            v.because("certificate/missing");
            return None;
        };
        if let Some(wrong) = self.wrong_with(certificate) {
            v.because(wrong);
            return None;
        }
        Some(certificate.clone())
    }

    /// What is wrong with a certificate: it must be of our CA, for clients, in its time, and not known to be revoked.
    // certificate-truth
    fn wrong_with(&self, certificate: &Certificate) -> Option<&'static str> {
        let methods = &self.world.access.methods;
        let settings = match certificate.payload {
            Payload::MobileSsoIos => &methods.mobile_sso_ios,
            Payload::MobileSsoAndroid => &methods.mobile_sso_android,
            Payload::Certificate => &methods.certificate,
        };
        let checked = settings.check_revocation;
        match certificate.planted {
            // Access fetches the list first, and without it nothing passes.
            _ if checked && self.reach("access", "uem", 10_000) != Reach::Answered => {
                Some("certificate/crl-unavailable")
            }
            Some(PlantKind::ForeignCa | PlantKind::SelfMade) => Some("certificate/bad-signature"),
            Some(PlantKind::NoClientAuth) => Some("certificate/key-usage"),
            _ if self.at("access") < certificate.from => Some("certificate/not-yet-valid"),
            _ if self.at("access") > certificate.until => Some("certificate/expired"),
            _ if checked => self.listed(certificate, self.at("access")),
            _ => None,
        }
    }

    /// Whom the certificate names: the first identifier that is present counts.
    // certificate-truth: another person's certificate authenticates that person
    pub(crate) fn person_of(
        &self,
        v: &mut Visit,
        method: AuthMethod,
        certificate: &Certificate,
        directories: &[String],
    ) -> Option<Account> {
        if certificate.planted == Some(PlantKind::Nobody) {
            v.because("person/not-found");
            return None;
        }
        let methods = &self.world.access.methods;
        let identifiers = match method {
            AuthMethod::MobileSsoIos => &methods.mobile_sso_ios.identifiers,
            AuthMethod::MobileSsoAndroid => &methods.mobile_sso_android.identifiers,
            _ => &methods.certificate.identifiers,
        };
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let identifier = *identifiers.iter().find(|i| match i {
            CertificateIdentifier::Upn => !certificate.upn.is_empty(),
            CertificateIdentifier::Email => !certificate.email.is_empty(),
            CertificateIdentifier::Subject => true,
        })?;
        let fits = |u: &User| match identifier {
            CertificateIdentifier::Upn => same(u.upn.as_deref().unwrap_or(&u.email), &certificate.upn),
            CertificateIdentifier::Email => same(&u.email, &certificate.email),
            // A subject that is the device's UDID names nobody.
            CertificateIdentifier::Subject => {
                certificate.template != Template::DeviceUid && same(&u.username, &certificate.username)
            }
        };
        let people = self.accounts(Some(directories), fits);
        match people.as_slice() {
            [one] => return Some(one.clone()),
            // Somebody of a directory that nobody serves with this method is told so ("IDP not found").
            [] if !self.accounts(None, fits).is_empty() => v.because("method/no-identity-provider"),
            [] if access_users(&self.world).any(|u| !u.enabled && fits(u)) => v.because("person/disabled"),
            [] => v.because("person/not-found"),
            _ => v.because("person/ambiguous"),
        }
        None
    }

    /// What UEM says of the device whose certificate was shown.
    // m1-flow, uem-down, compliance-pending
    pub(crate) fn is_compliant(&self, v: &mut Visit, who: &Account, shown: Option<&Certificate>) -> bool {
        let access = &self.world.access;
        let Some(integration) = access.uem.as_ref().filter(|u| u.device_compliance_check) else {
            v.because("compliance/check-off");
            return false;
        };
        let uem = &self.world.uem;
        let Some(certificate) = shown else { return false };
        let known = certificate.template == Template::EnrollmentUser
            || access.assumptions.udid_location == UdidLocation::AsTemplate;
        // The built-in template's UDID stands in the SAN, the other's in the subject.
        if !known {
            v.because("compliance/unknown-device");
            return false;
        }
        if integration.host != uem.host || self.reach("access", "uem", integration.timeout_ms) != Reach::Answered {
            let nonsense = self.breakage("access", "uem").is_some_and(|b| b.how == BreakHow::Nonsense);
            v.because(if nonsense { "compliance/uem-error" } else { "compliance/uem-unreachable" });
            return false;
        }
        if (&integration.api_key, &integration.admin, &integration.password)
            != (&uem.api.key, &uem.api.admin, &uem.api.password)
        {
            v.because("compliance/uem-error");
            return false;
        }
        let Some(phone) = self.phones.get(&v.step.on) else { return false };
        let owner = phone.enrolled_as.as_ref().and_then(|name| uem.users.iter().find(|u| u.name == *name));
        let Some(owner) = owner.filter(|_| !phone.leaving) else {
            v.because("compliance/not-enrolled");
            return false;
        };
        // The record names its owner by UEM's user name: a name of hers, or what stands before the `@` of her login.
        let same = |name: &str| name.eq_ignore_ascii_case(&owner.username);
        let hers = self.account(who).is_some_and(|u| {
            let local = u.username.split('@').next().filter(|_| u.username.contains('@'));
            same(&u.username) || same(&u.email) || u.upn.as_deref().is_some_and(same) || local.is_some_and(same)
        });
        if !hers {
            v.because("compliance/unknown-device");
            return false;
        }
        // compliance-pending
        if !phone.judged {
            v.because("compliance/pending");
            return access.assumptions.compliance_pending == Pending::Pass;
        }
        v.because(if phone.compliant { "compliance/compliant" } else { "compliance/not-compliant" });
        phone.compliant
    }

    pub(crate) fn password_at_access(
        &mut self,
        v: &mut Visit,
        directories: &[String],
    ) -> Result<Option<Account>, Stop> {
        let person = self.world.people.iter().find(|p| p.name == v.step.who);
        let path = person.and_then(|p| p.access.as_ref()).and_then(|path| path.split_once('/'));
        let account = path.map(|(directory, user)| (directory.to_string(), user.to_string()));
        let (Some(account), true) = (account, v.step.password != PasswordEntry::None) else {
            return stop(Outcome::SignInRequired, "access");
        };
        self.she_answers();
        let right = v.step.password == PasswordEntry::Right
            && directories.contains(&account.0)
            && self.account(&account).is_some();
        Ok(right.then_some(account))
    }

    // m1-mfa
    pub(crate) fn factor_at_access(&mut self, v: &mut Visit, person: Option<Account>) -> Option<Account> {
        let person = person?;
        self.she_answers_factor(v);
        if matches!(v.step.mfa, MfaAnswer::Totp | MfaAnswer::PushApprove) {
            v.factor_passed = true;
            return Some(person);
        }
        v.access_factor_failed = true;
        None
    }

    /// Okta as Access's identity provider.
    pub(crate) fn by_okta(
        &mut self,
        v: &mut Visit,
        app: &str,
        directories: &[String],
    ) -> Result<Option<Account>, Stop> {
        let user = self.at_okta(v, app)?;
        let Some(login) = self.okta_user(&user).map(|u| u.login.clone()) else { return Ok(None) };
        let people = self.accounts(Some(directories), |u| u.username.eq_ignore_ascii_case(&login));
        Ok(match people.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        })
    }
}
