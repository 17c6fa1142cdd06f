//! The loop over the chain's step function: asks the next method until the chain is complete or exhausted.

use super::{Ctx, answer, compliance, log_line, okta, pages};
use crate::decide::chain::{self, MethodSet, Next};
use crate::decide::{person, policy};
use crate::memory::{self, Kept};
use crate::state::{Session, Transaction};
use federation::tenant::access::{ApplicationSource, AuthMethod, PolicyRule};
use federation::{Decision, EventKind, Response, Time};
use std::collections::BTreeMap;

fn setting(ctx: &Ctx<'_>, tx: &Transaction) -> Option<(ApplicationSource, PolicyRule)> {
    let source = ctx.settings.application_sources.iter().find(|s| s.name == tx.source)?;
    let policy = ctx.settings.policies.iter().find(|p| p.name == tx.policy)?;
    Some((source.clone(), policy.rules.iter().find(|r| r.name == tx.rule)?.clone()))
}

/// The live session, with the methods that this rule still recognises.
fn live(ctx: &Ctx<'_>, tx: &Transaction, rule: &PolicyRule) -> Option<(Session, MethodSet)> {
    if tx.force_authn {
        return None;
    }
    let session = ctx.access.state.session(&ctx.cookie("HZN")?, ctx.now())?;
    if tx.person.as_ref().is_some_and(|p| *p != session.person) {
        return None;
    }
    person::user(&ctx.people(), &session.person)?;
    let satisfied = session.satisfied.iter().map(|(method, at)| (*method, *at));
    let methods = chain::recognised(satisfied, rule, ctx.now());
    Some((session, methods))
}

fn facts(
    ctx: &Ctx<'_>,
    tx: &Transaction,
    in_session: MethodSet,
    session_person: Option<&person::PersonKey>,
) -> chain::Facts {
    let known = tx.person.as_ref().or(session_person);
    chain::Facts {
        os: tx.os,
        force_authn: tx.force_authn,
        passed: MethodSet::of(&tx.passed),
        failed: MethodSet::of(&tx.failed),
        in_session,
        offered: person::offered(&ctx.settings, ctx.ip(), tx.person.as_ref().map(|p| p.directory.as_str())),
        person_known: known.is_some(),
    }
}

/// Goes on with a transaction that was taken out of the state.
pub async fn drive(ctx: &Ctx<'_>, mut tx: Transaction) -> Response {
    let Some((source, rule)) = setting(ctx, &tx) else {
        return ctx.unsaved();
    };
    let path = policy::rule_path(&tx.policy, &tx.rule);
    loop {
        let session = live(ctx, &tx, &rule);
        let in_session = session.as_ref().map(|(_, m)| *m).unwrap_or_default();
        let usable = session.filter(|_| in_session != MethodSet::default()).map(|(s, _)| s);
        let facts = facts(ctx, &tx, in_session, usable.as_ref().map(|s| &s.person));
        let next = ctx.decided(Decision::of(|why| chain::next(&path, &rule, &ctx.settings.assumptions, &facts, why)));
        match next {
            Next::Ask { method: AuthMethod::DeviceCompliance, .. } => {
                let udid = tx.udid.clone().or_else(|| usable.as_ref().and_then(|s| s.udid.clone()));
                let who = tx.person.clone().or_else(|| usable.as_ref().map(|s| s.person.clone()));
                compliance::ask(ctx, &mut tx, udid.as_deref(), who.as_ref()).await;
            }
            Next::Ask { method, chain } => {
                // What the session proves counts for its person only, and only where this chain uses it.
                let uses = chain::uses_session(&rule.authenticate[chain], in_session);
                if tx.person.is_none() && (method == AuthMethod::Mfa || uses) {
                    tx.person = usable.map(|s| s.person);
                }
                tx.bound = chain::is_bound(&rule.authenticate[chain], in_session, MethodSet::of(&tx.passed));
                return ask(ctx, &source, tx, method);
            }
            Next::Passed { chain } => return pass(ctx, &source, tx, usable, &rule.authenticate[chain]),
            Next::Exhausted => return exhausted(ctx, &source, &tx, &rule),
        }
    }
}

fn ask(ctx: &Ctx<'_>, source: &ApplicationSource, mut tx: Transaction, method: AuthMethod) -> Response {
    if tx.passive && !method.by_certificate() {
        return answer::no_passive(ctx, source, &tx);
    }
    tx.asked = Some(method);
    let response = match method {
        AuthMethod::Password => pages::sign_in(&tx.id, tx.wrong_passwords > 0),
        AuthMethod::Mfa => pages::mfa(&tx.id),
        AuthMethod::OktaAuthMethod => okta::redirect(ctx, &mut tx),
        _ => {
            let leg = ctx.settings.certificate_leg(method).unwrap_or_default();
            pages::see_other(&format!("https://{leg}/certificate?transaction={}", tx.id))
        }
    };
    ctx.access.state.put(tx);
    response
}

fn exhausted(ctx: &Ctx<'_>, source: &ApplicationSource, tx: &Transaction, rule: &PolicyRule) -> Response {
    let compliance = tx.trouble.as_ref().filter(|t| t.method == AuthMethod::DeviceCompliance);
    let reason = compliance.map_or(answer::NO_METHODS.to_string(), |t| t.text.clone());
    answer::failed(ctx, source, tx, rule.error.as_ref(), &reason)
}

/// The chain is complete: a session under a new id where anything was proven anew, then the answer to Okta.
fn pass(
    ctx: &Ctx<'_>,
    source: &ApplicationSource,
    mut tx: Transaction,
    session: Option<Session>,
    chain: &[AuthMethod],
) -> Response {
    if tx.person.is_none() {
        tx.person = session.as_ref().map(|s| s.person.clone());
    }
    let Some((key, user)) = tx.person.clone().and_then(|key| Some((key.clone(), person::user(&ctx.people(), &key)?)))
    else {
        return answer::failed(ctx, source, &tx, None, answer::NO_METHODS);
    };
    let fresh = (!tx.passed.is_empty()).then(|| sign_in(ctx, &tx, session, key, &user.username));
    let mut response = answer::granted(ctx, source, &tx, &user, chain);
    if let Some(id) = fresh {
        pages::cookie(&mut response, "HZN", &id);
    }
    response
}

fn sign_in(
    ctx: &Ctx<'_>,
    tx: &Transaction,
    session: Option<Session>,
    person: person::PersonKey,
    login: &str,
) -> String {
    let now = ctx.now();
    let mut satisfied: BTreeMap<AuthMethod, Time> = session.as_ref().map(|s| s.satisfied.clone()).unwrap_or_default();
    satisfied.extend(tx.passed.iter().map(|m| (*m, now)));
    let udid = tx.udid.clone().or_else(|| session.and_then(|s| s.udid));
    let id = ctx.outside.fresh_id("session");
    let (session, old) = (Session { started: now, person, satisfied, udid }, ctx.cookie("HZN"));
    let line = log_line("LOGIN", "SUCCESS", login, &tx.source, "");
    ctx.access.state.start_session(id.clone(), session.clone(), old.as_deref(), || {
        if let Some(old) = &old {
            memory::commit(ctx.outside, &[], &|| Kept::Session { id: old.clone(), session: None });
        }
        let kept = || Kept::Session { id: id.clone(), session: Some(session.clone()) };
        memory::commit(ctx.outside, std::slice::from_ref(&line), &kept);
    });
    ctx.outside.note(line);
    ctx.outside.note(EventKind::SignedIn { login: login.into() });
    id
}
