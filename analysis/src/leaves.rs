//! The questions that a sign-in asks of the parties' decision cores, and the plain way to have them answered.

use crate::facts::{DeviceFacts, LEGS, Uem};
use crate::model::{Model, PersonId, UserId};
use federation::tenant::access::{AuthMethod, CertificateMethod};
use federation::{DeviceContext, Finding, Platform, Time, Why};
use idp_access::decide::chain::MethodSet;
use idp_access::decide::compliance::{self, Answer};
use idp_access::decide::device_types::DeviceTypes;
use idp_access::decide::person::{self, CertificateNames, Found};
use idp_access::decide::policy;
use idp_access::people::Named;
use idp_okta::decide::filter;
use idp_okta::decide::matching::{self, Match};
use idp_okta::decide::session::Limits;
use idp_okta::flow::{self, Next};
use scenarios::PlantKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    No,
    Fresh { user: UserId, factor_in_session: bool },
    Session { user: UserId, authenticated_at: Time, factor: bool },
}

/// What Okta's step function is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OktaAsk {
    pub app: u16,
    pub platform: Platform,
    pub network: u16,
    pub now: Time,
    pub login: Option<UserId>,
    pub signed: Signed,
    pub trust: DeviceContext,
    pub local_only: bool,
    pub factor_in_sign_in: bool,
}

/// What it says, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OktaNext {
    NotAssigned,
    Identify,
    SignIn,
    GoTo(u16),
    StartSession(Limits),
    StepUp,
    Reauthenticate,
    Denied,
    EnrolmentPage,
    Issue(DeviceContext),
}

/// Which rule of Access's policy applies, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessRule {
    Authenticate(u16),
    Allow,
    Deny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matched {
    User(UserId),
    Nobody,
    Reject,
}

/// Whom a certificate authenticates, and whether it names this device, another, or none.
pub type Shown = Option<(PersonId, Option<bool>)>;

/// Somebody who answers. Whoever answers from memory keeps no findings.
pub trait Leaves {
    fn okta(&mut self, m: &Model, ask: &OktaAsk, why: &mut impl Why) -> OktaNext;
    fn rule(
        &mut self,
        m: &Model,
        policy: u16,
        network: u16,
        agent: (u16, DeviceTypes),
        known: Option<PersonId>,
        why: &mut impl Why,
    ) -> AccessRule;
    fn matched(&mut self, m: &Model, idp: u16, person: PersonId, why: &mut impl Why) -> Matched;
    fn certificate(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        leg: usize,
        network: u16,
        circumstances: (Uem, Time),
        why: &mut impl Why,
    ) -> Shown;
    fn compliant(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        named: Option<bool>,
        who: Option<PersonId>,
        uem: Uem,
        why: &mut impl Why,
    ) -> bool;
    fn typed(&mut self, m: &Model, account: PersonId, right: bool, network: u16) -> Option<PersonId>;
    fn stated(&mut self, m: &Model, user: UserId, network: u16, why: &mut impl Why) -> Option<PersonId>;
    fn offered(&mut self, m: &Model, network: u16, person: Option<PersonId>) -> MethodSet;
}

/// Asks the parties each time. `made`: people whom JIT has made so far.
#[derive(Debug, Default, Clone)]
pub struct Direct {
    pub made: Vec<UserId>,
}

pub(crate) fn number(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// The number of a setting that a decision hands back: the cores answer with the setting itself.
fn place<T>(list: &[T], found: &T) -> u16 {
    number(list.iter().position(|t| std::ptr::eq(t, found)).unwrap_or(usize::MAX))
}

impl Leaves for Direct {
    fn okta(&mut self, m: &Model, ask: &OktaAsk, why: &mut impl Why) -> OktaNext {
        let user = |id: UserId| &m.users[usize::from(id)];
        let signed_in = match ask.signed {
            Signed::No => flow::SignedIn::No,
            Signed::Fresh { user: id, factor_in_session } => {
                flow::SignedIn::Fresh { user: user(id), factor_in_session }
            }
            Signed::Session { user: id, authenticated_at, factor } => {
                flow::SignedIn::Session { user: user(id), authenticated_at, factor }
            }
        };
        let facts = flow::Facts {
            app: &m.okta().apps[usize::from(ask.app)],
            platform: ask.platform,
            ip: m.networks[usize::from(ask.network)],
            now: ask.now,
            login: ask.login.map(|id| user(id).login.as_str()),
            known: ask.login.map(|id| user(m.by_login[usize::from(id)])),
            signed_in,
            trust: ask.trust,
            local_only: ask.local_only,
            factor_in_sign_in: ask.factor_in_sign_in,
        };
        match flow::next(m.okta(), &facts, why) {
            Next::NotAssigned => OktaNext::NotAssigned,
            Next::Identify => OktaNext::Identify,
            Next::SignIn => OktaNext::SignIn,
            Next::GoTo(idp) => OktaNext::GoTo(place(&m.okta().identity_providers, idp)),
            Next::StartSession(limits) => OktaNext::StartSession(limits),
            Next::StepUp => OktaNext::StepUp,
            Next::Reauthenticate => OktaNext::Reauthenticate,
            Next::Denied => OktaNext::Denied,
            Next::EnrolmentPage(_) => OktaNext::EnrolmentPage,
            Next::Issue(context) => OktaNext::Issue(context),
        }
    }

    fn rule(
        &mut self,
        m: &Model,
        policy: u16,
        network: u16,
        (_, device_types): (u16, DeviceTypes),
        known: Option<PersonId>,
        why: &mut impl Why,
    ) -> AccessRule {
        let policy = &m.access().policies[usize::from(policy)];
        let groups = known.map(|p| m.persons[usize::from(p)].user.groups.as_slice());
        let facts = policy::Facts { ip: m.networks[usize::from(network)], device_types, groups };
        match policy::decide(m.access(), policy, &facts, why) {
            policy::Verdict::Authenticate(rule) => AccessRule::Authenticate(place(&policy.rules, rule)),
            policy::Verdict::Allow(_) => AccessRule::Allow,
            policy::Verdict::Deny(_) => AccessRule::Deny,
        }
    }

    fn matched(&mut self, m: &Model, idp: u16, person: PersonId, why: &mut impl Why) -> Matched {
        let idp = &m.okta().identity_providers[usize::from(idp)];
        let name = m.persons[usize::from(person)].user.username.trim();
        match filter::decide(m.okta(), idp, name, why) {
            filter::Verdict::Reject => return Matched::Reject,
            filter::Verdict::Nobody => return Matched::Nobody,
            filter::Verdict::Pass => {}
        }
        let configured = m.users.iter().take(m.configured);
        let made = self.made.iter().map(|id| &m.users[usize::from(*id)]);
        match matching::decide(idp, name, configured.chain(made), why) {
            Match::Account(user) => Matched::User(place(&m.users, user)),
            Match::Create => {
                let made = matching::made(name);
                let at = m.users.iter().skip(m.configured).position(|user| *user == made);
                let Some(at) = at.map(|at| number(m.configured + at)) else { return Matched::Nobody };
                if !self.made.contains(&at) {
                    self.made.push(at);
                }
                Matched::User(at)
            }
            // Accounts that a sign-in changes are beyond the model.
            Match::Woken(_) | Match::Nobody => Matched::Nobody,
        }
    }

    fn certificate(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        leg: usize,
        network: u16,
        (uem, now): (Uem, Time),
        why: &mut impl Why,
    ) -> Shown {
        let method = LEGS[leg];
        let settings = method_settings(m, method);
        if let Err(code) = verified(device, leg, settings, uem, now) {
            why.note(|| Finding::new(code).rule(method.path()));
            return None;
        }
        let names = names(device, leg)?;
        let ip = m.networks[usize::from(network)];
        match person::by_certificate(m.access(), &m.people, method, &settings.identifiers, &names, ip, why) {
            Found::Person(key) => {
                why.note(|| Finding::new("managed/by-certificate").saw(method.name()));
                let udid = person::udid(&names, m.access().assumptions.udid_location, why);
                let own = udid.map(|udid| udid.eq_ignore_ascii_case(&device.udid));
                Some((m.person_by_key(&key)?, own))
            }
            _ => None,
        }
    }

    fn compliant(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        named: Option<bool>,
        who: Option<PersonId>,
        uem: Uem,
        why: &mut impl Why,
    ) -> bool {
        let user = who.map(|p| &m.persons[usize::from(p)].user).filter(|user| user.enabled);
        let integration = m.access().uem.as_ref().filter(|u| u.device_compliance_check);
        let answer = match (integration, named, user) {
            (None, ..) => Answer::NotConfigured,
            (_, None, _) | (_, _, None) => Answer::NoUdid,
            (Some(uem_settings), Some(own), Some(user)) => {
                let patience = uem_settings.timeout_ms;
                let api = &m.world.uem.api;
                match uem {
                    Uem::Refuses => Answer::Unreachable("nobody listens".into()),
                    Uem::Slow(ms) if ms >= patience => Answer::Unreachable("no answer in time".into()),
                    Uem::HangsUp => Answer::Unreachable("closed in the middle of the answer".into()),
                    Uem::Nonsense => Answer::Error("the answer is no device record".into()),
                    _ if uem_settings.host != m.world.uem.host => Answer::Unreachable("no such host".into()),
                    _ if uem_settings.api_key != api.key
                        || uem_settings.admin != api.admin
                        || uem_settings.password != api.password =>
                    {
                        Answer::Error("HTTP 401".into())
                    }
                    _ => match device.record.as_ref().filter(|_| own) {
                        None => Answer::NotFound,
                        Some(record) => Answer::Device {
                            enrolled: record.enrolled,
                            enrollment: record.enrollment.into(),
                            compliance: record.compliance.into(),
                            owner_is_person: person::owns(user, &record.owner),
                            owner: record.owner.clone(),
                        },
                    },
                }
            }
        };
        compliance::decide(m.access().assumptions.compliance_pending, &answer, why) == compliance::Verdict::Pass
    }

    fn typed(&mut self, m: &Model, account: PersonId, right: bool, network: u16) -> Option<PersonId> {
        let account = &m.persons[usize::from(account)];
        let password = if right { account.password.clone() } else { format!("{}-mistyped", account.password) };
        let ip = m.networks[usize::from(network)];
        let named = Named::Login(&account.user.username);
        let served = person::served(m.access(), &m.people, AuthMethod::Password, ip, named);
        let mut right = served.into_iter().filter(|(_, user)| user.password.as_ref().is_some_and(|p| p.is(&password)));
        let (key, _) = right.next()?;
        if right.next().is_some() { None } else { m.person_by_key(&key) }
    }

    fn stated(&mut self, m: &Model, user: UserId, network: u16, why: &mut impl Why) -> Option<PersonId> {
        let ip = m.networks[usize::from(network)];
        let named = Named::Login(&m.users[usize::from(user)].login);
        match person::find(m.access(), &m.people, AuthMethod::OktaAuthMethod, ip, named, why) {
            Found::Person(key) => m.person_by_key(&key),
            _ => None,
        }
    }

    fn offered(&mut self, m: &Model, network: u16, person: Option<PersonId>) -> MethodSet {
        let directory = person.map(|p| m.persons[usize::from(p)].key.directory.as_str());
        person::offered(m.access(), m.networks[usize::from(network)], directory)
    }
}

pub(crate) fn method_settings(m: &Model, method: AuthMethod) -> &CertificateMethod {
    let methods = &m.access().methods;
    match method {
        AuthMethod::MobileSsoIos => &methods.mobile_sso_ios,
        AuthMethod::MobileSsoAndroid => &methods.mobile_sso_android,
        _ => &methods.certificate,
    }
}

/// What reading the certificate's bytes comes to: the one judgement that stands in no decision core, as it is a library's.
fn verified(
    device: &DeviceFacts,
    leg: usize,
    settings: &CertificateMethod,
    uem: Uem,
    now: Time,
) -> Result<(), &'static str> {
    const PATIENCE_MS: u64 = 10_000;
    let Some(shown) = &device.legs[leg] else { return Err("certificate/missing") };
    if settings.check_revocation {
        let had = match uem {
            Uem::Answers => true,
            Uem::Slow(ms) => ms < PATIENCE_MS,
            Uem::Refuses | Uem::Nonsense | Uem::HangsUp => false,
        };
        if !had {
            return Err("certificate/crl-unavailable");
        }
    }
    match shown.planted {
        Some(PlantKind::NoClientAuth) => return Err("certificate/key-usage"),
        Some(PlantKind::ForeignCa | PlantKind::SelfMade) => return Err("certificate/bad-signature"),
        Some(PlantKind::NotYetValid | PlantKind::Nobody) | None => {}
    }
    if now.seconds() < shown.certified.not_before.seconds() {
        return Err("certificate/not-yet-valid");
    }
    if now.seconds() > shown.certified.not_after.seconds() {
        return Err("certificate/expired");
    }
    if settings.check_revocation && shown.listed {
        return Err("certificate/revoked");
    }
    Ok(())
}

/// What the certificate says that may name a person or the device.
fn names(device: &DeviceFacts, leg: usize) -> Option<CertificateNames> {
    use federation::tenant::uem::Template;
    let shown = device.legs[leg].as_ref()?;
    let (user, udid) = (&shown.certified.user, &device.udid);
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    let uri = vec![format!("urn:udid:{udid}")];
    if shown.planted == Some(PlantKind::Nobody) {
        return Some(CertificateNames { cn: some(udid), uris: uri, ..CertificateNames::default() });
    }
    let by_device = shown.planted.is_none() && shown.certified.template == Template::DeviceUid;
    Some(CertificateNames {
        cn: some(if by_device { udid } else { &user.username }),
        uid: None,
        upn: some(user.upn.as_ref().unwrap_or(&user.email)),
        email: some(&user.email),
        uris: if by_device { Vec::new() } else { uri },
    })
}
