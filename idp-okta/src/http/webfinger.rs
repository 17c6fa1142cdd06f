//! WebFinger: which identity provider the routing rules give a login, asked by anybody. Rules for an app do not match here.

use super::Exchange;
use super::page::typed;
use crate::decide::routing::{self, Asked, Route};
use federation::{Decision, Response};
use serde_json::json;

const ACCOUNT: &str = "okta:acct:";
const IDP: &str = "okta:idp";
/// What an Okta org itself answers to as well.
const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

pub fn webfinger(x: &Exchange<'_>) -> Response {
    let query = x.request.uri().query().unwrap_or_default();
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let values = |name| pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
    let subject = values("resource").next().unwrap_or_default();
    let Some(login) = subject.strip_prefix(ACCOUNT).filter(|login| !login.is_empty()) else {
        let error = json!({ "errorCode": "E0000001", "errorSummary": "Api validation failed: resource" });
        return typed(400, "application/json", error.to_string());
    };
    let user = x.user(|user| user.login.eq_ignore_ascii_case(login));
    let asked = Asked { app: "", platform: x.platform(), ip: x.ip(), login: Some(login), user: user.as_ref() };
    let decision = Decision::of(|why| routing::route(&x.settings, &asked, why));
    let sso = |id: &str| format!("https://{}/sso/idps/{id}", x.settings.host);
    let (verdict, also, href, properties) = match decision.verdict {
        Route::IdentityProvider(idp) => {
            let metadata = format!("https://{}/api/v1/idps/{}/metadata.xml", x.settings.host, idp.id);
            let says = json!({ "okta:idp:type": "SAML2", "okta:idp:id": idp.id, "okta:idp:metadata": metadata });
            (format!("would send to {}", idp.name), false, sso(&idp.id), says)
        }
        Route::Okta | Route::NeedLogin => {
            let says = json!({ "okta:idp:type": "OKTA", "okta:idp:id": "OKTA" });
            ("would ask to sign in".into(), true, sso("OKTA"), says)
        }
    };
    x.decided(verdict, decision.because);
    let wanted: Vec<&str> = values("rel").collect();
    let rel = match () {
        () if wanted.is_empty() || wanted.contains(&IDP) => Some(IDP),
        () if also && wanted.contains(&ISSUER) => Some(ISSUER),
        () => None,
    };
    let links: Vec<_> =
        rel.map(|rel| json!({ "rel": rel, "href": href, "properties": properties })).into_iter().collect();
    typed(200, "application/jrd+json", json!({ "subject": subject, "links": links }).to_string())
}
