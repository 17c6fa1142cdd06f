//! The loop over [`flow::next`]: gathers facts, notes the decision, performs the step.

use super::page::{Page, html, redirect, set_cookie};
use super::{Exchange, issue, log_line, words};
use crate::decide::{request, session};
use crate::flow::{self, Facts, Next, SignedIn};
use crate::memory::{self, Kept};
use crate::state::{Pending, Session, Transaction};
use federation::tenant::okta::{App, Binding, Factor, IdentityProvider, TrustEvaluation, User, UserStatus};
use federation::{Decision, DeviceContext, EventKind, Finding, Response, Silent};
use wire::saml::{AuthnRequest, RequestedAuthnContext};

/// Goes on until the browser has to do something.
pub fn drive(x: &Exchange<'_>, mut tx: Transaction) -> Response {
    let Some(app) = x.settings.apps.iter().find(|app| app.name == tx.app) else {
        return x.refuse("okta/no-such-app", &tx.app);
    };
    let mut new_sid = None;
    let cookie = x.cookie("sid").filter(|_| !tx.ignore_session && tx.fresh.is_none());
    let mut live = cookie.and_then(|sid| live_session(x, &sid));
    // Every pass either answers or moves strictly forward; four kinds of steps do the latter.
    for _ in 0..8 {
        if x.settings.assumptions.trust_evaluation == TrustEvaluation::PerSession
            && let Some(session) = live.as_ref().filter(|_| tx.trust == DeviceContext::Unknown)
        {
            tx.trust = session.trust;
        }
        let (decision, person) = judge(x, &tx, app, live.as_ref());
        let response = match (decision, person) {
            (Next::StartSession(limits), Some(user)) => {
                let (sid, session) = start_session(x, &mut tx, &user, limits);
                (new_sid, live) = (Some(sid), Some(session));
                continue;
            }
            (Next::Reauthenticate, person) => {
                // Whose session it was is known, and nobody types it again.
                tx.login = person.map(|user| user.login).or(tx.login);
                tx.ignore_session = true;
                live = None;
                continue;
            }
            (Next::Issue(context), Some(user)) => {
                x.okta.state().transactions.remove(&tx.id);
                let mut response = issue::issue(x, &tx, app, &user, context);
                if let Some(sid) = &new_sid {
                    set_cookie(&mut response, "sid", sid);
                }
                return response;
            }
            (verdict, _) if tx.passive => {
                x.okta.state().transactions.remove(&tx.id);
                return bother_nobody(x, &tx, &verdict);
            }
            (Next::GoTo(idp), person) => go_to(x, &mut tx, idp, person.as_ref()),
            (verdict, person) => stop_page(x, &tx, &verdict, person.as_ref()),
        };
        return finish(x, tx, new_sid, response);
    }
    x.refuse("okta/no-progress", "the sign-in did not move forward")
}

/// What comes next, told to the transcript and to the System Log, and who is signed in so far.
fn judge<'x>(x: &'x Exchange<'_>, tx: &Transaction, app: &App, live: Option<&Session>) -> (Next<'x>, Option<User>) {
    let fresh = tx.fresh.as_ref().and_then(|name| x.user(|user| user.name == *name));
    let owner = live.and_then(|session| x.user(|user| user.name == session.user));
    let known = tx.login.as_ref().and_then(|login| x.user(|user| user.login.eq_ignore_ascii_case(login)));
    let signed_in = match (&fresh, &owner, live) {
        (Some(user), _, _) => SignedIn::Fresh { user, factor_in_session: replaced(x, user).is_some_and(|s| s.factor) },
        (None, Some(user), Some(s)) => {
            SignedIn::Session { user, authenticated_at: s.authenticated_at, factor: s.factor }
        }
        _ => SignedIn::No,
    };
    let person = fresh.as_ref().or(owner.as_ref());
    let facts = Facts {
        app,
        platform: x.platform(),
        ip: x.ip(),
        now: x.now,
        login: tx.login.as_deref(),
        known: known.as_ref(),
        signed_in,
        trust: tx.trust,
        local_only: tx.local_only,
        factor_in_sign_in: tx.factor.is_some() && tx.factor.as_ref() == person.map(|user| &user.name),
    };
    let decision = Decision::of(|why| flow::next(&x.settings, &facts, why));
    x.decided(words::next(&decision.verdict), decision.because);
    if let Some((policy, result)) = words::evaluated(&facts, &decision.verdict) {
        let login = person.map_or("", |user| user.login.as_str());
        x.log("policy.evaluate_sign_on", result, login, &policy, "");
    }
    (decision.verdict, fresh.or(owner))
}

fn finish(x: &Exchange<'_>, mut tx: Transaction, sid: Option<String>, mut response: Response) -> Response {
    set_cookie(&mut response, "tx", &tx.browser);
    if let Some(sid) = sid {
        set_cookie(&mut response, "sid", &sid);
    }
    tx.empty = false;
    x.okta.state().keep(tx, x.now);
    response
}

/// Whose session `sid` is, if it still lives; nothing is noted and nothing changes.
pub fn signed_in(x: &Exchange<'_>, sid: &str) -> Option<String> {
    let session = x.okta.state().sessions.get(sid).cloned().filter(|session| is_alive(x, session))?;
    is_active(x, &session.user).then_some(session.user)
}

/// A suspended or deactivated account's sessions are worth nothing.
fn is_active(x: &Exchange<'_>, name: &str) -> bool {
    x.user(|user| user.name == name && user.status == UserStatus::Active).is_some()
}

fn is_alive(x: &Exchange<'_>, s: &Session) -> bool {
    session::alive(s.limits, s.created, s.last_used, x.now, &mut Silent)
}

/// Whose session `sid` is or was.
pub fn owner(x: &Exchange<'_>, sid: &str) -> Option<String> {
    x.okta.state().sessions.get(sid).map(|session| session.user.clone())
}

fn live_session(x: &Exchange<'_>, sid: &str) -> Option<Session> {
    let owner = owner(x, sid)?;
    if !is_active(x, &owner) {
        x.end(&mut x.okta.state(), sid);
        let because = vec![Finding::new("session/expired").saw("the account is not active")];
        x.decided("end the session of an account that is not active", because);
        return None;
    }
    let mut state = x.okta.state();
    let session = state.sessions.get_mut(sid)?;
    let decision = Decision::of(|why| session::alive(session.limits, session.created, session.last_used, x.now, why));
    let alive = decision.verdict;
    if alive {
        session.last_used = x.now;
    }
    let kept = session.clone();
    if alive {
        memory::commit(x.outside, &[], &Kept::Session { id: sid.into(), session: Some(kept.clone()) });
    } else {
        x.end(&mut state, sid);
    }
    drop(state);
    x.decided(if alive { "use the live session" } else { "end the expired session" }, decision.because);
    alive.then_some(kept)
}

/// The user's own live session that a new one takes the place of.
fn replaced(x: &Exchange<'_>, user: &User) -> Option<Session> {
    let old = x.cookie("sid").and_then(|sid| x.okta.state().sessions.get(&sid).cloned());
    old.filter(|old| old.user == user.name && is_alive(x, old))
}

fn start_session(x: &Exchange<'_>, tx: &mut Transaction, user: &User, limits: session::Limits) -> (String, Session) {
    let sid = x.outside.fresh_id("session");
    let old = replaced(x, user);
    let mut state = x.okta.state();
    x.cookie("sid").and_then(|old| x.end(&mut state, &old));
    let session = Session {
        user: user.name.clone(),
        created: x.now,
        last_used: x.now,
        authenticated_at: x.now,
        limits,
        factor: tx.factor.as_ref() == Some(&user.name) || old.is_some_and(|old| old.factor),
        trust: tx.trust,
    };
    state.start(sid.clone(), session.clone());
    let line = log_line("user.session.start", "SUCCESS", &user.login, "", "");
    x.kept(&line, &Kept::Session { id: sid.clone(), session: Some(session.clone()) });
    drop(state);
    tx.fresh = None;
    tx.ignore_session = false;
    x.outside.note(line);
    x.outside.note(EventKind::SignedIn { login: user.login.clone() });
    (sid, session)
}

/// `IsPassive`: what would be a page, or somebody else's, is a status for the app.
fn bother_nobody(x: &Exchange<'_>, tx: &Transaction, verdict: &Next<'_>) -> Response {
    let refused = matches!(verdict, Next::NotAssigned | Next::Denied | Next::EnrolmentPage(_));
    let status = if refused { wire::saml::REQUEST_DENIED } else { wire::saml::NO_PASSIVE };
    x.decided("bother nobody", vec![Finding::new("request/no-passive").saw(words::next(verdict))]);
    issue::fail(x, tx, status)
}

fn stop_page(x: &Exchange<'_>, tx: &Transaction, verdict: &Next<'_>, person: Option<&User>) -> Response {
    match verdict {
        Next::Identify => identify_page(tx),
        Next::StepUp => {
            let has = |factor| person.is_some_and(|user| user.factors.contains(&factor));
            mfa_page(tx, has(Factor::Totp), has(Factor::Push), false)
        }
        Next::NotAssigned => {
            let login = person.map_or("", |user| user.login.as_str());
            x.log("app.generic.unauth_app_access_attempt", "FAILURE", login, &tx.app, "not assigned");
            Page { home: true, ..Page::new("okta/not-assigned", "You are not assigned to this app") }.answer(200)
        }
        Next::EnrolmentPage(integration) => {
            let title = format!("This device must be secured by {}", integration.provider_name);
            let text = "Enroll it, then open the app again.".into();
            Page { text, link: integration.enrollment_link.clone(), ..Page::new("okta/enrolment", title) }.answer(200)
        }
        Next::Denied => {
            let text = "Access to this application is not allowed at this time due to a policy set by your \
                administrator. If you're wondering why this is happening, please contact your administrator. \
                If it's any consolation, we can take you to your Okta home page.";
            Page { text: text.into(), home: true, ..Page::new("okta/denied", "Access denied") }.answer(200)
        }
        _ => sign_in_page(tx, tx.empty),
    }
}

fn identify_page(tx: &Transaction) -> Response {
    let (action, transaction, failed) = ("/login", tx.id.clone(), tx.empty);
    let mut page = Page::new("okta/identify", "Sign in");
    if failed {
        (page.class, page.text) = ("error", "Enter a username.".into());
    }
    Page { action, transaction, failed, username: true, ..page }.answer(200)
}

pub fn sign_in_page(tx: &Transaction, failed: bool) -> Response {
    let (action, transaction) = ("/login", tx.id.clone());
    let mut page = Page::new("okta/sign-in", "Sign in");
    if failed {
        (page.class, page.text) = ("error", "Unable to sign in.".into());
    }
    Page { action, transaction, failed, username: true, password: true, submit: "Sign in", ..page }.answer(200)
}

/// The push is answered on this page: it stands in for the phone.
pub fn mfa_page(tx: &Transaction, code: bool, push: bool, failed: bool) -> Response {
    let (action, transaction) = ("/mfa", tx.id.clone());
    let mut page = Page::new("okta/mfa", "Verify it is you");
    if !code && !push {
        page.text = "This app asks for a second factor, and you have none enrolled.".into();
    } else if failed {
        (page.class, page.text) = ("error", "The second factor was not accepted.".into());
    }
    Page { action, transaction, failed, code, push, submit: "Verify", ..page }.answer(200)
}

fn go_to(x: &Exchange<'_>, tx: &mut Transaction, idp: &IdentityProvider, person: Option<&User>) -> Response {
    let login = person.map(|user| user.login.as_str()).or(tx.login.as_deref());
    let decision = Decision::of(|why| request::shape(&x.settings, idp, login, why));
    let shape = decision.verdict;
    x.decided(words::request(&shape, idp), decision.because);
    let id = format!("id{}", x.outside.fresh_id("request"));
    let mut flags = vec![format!("ForceAuthn={}", shape.force_authn)];
    if let Some(uri) = &shape.context {
        flags.push(format!("context={}", uri.rsplit(':').next().unwrap_or(uri)));
    }
    flags.extend(shape.subject.as_ref().map(|subject| format!("Subject={subject}")));
    let request = AuthnRequest {
        id: id.clone(),
        issue_instant: x.now,
        destination: Some(idp.sso_url.clone()),
        issuer: crate::sp_entity_id(idp),
        acs_url: Some(crate::acs_url(&x.settings.host, idp)),
        force_authn: shape.force_authn,
        is_passive: false,
        name_id_format: Some(words::name_id_format(idp.name_id_format).into()),
        subject: shape.subject,
        requested_context: shape
            .context
            .map(|uri| RequestedAuthnContext { comparison: "minimum".into(), class_refs: vec![uri] }),
    };
    let key = x.wiring.signing.by(idp.request_algorithm);
    let sign = idp.sign_requests.then_some(&key);
    let post = idp.request_binding == Binding::Post;
    let xml = match wire::saml::write_request(&request, sign.filter(|_| post)) {
        Ok(xml) => xml,
        Err(refusal) => return x.refuse(refusal.code, &refusal.detail),
    };
    let (to, what) = ("access".into(), "AuthnRequest".into());
    x.outside.note(EventKind::Message { to, what, id: id.clone(), in_response_to: None, flags, xml: xml.clone() });
    tx.pending = Some(Pending { request: id, idp: idp.name.clone() });
    let relay = format!("https://{}/app/{}/sso/saml", x.settings.host, tx.app);
    if post {
        let fields = [("SAMLRequest", &*wire::form::encode_post(&xml)), ("RelayState", &*relay)];
        return html(200, wire::form::auto_post_page("Signing in", &idp.sso_url, &fields));
    }
    match wire::redirect::request_url(&idp.sso_url, &xml, Some(&relay), sign) {
        Ok(url) => redirect(&url),
        Err(refusal) => x.refuse(refusal.code, &refusal.detail),
    }
}
