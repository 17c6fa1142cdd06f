//! One situation: every rule of every party with the value of each of its conditions, and the fewest facts that would flip it.

use crate::cache::RuleAsk;
use crate::change::{Change, changes};
use crate::facts::DeviceFacts;
use crate::leaves::{AccessRule, Direct, Leaves, Matched, OktaAsk, OktaNext, Shown, Signed};
use crate::model::{Model, PersonId, UserId};
use crate::stage::{Stage, Stuck, Told};
use federation::tenant::okta::{TrustCondition, User, UserMatch};
use federation::{Silent, Time, Why};
use idp_access::decide::chain::MethodSet;
use idp_access::decide::device_types::DeviceTypes;
use idp_access::decide::policy::covers;
use idp_okta::decide::routing::{self, Asked, Route};
use idp_okta::decide::scope::{in_location, in_people};
use idp_okta::decide::trust::{self, TrustMatch};
use scenarios::{
    Action, Breakage, Case, Enrolment, FactsChange, FactsPatch, Mend, MfaAnswer, OnDevice, PasswordEntry, SignIn,
    SignOut, Start, Step, Wait,
};
use std::collections::BTreeSet;

/// Asks the parties, and remembers what was asked.
#[derive(Default)]
pub struct Recorder {
    pub direct: Direct,
    pub okta: Vec<OktaAsk>,
    pub access: Vec<RuleAsk>,
}

impl Leaves for Recorder {
    fn okta(&mut self, m: &Model, ask: &OktaAsk, why: &mut impl Why) -> OktaNext {
        self.okta.push(*ask);
        self.direct.okta(m, ask, why)
    }
    fn rule(
        &mut self,
        m: &Model,
        policy: u16,
        network: u16,
        agent: (u16, DeviceTypes),
        known: Option<PersonId>,
        why: &mut impl Why,
    ) -> AccessRule {
        self.access.push(RuleAsk { policy, network, agent, known });
        self.direct.rule(m, policy, network, agent, known, why)
    }
    fn matched(&mut self, m: &Model, idp: u16, person: PersonId, why: &mut impl Why) -> Matched {
        self.direct.matched(m, idp, person, why)
    }
    fn certificate(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        leg: usize,
        network: u16,
        circumstances: (crate::facts::Uem, Time),
        why: &mut impl Why,
    ) -> Shown {
        self.direct.certificate(m, device, leg, network, circumstances, why)
    }
    fn compliant(
        &mut self,
        m: &Model,
        device: &DeviceFacts,
        named: Option<bool>,
        who: Option<PersonId>,
        uem: crate::facts::Uem,
        why: &mut impl Why,
    ) -> bool {
        self.direct.compliant(m, device, named, who, uem, why)
    }
    fn typed(&mut self, m: &Model, account: PersonId, right: bool, network: u16) -> Option<PersonId> {
        self.direct.typed(m, account, right, network)
    }
    fn stated(&mut self, m: &Model, user: UserId, network: u16, why: &mut impl Why) -> Option<PersonId> {
        self.direct.stated(m, user, network, why)
    }
    fn offered(&mut self, m: &Model, network: u16, person: Option<PersonId>) -> MethodSet {
        self.direct.offered(m, network, person)
    }
}

/// A condition of a rule: what it wants, what there was, whether it holds. Unknown where nobody has been identified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub name: &'static str,
    pub wants: String,
    pub saw: String,
    pub holds: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub path: String,
    pub conditions: Vec<Condition>,
    pub matched: bool,
    /// The first of its policy that matched, and so the one that decided.
    pub decided: bool,
}

fn condition(name: &'static str, wants: impl Into<String>, saw: impl Into<String>, holds: bool) -> Condition {
    Condition { name, wants: wants.into(), saw: saw.into(), holds: Some(holds) }
}

/// Every rule that a sign-in came by, judged as it was asked the last time.
pub fn judged(m: &Model, asked: &Recorder) -> Vec<Judged> {
    let mut all = Vec::new();
    let signed = |ask: &&OktaAsk| matches!(ask.signed, Signed::Session { .. }) && !ask.local_only;
    let fresh = |ask: &&OktaAsk| matches!(ask.signed, Signed::Fresh { .. }) && !ask.local_only;
    let nobody = |ask: &&OktaAsk| ask.signed == Signed::No && !ask.local_only;
    if let Some(ask) = asked.okta.iter().rev().find(nobody) {
        all.extend(first(routing_rules(m, ask)));
    }
    if let Some(ask) = asked.okta.iter().rev().find(fresh) {
        all.extend(first(session_rules(m, ask)));
    }
    if let Some(ask) = asked.okta.iter().rev().find(signed) {
        all.extend(first(app_rules(m, ask)));
    }
    if let Some(ask) = asked.access.last() {
        all.extend(first(access_rules(m, ask)));
    }
    all
}

fn first(mut rules: Vec<Judged>) -> Vec<Judged> {
    if let Some(rule) = rules.iter_mut().find(|rule| rule.matched) {
        rule.decided = true;
    }
    rules
}

fn judge(path: String, enabled: bool, conditions: Vec<Condition>) -> Judged {
    let mut conditions = conditions;
    if !enabled {
        conditions.insert(0, condition("enabled", "true", "false", false));
    }
    Judged { matched: conditions.iter().all(|c| c.holds == Some(true)), path, conditions, decided: false }
}

fn place(m: &Model, network: u16) -> String {
    m.world.networks.get(usize::from(network)).map_or_else(|| "anywhere".into(), |n| format!("{} ({})", n.name, n.ip))
}

fn user(m: &Model, signed: Signed) -> Option<&User> {
    match signed {
        Signed::No => None,
        Signed::Fresh { user, .. } | Signed::Session { user, .. } => m.users.get(usize::from(user)),
    }
}

fn location(m: &Model, wanted: &federation::tenant::okta::Location, network: u16) -> Condition {
    let ip = m.networks[usize::from(network)];
    let wants = match (wanted.in_zones.as_slice(), wanted.not_in_zones.as_slice()) {
        ([], []) => "anywhere".to_string(),
        (zones, []) => format!("in {}", zones.join(", ")),
        (_, zones) => format!("not in {}", zones.join(", ")),
    };
    condition("location", wants, place(m, network), in_location(m.okta(), wanted, ip))
}

fn people(wanted: &federation::tenant::okta::PeopleCondition, user: Option<&User>) -> Condition {
    let listed = [wanted.users.join(", "), wanted.groups.join(", ")];
    let listed: Vec<&str> = listed.iter().map(String::as_str).filter(|l| !l.is_empty()).collect();
    let mut wants = if listed.is_empty() { "everybody".to_string() } else { listed.join(", ") };
    let except = [wanted.except_users.join(", "), wanted.except_groups.join(", ")].join(" ");
    if !except.trim().is_empty() {
        wants = format!("{wants} but {}", except.trim());
    }
    match user {
        Some(user) => {
            condition("people", wants, format!("{} of {}", user.login, user.groups.join(", ")), in_people(wanted, user))
        }
        None => Condition { name: "people", wants, saw: "nobody yet".into(), holds: None },
    }
}

fn routing_rules(m: &Model, ask: &OktaAsk) -> Vec<Judged> {
    let app = &m.okta().apps[usize::from(ask.app)].name;
    let login = ask.login.map(|id| &m.users[usize::from(id)]);
    let rules = m.okta().routing_rules.iter();
    let one = |rule: &federation::tenant::okta::RoutingRule| {
        let apps = if rule.apps.is_empty() { "any".into() } else { rule.apps.join(", ") };
        let platforms = if rule.platforms.is_empty() { "any".into() } else { format!("{:?}", rule.platforms) };
        let listed = rule.platforms.is_empty() || rule.platforms.contains(&ask.platform);
        let mut conditions = vec![
            condition("platform", platforms, format!("{:?}", ask.platform), listed),
            condition("app", apps, app.clone(), rule.apps.is_empty() || rule.apps.contains(app)),
            location(m, &rule.location, ask.network),
        ];
        if rule.user != UserMatch::Anything {
            let wants = format!("{:?}", rule.user);
            conditions.push(match login {
                None => Condition { name: "user", wants, saw: "nobody yet".into(), holds: None },
                Some(user) => condition("user", wants, user.login.clone(), user_fits(m, rule, user)),
            });
        }
        judge(format!("okta.routing_rules.{}", rule.name), rule.enabled, conditions)
    };
    rules.map(one).collect()
}

/// Asks Okta's routing about this rule alone, as if it were the only one and for everywhere.
fn user_fits(m: &Model, rule: &federation::tenant::okta::RoutingRule, user: &User) -> bool {
    let mut okta = m.okta().clone();
    let mut alone = rule.clone();
    (alone.platforms, alone.apps, alone.location, alone.enabled) = (Vec::new(), Vec::new(), Default::default(), true);
    // Where it leads is no matter; that it leads anywhere says that it matched.
    if let Some(idp) = okta.identity_providers.first() {
        alone.identity_provider.clone_from(&idp.name);
    }
    okta.routing_rules = vec![alone];
    let asked = Asked {
        app: "",
        platform: federation::Platform::Ios,
        ip: m.networks[0],
        login: Some(&user.login),
        user: Some(user),
    };
    matches!(routing::route(&okta, &asked, &mut Silent), Route::IdentityProvider(_))
}

fn session_rules(m: &Model, ask: &OktaAsk) -> Vec<Judged> {
    let rules = m.okta().session_rules.iter().map(|rule| {
        let conditions = vec![people(&rule.people, user(m, ask.signed)), location(m, &rule.location, ask.network)];
        judge(format!("okta.session_rules.{}", rule.name), true, conditions)
    });
    rules.collect()
}

fn app_rules(m: &Model, ask: &OktaAsk) -> Vec<Judged> {
    let app = &m.okta().apps[usize::from(ask.app)];
    let rules = app.rules.iter().map(|rule| {
        let fits = trust::matches(m.okta(), ask.platform, rule.device_trust, ask.trust, &mut Silent);
        let wants = match rule.device_trust {
            TrustCondition::Any => "any",
            TrustCondition::Trusted => "trusted",
            TrustCondition::NotTrusted => "not trusted",
        };
        let trusted = Condition {
            name: "device trust",
            wants: wants.into(),
            saw: ask.trust.to_string(),
            holds: match fits {
                TrustMatch::Yes => Some(true),
                TrustMatch::No => Some(false),
                TrustMatch::Ask(_) => None,
            },
        };
        let platforms = format!("{:?}", rule.platforms);
        let conditions = vec![
            people(&rule.people, user(m, ask.signed)),
            location(m, &rule.location, ask.network),
            condition("platform", platforms, format!("{:?}", ask.platform), rule.platforms.contains(&ask.platform)),
            trusted,
        ];
        judge(format!("okta.apps.{}.rules.{}", app.name, rule.name), rule.enabled, conditions)
    });
    rules.collect()
}

fn access_rules(m: &Model, ask: &RuleAsk) -> Vec<Judged> {
    let policy = &m.access().policies[usize::from(ask.policy)];
    let ip = m.networks[usize::from(ask.network)];
    let known = ask.known.map(|p| &m.persons[usize::from(p)].user);
    let rules = policy.rules.iter().map(|rule| {
        let range = covers(m.access(), std::iter::once(&rule.network_range), ip);
        let wants = format!("{:?}", rule.device_types);
        let types = ask.agent.1;
        let mut conditions = vec![
            condition("network range", rule.network_range.clone(), place(m, ask.network), range),
            condition("device type", wants, told(types), types.meets(&rule.device_types)),
        ];
        if !rule.groups.is_empty() {
            let wants = rule.groups.join(", ");
            conditions.push(match known {
                None => Condition { name: "group", wants, saw: "nobody yet".into(), holds: None },
                Some(user) => {
                    let holds = user.groups.iter().any(|g| rule.groups.contains(g));
                    condition("group", wants, user.groups.join(", "), holds)
                }
            });
        }
        judge(format!("access.policies.{}.rules.{}", policy.name, rule.name), true, conditions)
    });
    rules.collect()
}

fn told(types: DeviceTypes) -> String {
    use federation::tenant::access::DeviceType::*;
    let all = [WebBrowser, HubApp, Ios, Android, Windows10, Macos, AllDeviceTypes];
    all.into_iter().filter(|t| types.has(*t)).map(|t| format!("{t:?}")).collect::<Vec<_>>().join(", ")
}

/// What a case's last sign-in comes to, with every rule that it came by.
pub struct Looked {
    pub told: Told,
    pub rules: Vec<Judged>,
}

/// # Errors
/// Where the model leaves out what the case has, or the case cannot be played.
pub fn look(case: &Case) -> Result<Looked, Stuck> {
    let (before, last) = split(case)?;
    let mut stage = stage(case)?;
    for step in before {
        stage.step(step)?;
    }
    let mut asked = recorder(&stage);
    let (told, _) = stage.asked(last, &mut asked)?;
    Ok(Looked { told, rules: judged(&stage.model, &asked) })
}

fn recorder(stage: &Stage) -> Recorder {
    Recorder { direct: stage.direct(), ..Recorder::default() }
}

fn stage(case: &Case) -> Result<Stage, Stuck> {
    Stage::start(std::sync::Arc::new(Model::new(std::sync::Arc::new(case.world.clone()))))
}

/// The steps before the last sign-in, and that sign-in.
fn split(case: &Case) -> Result<(&[Step], &SignIn), Stuck> {
    let at = case.steps.iter().rposition(|s| matches!(s.action, Action::SignIn(_)));
    match at.map(|at| (&case.steps[..at], &case.steps[at].action)) {
        Some((before, Action::SignIn(last))) => Ok((before, last)),
        _ => Err(Stuck::Impossible("nobody signs in".into())),
    }
}

/// One fact that could have been another.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    pub what: String,
    /// Before the last sign-in.
    steps: Vec<Action>,
    sign_in: Option<SignIn>,
}

/// Facts that would flip the outcome, and what it would be.
#[derive(Debug, Clone)]
pub struct Flip {
    pub facts: Vec<String>,
    pub told: Told,
    pub case: Case,
}

/// The smallest sets of facts that turn a refusal into a grant or a grant into a refusal: all single ones, else all pairs.
///
/// # Errors
/// As [`look`].
pub fn flips(case: &Case) -> Result<Vec<Flip>, Stuck> {
    let (before, last) = split(case)?;
    let mut stage = stage(case)?;
    for step in before {
        stage.step(step)?;
    }
    let granted = |told: &Told| told.outcome.to_string().starts_with("granted");
    let now = granted(&stage.clone().asked(last, &mut recorder(&stage))?.0);
    let facts = facts(&stage, last, before);
    let tried = |chosen: &[&Fact]| -> Option<Flip> {
        let mut stage = stage.clone();
        for step in chosen.iter().flat_map(|fact| &fact.steps) {
            stage.play(step).ok()?;
        }
        let mut sign_in = last.clone();
        for other in chosen.iter().filter_map(|fact| fact.sign_in.as_ref()) {
            lay(&mut sign_in, last, other);
        }
        let mut asked = recorder(&stage);
        let (told, _) = stage.asked(&sign_in, &mut asked).ok()?;
        (granted(&told) != now).then(|| Flip {
            facts: chosen.iter().map(|fact| fact.what.clone()).collect(),
            case: flipped(case, before, chosen, &sign_in, &told),
            told,
        })
    };
    let singles: Vec<Flip> = facts.iter().filter_map(|fact| tried(&[fact])).collect();
    if !singles.is_empty() {
        return Ok(singles);
    }
    let pairs = facts.iter().enumerate().flat_map(|(at, a)| facts[at + 1..].iter().map(move |b| (a, b)));
    Ok(pairs.filter_map(|(a, b)| tried(&[a, b])).take(5).collect())
}

/// What `other` has otherwise than `last`.
fn lay(sign_in: &mut SignIn, last: &SignIn, other: &SignIn) {
    macro_rules! differing {
        ($($key:ident),+) => { $(if other.$key != last.$key { sign_in.$key = other.$key.clone(); })+ };
    }
    differing!(client, network, start, password, mfa);
}

fn flipped(case: &Case, before: &[Step], chosen: &[&Fact], sign_in: &SignIn, told: &Told) -> Case {
    let step = |action: Action| Step { line: 0, action, expect: Default::default() };
    let mut steps: Vec<Step> = before.iter().cloned().map(|s| step(s.action)).collect();
    steps.extend(chosen.iter().flat_map(|fact| &fact.steps).cloned().map(step));
    let mut last = step(Action::SignIn(sign_in.clone()));
    last.expect.outcome = Some(told.outcome);
    last.expect.by = Some(told.by.clone());
    last.expect.device_trusted = told.device_trusted;
    steps.push(last);
    Case { steps, ..case.clone() }
}

/// Facts that could be otherwise: of the sign-in, of the device, of sessions, of UEM.
fn facts(stage: &Stage, last: &SignIn, before: &[Step]) -> Vec<Fact> {
    let world = &stage.model.world;
    let mut all = Vec::new();
    let mut sign_in = |what: String, change: &dyn Fn(&mut SignIn)| {
        let mut other = last.clone();
        change(&mut other);
        if other != *last {
            all.push(Fact { what, steps: Vec::new(), sign_in: Some(other) });
        }
    };
    sign_in("the right password were typed".into(), &|s| s.password = PasswordEntry::Right);
    sign_in("the right code were given".into(), &|s| s.mfa = MfaAnswer::Totp);
    sign_in("a push were approved".into(), &|s| s.mfa = MfaAnswer::PushApprove);
    sign_in("the code were wrong".into(), &|s| s.mfa = MfaAnswer::Wrong);
    sign_in("the password were wrong".into(), &|s| s.password = PasswordEntry::Wrong);
    for network in &world.networks {
        sign_in(format!("it were from {}", network.name), &|s| s.network = Some(network.name.clone()));
    }
    let clients = {
        use federation::Client::*;
        [Browser, MobileSite, NativeApp, Hub, DesktopSite]
    };
    for client in clients {
        sign_in(format!("the client were {client:?}"), &|s| s.client = client);
    }
    sign_in("it began at the app".into(), &|s| s.start = Start::Sp);
    let mut steps = |what: &str, steps: Vec<Action>| all.push(Fact { what: what.into(), steps, sign_in: None });
    let on = || OnDevice { device: last.on.clone() };
    let person = world.people.iter().find(|p| p.name == last.who);
    if let Some(uem) = person.and_then(|p| p.uem.clone()) {
        let enrol = Action::Enrol(Enrolment { device: last.on.clone(), as_user: uem });
        steps("the device were enrolled by her", vec![enrol]);
    }
    steps("the device were not enrolled", vec![Action::Unenrol(on())]);
    let change = |facts| Action::DeviceFacts(FactsChange { device: last.on.clone(), facts });
    let healthy =
        FactsPatch { compromised: Some(false), passcode: Some(true), encrypted: Some(true), ..FactsPatch::default() };
    let settle = || Action::Wait(Wait { minutes: u64::from(world.uem.delivery_minutes) + 1 });
    steps("the device were compliant", vec![change(healthy), Action::Sweep, settle()]);
    let broken = FactsPatch { compromised: Some(true), passcode: Some(false), ..FactsPatch::default() };
    steps("the device were not compliant", vec![change(broken), Action::Sweep, settle()]);
    let out = |at: &str| Action::SignOut(SignOut { on: last.on.clone(), at: at.into() });
    steps("no session were left", vec![out(&last.app), out("okta"), out("access")]);
    let faults: BTreeSet<&str> = before
        .iter()
        .filter_map(|s| match &s.action {
            Action::Break(breakage) => Some(breakage.party.as_str()),
            _ => None,
        })
        .collect();
    for party in faults {
        let mend = Action::Mend(Mend { party: party.into(), from: None });
        steps(&format!("{party} answered as it should"), vec![mend]);
    }
    let down = Breakage { party: "uem".into(), from: None, how: Default::default(), delay_ms: 30_000, seconds: 0 };
    steps("UEM did not answer", vec![Action::Break(down)]);
    all
}

/// Single settings that would flip the outcome.
///
/// # Errors
/// As [`look`].
pub fn settings(case: &Case) -> Result<Vec<(Change, Told)>, Stuck> {
    let granted = |told: &Told| told.outcome.to_string().starts_with("granted");
    let now = granted(&look(case)?.told);
    let changed = changes(&case.world).into_iter().filter_map(|change| {
        let told = look(&Case { world: change.world.clone(), ..case.clone() }).ok()?.told;
        (granted(&told) != now).then_some((change, told))
    });
    Ok(changed.collect())
}
