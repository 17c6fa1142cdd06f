//! Every case against `wire`: the named check refuses it, and the same message without the attack is accepted.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod common;

use attacks::{Act, Attack, End, On, registry};
use common::{Hop, Verdict, hops};
use std::collections::BTreeSet;

/// What a case must come to on a hop; `None`: wire alone cannot say.
fn wanted(attack: &Attack) -> Option<Vec<Verdict>> {
    match attack.row.end {
        End::Refused(codes) => {
            let codes: Vec<&str> = codes.split('|').collect();
            // The parties know which addresses are registered.
            if codes == ["saml/acs-unknown"] { None } else { Some(codes.into_iter().map(Verdict::Refused).collect()) }
        }
        End::NotTrusted => Some(vec![Verdict::NotTrusted]),
        End::Accepted => Some(vec![Verdict::Accepted]),
        _ => None,
    }
}

#[test]
fn every_case_ends_as_it_says() {
    let mut wrong = Vec::new();
    for hop in hops() {
        for attack in registry().iter().filter(|a| hop.fits(a)) {
            let Some(wanted) = wanted(attack) else { continue };
            match hop.attacked(attack) {
                Err(unfit) => wrong.push(format!("{} {}: {unfit}", hop.name, attack.name())),
                Ok(verdict) if !wanted.contains(&verdict) => {
                    wrong.push(format!("{} {}: {verdict:?} instead of {wanted:?}", hop.name, attack.name()));
                }
                Ok(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn without_the_attack_the_same_message_is_accepted() {
    for hop in hops() {
        for attack in registry().iter().filter(|a| hop.fits(a)) {
            assert_eq!(hop.undone(attack), Ok(Verdict::Accepted), "{} {}", hop.name, attack.name());
        }
    }
}

#[test]
fn every_case_is_played_on_every_hop_that_it_can_be() {
    let attacks = registry();
    for attack in &attacks {
        let played: Vec<&str> = hops().iter().filter(|h| h.fits(attack)).map(|h| h.name).collect();
        let least = match attack.family.on {
            On::Certificate | On::Delivery => 0,
            On::PostedRequest | On::Redirect => 1,
            // Only Access states a posture.
            _ if attack.family.class == "posture" => 2,
            _ => 2,
        };
        assert!(played.len() >= least, "{} is played on {played:?}", attack.name());
    }
}

#[test]
fn there_are_enough_cases_and_each_name_is_one() {
    let attacks = registry();
    let names: BTreeSet<&str> = attacks.iter().map(Attack::name).collect();
    assert_eq!(names.len(), attacks.len(), "a name twice");
    let certificates = attacks.iter().filter(|a| a.family.on == On::Certificate && !a.harmless()).count();
    let harmless = attacks.iter().filter(|a| a.harmless() && a.family.class == "harmless").count();
    let saml = attacks.iter().filter(|a| a.family.on != On::Certificate && !a.harmless()).count();
    assert!(saml >= 150 && certificates >= 30 && harmless >= 20, "{saml} {certificates} {harmless}");
    for attack in &attacks {
        assert!(attack.row.says.ends_with('.') && !attack.family.source.is_empty(), "{}", attack.name());
        let network = matches!(attack.family.who, attacks::Who::Network);
        let signs = matches!(attack.row.act, Act::Write(_) | Act::Sign(_));
        assert!(!(network && signs), "{}: the network cannot sign", attack.name());
    }
}

/// The oracle knows no case; it goes by the first word of the name.
#[test]
fn the_first_word_of_a_name_tells_the_end() {
    const TELLING: &[&str] =
        &["harmless", "boundary", "posture", "certificate", "person", "udid", "tls", "session", "relay", "twice"];
    for attack in registry() {
        let word = attack.name().split('-').next().unwrap_or_default();
        let words = attacks::first_word(attack.row.end, attack.family.class);
        let right = if words.is_empty() { !TELLING.contains(&word) } else { words.contains(&word) };
        assert!(right, "{} ends {:?}", attack.name(), attack.row.end);
    }
}

/// Network attacks never see the sender's key.
#[test]
fn the_network_forges_without_the_senders_key() {
    for hop in hops().iter().map(Hop::keyless) {
        for attack in
            registry().iter().filter(|a| hop.fits(a) && a.family.who == attacks::Who::Network && !a.harmless())
        {
            if matches!(attack.row.act, Act::Alter(_) | Act::Forge(..) | Act::Bytes(_) | Act::Query(_)) {
                assert!(hop.attacked(attack).is_ok(), "{} {}", hop.name, attack.name());
            }
        }
    }
}
