//! The person's home page with her apps, and the way out.

use super::page::{Page, set_cookie};
use super::{Exchange, drive};
use crate::decide::scope;
use federation::Response;

/// The apps that whoever is signed in may open; nobody signed in: none.
pub fn dashboard(x: &Exchange<'_>) -> Response {
    let owner = x.cookie("sid").and_then(|sid| drive::signed_in(x, &sid));
    let Some(user) = owner.and_then(|name| x.user(|user| user.name == name)) else {
        let text = "Nobody is signed in here. Open an app to sign in.".into();
        return Page { text, ..Page::new("okta/dashboard", "My apps") }.answer(200);
    };
    let assigned = x.settings.apps.iter().filter(|app| scope::assigned(app, &user));
    let tiles = assigned.map(|app| (app.name.clone(), format!("/app/{}/sso/saml", app.name))).collect();
    let text = format!("Signed in as {}.", user.login);
    Page { text, tiles, ..Page::new("okta/dashboard", "My apps") }.answer(200)
}

/// Ends the session on this side; the cookie alone would only be this browser's.
pub fn sign_out(x: &Exchange<'_>) -> Response {
    let ended = x.cookie("sid").and_then(|sid| x.end(&mut x.okta.state(), &sid));
    if let Some(user) = ended.and_then(|session| x.user(|user| user.name == session.user)) {
        x.log("user.session.end", "SUCCESS", &user.login, "", "");
    }
    let text = "You are signed out of Okta. Apps that you have opened keep sessions of their own.".into();
    let mut response = Page { text, ..Page::new("okta/signed-out", "Signed out") }.answer(200);
    set_cookie(&mut response, "sid", "");
    response
}
