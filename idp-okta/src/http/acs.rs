//! The assertion consumer: one answer per request, bound to the browser's transaction, verified before it is read.

use super::{Exchange, drive, words};
use crate::decide::account::{self, Change, Found};
use crate::decide::expression::{self, Stated};
use crate::decide::{filter, trust};
use crate::memory::{self, Kept};
use crate::state::{Pending, TRANSACTION, Transaction};
use federation::tenant::okta::{self, IdentityProvider, ResponseSignature, User};
use federation::{Decision, Finding, Response};
use std::time::Duration;
use wire::Refusal;
use wire::form::Form;
use wire::saml::{self, MustSign, PostureFact, ResponseCheck, Verified};

pub fn acs(x: &Exchange<'_>, id: Option<&str>) -> Response {
    let (mut tx, idp, response) = match receive(x, id) {
        Ok(received) => received,
        Err(refusal) => return x.refuse(refusal.code, &refusal.detail),
    };
    tx.pending = None;
    let platform = x.platform();
    let posture = response.assertion.as_ref().map(|a| a.posture.as_ref().map(|p| p.is_managed()));
    let answer = match posture {
        None => trust::Answer::Failure,
        Some(None | Some(PostureFact::Absent)) => trust::Answer::NoPosture,
        Some(Some(PostureFact::Yes)) => trust::Answer::Managed,
        Some(Some(_)) => trust::Answer::NotManaged,
    };
    let decision = Decision::of(|why| trust::conclude(&x.settings, platform, &idp.name, answer, why));
    tx.trust = decision.verdict;
    x.decided(words::device(tx.trust), decision.because);
    let Some(assertion) = response.assertion.as_ref() else {
        let reason = response.status.message.as_deref().unwrap_or("failure status");
        x.log("user.authentication.auth_via_IDP", "FAILURE", "", &idp.name, reason);
        tx.local_only = true;
        return drive::drive(x, tx);
    };
    let stated = Stated { name_id: assertion.name_id.trim(), attributes: &assertion.attributes };
    let name = match username(x, &idp, stated) {
        Ok(name) => name,
        Err((code, reason)) => {
            x.log("user.authentication.auth_via_IDP", "FAILURE", stated.name_id, &idp.name, &reason);
            return x.refuse(code, &reason);
        }
    };
    let name = name.as_str();
    let filter = Decision::of(|why| filter::decide(&x.settings, &idp, name, why));
    if !filter.because.is_empty() {
        x.decided(words::filtered(filter.verdict), filter.because);
    }
    if filter.verdict == filter::Verdict::Reject {
        let reason = "Unable to match the transformed username";
        x.log("user.authentication.auth_via_IDP", "FAILURE", name, &idp.name, reason);
        return x.refuse("match/filtered", reason);
    }
    let user = match filter.verdict {
        filter::Verdict::Pass => person(x, &idp, name, stated),
        _ => None,
    };
    match user {
        Some(user) => {
            x.log("user.authentication.auth_via_IDP", "SUCCESS", &user.login, &idp.name, "");
            tx.login = Some(user.login);
            tx.fresh = Some(user.name);
        }
        None => {
            x.log("user.authentication.auth_via_IDP", "FAILURE", &assertion.name_id, &idp.name, "User Not Found");
            tx.local_only = true;
        }
    }
    drive::drive(x, tx)
}

/// *IdP Username* made of what the assertion states; or the refusal with the words of Okta's log.
fn username(x: &Exchange<'_>, idp: &IdentityProvider, stated: Stated<'_>) -> Result<String, (&'static str, String)> {
    let made = expression::parse(&idp.username).and_then(|expression| expression.of(stated));
    let name = made.map_err(|what| ("match/untransformed", format!("Unable to transform to username: {what}")))?;
    if name.contains(char::is_whitespace) {
        return Err(("match/whitespace", format!("Transformed userId contained whitespace: '{name}'")));
    }
    if name != stated.name_id {
        let path = format!("okta.identity_providers.{}.username", idp.name);
        let because = vec![Finding::new("match/transformed").rule(path).saw(stated.name_id).wanted(name.clone())];
        x.decided("make the username of the assertion", because);
    }
    Ok(name)
}

/// The one of this browser's transactions whose request `xml` claims to answer. Nothing is verified yet.
fn answered(x: &Exchange<'_>, xml: &[u8]) -> Result<(Transaction, Pending), Refusal> {
    x.transaction(|_| true).ok_or_else(|| Refusal::new("okta/no-transaction", ""))?;
    let waiting = x.transaction(|tx| tx.pending.is_some());
    waiting.ok_or_else(|| Refusal::new("saml/unsolicited", "no request is pending"))?;
    let claimed = saml::peek(xml)?.in_response_to;
    let asked = |tx: &Transaction| tx.pending.as_ref().is_some_and(|p| Some(&p.request) == claimed.as_ref());
    let found = x.transaction(asked).and_then(|tx| Some((tx.clone(), tx.pending?)));
    found.ok_or_else(|| Refusal::new("saml/in-response-to", claimed.unwrap_or_else(|| "none".into())))
}

type Received = (Transaction, IdentityProvider, Verified<saml::Response>);

fn receive(x: &Exchange<'_>, id: Option<&str>) -> Result<Received, Refusal> {
    let form = Form::parse(x.request.body())?;
    let encoded = form.get("SAMLResponse").ok_or_else(|| Refusal::new("saml/no-response", ""))?;
    let xml = wire::form::decode_post(encoded)?;
    let (tx, pending) = answered(x, &xml)?;
    let known = x.settings.identity_providers.iter().find(|idp| idp.name == pending.idp);
    let idp = known.ok_or_else(|| Refusal::new("okta/no-identity-provider", pending.idp.clone()))?;
    if id.is_some_and(|id| id != idp.id) || id.is_some() != (idp.acs == okta::AcsType::Instance) {
        return Err(Refusal::new("saml/wrong-acs", id.unwrap_or_default()));
    }
    let keys = x.wiring.idp_keys.get(&idp.name).map(Vec::as_slice).unwrap_or_default();
    let check = ResponseCheck {
        issuer: &idp.issuer,
        keys,
        must_sign: match idp.response_signature {
            ResponseSignature::Any => MustSign::Any,
            ResponseSignature::Response => MustSign::Response,
            ResponseSignature::Assertion => MustSign::Assertion,
        },
        floor: idp.response_algorithm,
        audience: &crate::sp_entity_id(idp),
        acs_url: &crate::acs_url(&x.settings.host, idp),
        in_response_to: Some(&pending.request),
        now: x.now,
        skew_seconds: idp.max_clock_skew_seconds,
    };
    let response = saml::read_response(&xml, &check)?;
    once(x, "okta-request", &pending.request, x.now + TRANSACTION)?;
    if let Some(assertion) = &response.assertion {
        let skew = Duration::from_secs(u64::from(idp.max_clock_skew_seconds));
        once(x, "okta-assertion", &assertion.id, assertion.end() + skew)?;
    }
    Ok((tx, idp.clone(), response))
}

fn once(x: &Exchange<'_>, table: &'static str, key: &str, until: federation::Time) -> Result<(), Refusal> {
    match x.outside.once(table, key, until) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Refusal::new("saml/replay", key)),
        Err(error) => Err(Refusal::new("okta/store", error.to_string())),
    }
}

/// The account behind the name, found or made, and kept as it is from now on.
fn person(x: &Exchange<'_>, idp: &IdentityProvider, name: &str, stated: Stated<'_>) -> Option<User> {
    let decision = Decision::of(|why| account::decide(idp, &x.users(|_| true), name, stated, why));
    let verdict = match &decision.verdict {
        None => "take nobody for signed in",
        Some(found) if found.changes.contains(&Change::Made) => "create the account",
        Some(found) if found.changes.is_empty() => "take the account that fits",
        Some(_) => "take the account that fits, and change it",
    };
    if !decision.because.is_empty() {
        x.decided(verdict, decision.because);
    }
    let Found { user, changes } = decision.verdict?;
    for change in &changes {
        for (event_type, target) in words::lifecycle(change, &user) {
            x.log(event_type, "SUCCESS", &idp.name, target, "");
        }
    }
    if !changes.is_empty() {
        let mut state = x.okta.state();
        state.keep_account(user.clone());
        memory::commit(x.outside, &[], &Kept::Account(Box::new(user.clone())));
    }
    Some(user)
}
