//! What people answer: the way back from the certificate host, a password, an approval.

use super::drive::drive;
use super::{Ctx, certificate, pages};
use crate::decide::chain::attempts;
use crate::decide::person::{self, PersonKey, served};
use crate::memory::{self, Kept};
use crate::people::Named;
use crate::state::Transaction;
use federation::tenant::access::AuthMethod;
use federation::{Decision, Finding, Response, Why};
use wire::form::Form;

/// The transaction, if it belongs to this browser.
pub fn owned(ctx: &Ctx<'_>, id: &str) -> Option<Transaction> {
    if ctx.cookie("EUC_XTX").as_deref() != Some(id) {
        return None;
    }
    ctx.access.state.take(id, ctx.now())
}

pub async fn resume(ctx: &Ctx<'_>) -> Response {
    let Some(mut tx) = owned(ctx, &ctx.query("transaction").unwrap_or_default()) else {
        return ctx.unsaved();
    };
    if !certificate::settle(ctx, &mut tx, &ctx.query("ticket").unwrap_or_default()) {
        ctx.access.state.put(tx);
        return ctx.unsaved();
    }
    drive(ctx, tx).await
}

/// The form and the transaction that asked for this method.
fn asked(ctx: &Ctx<'_>, method: AuthMethod) -> Option<(Form, Transaction)> {
    let form = Form::parse(ctx.request.body()).ok()?;
    let tx = owned(ctx, form.get("transaction")?)?;
    if tx.asked == Some(method) {
        return Some((form, tx));
    }
    ctx.access.state.put(tx);
    None
}

fn who(ctx: &Ctx<'_>, username: &str, password: &str) -> Option<PersonKey> {
    let people = ctx.people();
    let named = served(&ctx.settings, &people, AuthMethod::Password, ctx.ip(), Named::Login(username));
    let mut right = named.into_iter().filter(|(_, u)| u.password.as_ref().is_some_and(|p| p.is(password)));
    let (key, _) = right.next()?;
    right.next().is_none().then_some(key)
}

pub async fn login(ctx: &Ctx<'_>) -> Response {
    let Some((form, mut tx)) = asked(ctx, AuthMethod::Password) else {
        return ctx.unsaved();
    };
    let (username, password) = (form.get("username").unwrap_or_default(), form.get("password").unwrap_or_default());
    let found = who(ctx, username, password);
    let code = if found.is_some() { "sign-in/password-ok" } else { "sign-in/password-wrong" };
    let decision = Decision::of(|why| {
        why.note(|| Finding::new(code).saw(username));
        found
    });
    match ctx.told(code.into(), decision) {
        Some(key) if ctx.takes(&mut tx, &key) => tx.pass(AuthMethod::Password),
        _ => {
            tx.wrong_passwords += 1;
            ctx.log("LOGIN_ERROR", "FAILURE", username, &tx.source, "invalid credentials");
            if tx.wrong_passwords >= attempts(AuthMethod::Password, ctx.settings.methods.password.attempts) {
                tx.fail(AuthMethod::Password, "Your user name or password is wrong.");
            }
        }
    }
    tx.asked = None;
    drive(ctx, tx).await
}

/// Ends the session on this side; the cookie alone would only be this browser's.
pub fn sign_out(ctx: &Ctx<'_>) -> Response {
    let ended = ctx.cookie("HZN").and_then(|id| {
        let kept = || memory::commit(ctx.outside, &[], &|| Kept::Session { id: id.clone(), session: None });
        ctx.access.state.end_session(&id, kept)
    });
    if let Some(session) = ended {
        let login = person::user(&ctx.people(), &session.person).map_or(String::new(), |u| u.username);
        ctx.log("LOGOUT", "SUCCESS", &login, "", "");
    }
    pages::signed_out()
}

pub async fn mfa(ctx: &Ctx<'_>) -> Response {
    let Some((form, mut tx)) = asked(ctx, AuthMethod::Mfa) else {
        return ctx.unsaved();
    };
    let answer = form.get("answer").unwrap_or_default();
    let code = if answer == "approve" { "mfa/passed" } else { "mfa/failed" };
    let decision = Decision::of(|why| why.note(|| Finding::new(code).saw(answer).wanted("approve")));
    ctx.told(code.into(), decision);
    if answer == "approve" {
        tx.pass(AuthMethod::Mfa);
    } else {
        tx.fail(AuthMethod::Mfa, "The sign-in was not approved.");
    }
    tx.asked = None;
    drive(ctx, tx).await
}
