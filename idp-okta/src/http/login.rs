//! What a person types: login, password, second factor.

use super::{Exchange, drive};
use crate::decide::factor::{self, TRIES};
use crate::memory::{self, Kept};
use crate::state::Transaction;
use federation::tenant::okta::{Factor, User, UserStatus};
use federation::{Finding, Response};
use wire::form::Form;

/// The form and the transaction that its hidden field names, if that is one of this browser's.
fn gather(x: &Exchange<'_>) -> Result<(Form, Transaction), Box<Response>> {
    let form = Form::parse(x.request.body()).map_err(|r| Box::new(x.refuse(r.code, &r.detail)))?;
    match x.transaction(|tx| form.get("transaction") == Some(tx.id.as_str())) {
        Some(tx) => Ok((form, tx)),
        None => Err(Box::new(x.refuse("okta/no-transaction", "the sign-in is over or belongs to another browser"))),
    }
}

fn decided(x: &Exchange<'_>, verdict: &str, code: &'static str) {
    x.decided(verdict, vec![Finding::new(code)]);
}

pub fn login(x: &Exchange<'_>) -> Response {
    let (form, mut tx) = match gather(x) {
        Ok(gathered) => gathered,
        Err(response) => return *response,
    };
    let username = form.get("username").unwrap_or_default().to_owned();
    let Some(password) = form.get("password") else {
        tx.empty = username.is_empty();
        tx.login = Some(username).filter(|name| !name.is_empty()).or(tx.login);
        return drive::drive(x, tx);
    };
    let user = x.user(|user| user.login.eq_ignore_ascii_case(&username) && user.status == UserStatus::Active);
    let Some(user) = user.filter(|user| password_is_right(x, user, password)) else {
        decided(x, "refuse the password", "sign-in/password-wrong");
        x.log("user.session.start", "FAILURE", &username, &tx.app, "INVALID_CREDENTIALS");
        let page = drive::sign_in_page(&tx, true);
        x.okta.state().keep(tx, x.now);
        return page;
    };
    decided(x, "accept the password", "sign-in/password-ok");
    tx.login = Some(user.login.clone());
    tx.fresh = Some(user.name);
    tx.local_only = false;
    drive::drive(x, tx)
}

/// Five wrong ones in a row, over however many transactions, lock the account until its settings change.
fn password_is_right(x: &Exchange<'_>, user: &User, password: &str) -> bool {
    let mut state = x.okta.state();
    let wrong = state.wrong_passwords.get(&user.name).copied().unwrap_or_default();
    let right = wrong < TRIES && !user.password.is_empty() && user.password == password;
    let count = if right { 0 } else { wrong.saturating_add(1) };
    state.count_wrong(&user.name, count);
    if count != wrong {
        memory::commit(x.outside, &[], &Kept::WrongPasswords { user: user.name.clone(), count });
    }
    drop(state);
    if right {
        return true;
    }
    if wrong.saturating_add(1) == TRIES {
        x.log("user.account.lock", "FAILURE", &user.login, "", "max sign in attempts exceeded");
    }
    false
}

pub fn mfa(x: &Exchange<'_>) -> Response {
    let (form, mut tx) = match gather(x) {
        Ok(gathered) => gathered,
        Err(response) => return *response,
    };
    let sid = || x.cookie("sid").filter(|_| !tx.ignore_session);
    let session = || sid().and_then(|sid| drive::signed_in(x, &sid));
    // A push that nobody answers may outlive the session that it was for; it has failed all the same.
    let forgotten = || sid().filter(|_| form.get("push") == Some("none")).and_then(|sid| drive::owner(x, &sid));
    let name = tx.fresh.clone().or_else(session).or_else(forgotten);
    let Some(user) = name.and_then(|name| x.user(|user| user.name == name)) else {
        // Nobody is signed in any more: that comes first.
        return drive::drive(x, tx);
    };
    let push = form.get("push").filter(|_| user.factors.contains(&Factor::Push));
    let secret = x.wiring.totp_secrets.get(&user.name).filter(|_| user.factors.contains(&Factor::Totp));
    let right = || secret.zip(form.get("code")).is_some_and(|(secret, code)| crate::totp::verify(secret, code, x.now));
    let passed = factor::passes(&user, tx.failures, push, right);
    let result = if passed { "SUCCESS" } else { "FAILURE" };
    let reason = match push {
        _ if passed => "",
        Some("none") => "the push was not answered in time",
        Some(_) => "the push was denied",
        None if user.factors.is_empty() => "no factor is enrolled",
        None => "INVALID_CREDENTIALS",
    };
    x.log("user.authentication.auth_via_mfa", result, &user.login, &tx.app, reason);
    if !passed {
        x.decided("refuse the factor", vec![Finding::new("mfa/failed").saw(reason)]);
        tx.failures = tx.failures.saturating_add(1);
        let has = |factor| user.factors.contains(&factor);
        let page = drive::mfa_page(&tx, has(Factor::Totp), has(Factor::Push), true);
        x.okta.state().keep(tx, x.now);
        return page;
    }
    decided(x, "accept the factor", "mfa/passed");
    tx.factor = Some(user.name.clone());
    if let Some(sid) = x.cookie("sid")
        && let Some(session) = x.okta.state().sessions.get_mut(&sid).filter(|session| session.user == user.name)
    {
        session.factor = true;
        let kept = Kept::Session { id: sid, session: Some(session.clone()) };
        memory::commit(x.outside, &[], &kept);
    }
    drive::drive(x, tx)
}
