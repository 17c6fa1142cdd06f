//! Every attack in a living world: the real bytes reach the real party over the wire, and it ends as the case says,
//! as the oracle says, and by the named check.

use attacks::{Act, Attack, End, On, registry};
use federation::Outcome;
use federation::tenant::okta::Binding;
use fedsim::{CaseResult, Fabric};
use fedsim_tests::{cases, disagreements, replay};
use scenarios::{Action, Case, Misbehaving, Misbehaviour, Step};

/// The managed phone's sign-in, with one message attacked.
fn attacked(base: &Case, attack: &Attack, party: Misbehaving) -> Case {
    let mut case = base.clone();
    case.id = format!("attacks/{}-{party:?}", attack.name()).to_lowercase();
    let wish = Misbehaviour { party, as_case: attack.name().into() };
    case.steps.truncate(1);
    case.steps.insert(0, Step { line: 0, action: Action::Misbehave(wish), expect: Default::default() });
    for step in &mut case.steps {
        step.expect = Default::default();
    }
    for idp in case.world.okta.identity_providers.iter_mut().filter(|_| attack.family.on == On::Redirect) {
        idp.request_binding = Binding::Redirect;
    }
    // A revocation list matters where somebody reads it.
    if attack.name() == "certificate-revoked" || attack.name().starts_with("certificate-list-") {
        case.world.access.methods.mobile_sso_ios.check_revocation = true;
    }
    let alone = attack.family.on == On::SignedAssertion && party == Misbehaving::Access;
    for source in case.world.access.application_sources.iter_mut().filter(|_| alone) {
        (source.sign_response, source.sign_assertion) = (false, true);
    }
    case
}

const PHONE: &str = "device-trust/managed-gets-in";
const DESKTOP: &str = "desktop/certificate-and-compliance";

fn story(id: &str) -> Case {
    cases().into_iter().find(|c| c.id == id).expect("the story is there")
}

fn is_desktops(attack: &Attack) -> bool {
    attack.name().starts_with("udid-")
}

/// Whose messages the case can be played on.
fn senders(attack: &Attack) -> &'static [Misbehaving] {
    use Misbehaving::*;
    match attack.family.on {
        _ if attack.family.class == "posture" => &[Access],
        On::Response | On::SignedResponse | On::SignedAssertion => &[Access, Okta],
        On::PostedRequest | On::Redirect => &[Okta],
        On::Delivery if attack.name() == "other-acs" => &[Access],
        On::Delivery => &[Access, Okta],
        On::Certificate => &[Device],
    }
}

/// What is wrong with how it ended.
fn wrong(attack: &Attack, case: &Case, result: &CaseResult) -> Vec<String> {
    let mut wrong = disagreements(case, result);
    if let Some(error) = &result.error {
        return vec![format!("{}: {error}", case.id)];
    }
    let Some(seen) = result.last() else { return vec![format!("{}: no sign-in", case.id)] };
    let code_of = |refused: &String| refused.split(':').next().unwrap_or_default().to_string();
    let codes: Vec<String> = seen.refused.iter().map(code_of).collect();
    let named = |list: &str, seen: &[String]| list.split('|').any(|code| seen.iter().any(|s| s == code));
    let found: Vec<String> = seen.because.iter().map(|f| f.code.to_string()).collect();
    let right = match attack.row.end {
        End::Refused(list) => named(list, &codes),
        // Nothing but Device Compliance asks for the device, and only a desktop's chain has that here.
        End::MethodFails(list) if is_desktops(attack) => named(list, &found) && seen.outcome == Outcome::AccessDenied,
        End::MethodFails(list) => named(list, &found) && seen.outcome == Outcome::EnrolmentPage,
        End::NotTrusted => codes.is_empty() && seen.outcome == Outcome::EnrolmentPage,
        End::Handshake => seen.outcome == Outcome::Unreachable,
        End::Accepted | End::NewSession | End::StaysHome => codes.is_empty() && seen.outcome == Outcome::Granted,
    };
    if !right {
        wrong.push(format!(
            "{}: {} by {}, {codes:?} {found:?}, wanted {:?}",
            case.id, seen.outcome, seen.by, attack.row.end
        ));
    }
    if seen.attack.as_ref().is_none_or(|a| a.case != attack.name() || a.requirement != attack.family.requirement) {
        wrong.push(format!("{}: the report does not name it: {:?}", case.id, seen.attack));
    }
    wrong
}

#[test]
fn every_attack_ends_as_it_says_in_a_living_world() {
    let (phone, desktop) = (story(PHONE), story(DESKTOP));
    let all: Vec<Attack> = registry();
    let play = |attack: &Attack| -> Vec<String> {
        let one = |party: &Misbehaving| {
            let base = if is_desktops(attack) { &desktop } else { &phone };
            let case = attacked(base, attack, *party);
            wrong(attack, &case, &replay(&case, Fabric::Memory))
        };
        senders(attack).iter().flat_map(one).collect()
    };
    let (even, odd): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(i, _)| i % 2 == 0);
    let halves = std::thread::scope(|scope| {
        let run = |half: Vec<(usize, &Attack)>| half.into_iter().flat_map(|(_, a)| play(a)).collect::<Vec<String>>();
        let other = scope.spawn(move || run(odd));
        [run(even), other.join().expect("the other half ran")]
    });
    let wrong = halves.concat();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each world that the cases are played in lets her in when nobody attacks: it is the attack that is refused.
#[test]
fn without_the_attack_each_of_these_worlds_lets_her_in() {
    let (phone, desktop) = (story(PHONE), story(DESKTOP));
    let (mut worlds, mut wrong) = (Vec::new(), Vec::new());
    for attack in registry() {
        let base = if is_desktops(&attack) { &desktop } else { &phone };
        for party in senders(&attack) {
            let mut case = attacked(base, &attack, *party);
            case.steps.remove(0);
            let played = (base.id.clone(), case.world.clone());
            if worlds.contains(&played) {
                continue;
            }
            let result = replay(&case, Fabric::Memory);
            if !result.last().is_some_and(|seen| seen.outcome == Outcome::Granted && seen.refused.is_empty()) {
                wrong.push(format!("{}: {:?}", case.id, result.last()));
            }
            worlds.push(played);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(worlds.len(), 5, "the phone's as it is, by redirect, with lists, with one signature, and the desktop's");
}

/// One of each kind over TCP as well.
#[test]
fn over_loopback_it_is_the_same() {
    let base = story(PHONE);
    for name in [
        "xsw3",
        "issuer-wrong",
        "tls-1-1",
        "tls-garbage",
        "tls-certificate-without-its-key",
        "certificate-expired",
        "stolen-by-a-stranger",
    ] {
        let attack = attacks::find(name).expect("is a case");
        for party in senders(&attack) {
            let case = attacked(&base, &attack, *party);
            let result = replay(&case, Fabric::Loopback);
            assert_eq!(wrong(&attack, &case, &result), Vec::<String>::new());
            assert_eq!(result.transcript(), replay(&case, Fabric::Memory).transcript());
        }
    }
    assert!(matches!(attacks::find("xsw3").expect("is a case").row.act, Act::Alter(_)));
}
