//! What a person types: login, password, second factor.

use super::{Exchange, drive};
use crate::state::Transaction;
use federation::tenant::okta::{Factor, UserStatus};
use federation::{EventKind, Finding, Response};
use wire::form::Form;

const TRIES: u8 = 5;

/// The form and the transaction, where the cookie and the hidden field name the same one.
fn gather(x: &Exchange<'_>) -> Result<(Form, Transaction), Box<Response>> {
    let form = Form::parse(x.request.body()).map_err(|r| Box::new(x.refuse(r.code, &r.detail)))?;
    match x.transaction().filter(|tx| form.get("transaction") == Some(tx.id.as_str())) {
        Some(tx) => Ok((form, tx)),
        None => Err(Box::new(x.refuse("okta/no-transaction", "the sign-in is over or belongs to another browser"))),
    }
}

fn decided(x: &Exchange<'_>, verdict: &str, code: &'static str) {
    x.outside.note(EventKind::Decided { verdict: verdict.into(), because: vec![Finding::new(code)] });
}

pub fn login(x: &Exchange<'_>) -> Response {
    let (form, mut tx) = match gather(x) {
        Ok(gathered) => gathered,
        Err(response) => return *response,
    };
    let username = form.get("username").unwrap_or_default().to_owned();
    let Some(password) = form.get("password") else {
        tx.login = Some(username);
        return drive::drive(x, tx);
    };
    let user = x.user(|user| user.login.eq_ignore_ascii_case(&username) && user.status == UserStatus::Active);
    let right = user.filter(|user| tx.failures < TRIES && !user.password.is_empty() && user.password == password);
    let Some(user) = right else {
        tx.failures = tx.failures.saturating_add(1);
        decided(x, "refuse", "sign-in/password-wrong");
        x.log("user.session.start", "FAILURE", &username, &tx.app, "INVALID_CREDENTIALS");
        let page = drive::sign_in_page(&tx, true);
        x.okta.state().keep(tx, x.now);
        return page;
    };
    decided(x, "authenticated", "sign-in/password-ok");
    tx.login = Some(user.login.clone());
    tx.fresh = Some(user.name);
    tx.local_only = false;
    drive::drive(x, tx)
}

pub fn mfa(x: &Exchange<'_>) -> Response {
    let (form, mut tx) = match gather(x) {
        Ok(gathered) => gathered,
        Err(response) => return *response,
    };
    let session = x.cookie("sid").and_then(|sid| x.okta.state().sessions.get(&sid).map(|s| s.user.clone()));
    let Some(user) = tx.fresh.clone().or(session).and_then(|name| x.user(|user| user.name == name)) else {
        return x.refuse("okta/no-transaction", "nobody is signed in");
    };
    let push = form.get("push").filter(|_| user.factors.contains(&Factor::Push));
    let secret = x.okta.wiring.totp_secrets.get(&user.name).filter(|_| user.factors.contains(&Factor::Totp));
    let passed = tx.failures < TRIES
        && match (push, secret, form.get("code")) {
            (Some(answer), _, _) => answer == "approve",
            (None, Some(secret), Some(code)) => crate::totp::verify(secret, code, x.now),
            _ => false,
        };
    let result = if passed { "SUCCESS" } else { "FAILURE" };
    x.log("user.authentication.auth_via_mfa", result, &user.login, &tx.app, "");
    if !passed {
        decided(x, "refuse", "mfa/failed");
        tx.failures = tx.failures.saturating_add(1);
        let page = super::page::Page {
            action: "/mfa",
            transaction: tx.id.clone(),
            failed: true,
            code: user.factors.contains(&Factor::Totp),
            push: user.factors.contains(&Factor::Push),
            ..super::page::Page::new("okta/mfa", "Verify it is you")
        };
        x.okta.state().keep(tx, x.now);
        return page.answer(200);
    }
    decided(x, "verified", "mfa/passed");
    tx.factor = true;
    if let Some(sid) = x.cookie("sid")
        && let Some(session) = x.okta.state().sessions.get_mut(&sid).filter(|session| session.user == user.name)
    {
        session.factor = true;
    }
    drive::drive(x, tx)
}
