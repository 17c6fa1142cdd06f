//! Decisions in words for people, and as the System Log has them.

use crate::decide::account::Change;
use crate::decide::filter;
use crate::decide::request::Shape;
use crate::flow::{Facts, Next, SignedIn};
use federation::DeviceContext;
use federation::tenant::okta::{IdentityProvider, NameIdFormat, User};
use wire::saml;

pub fn next(verdict: &Next<'_>) -> String {
    match verdict {
        Next::GoTo(idp) => format!("send to {}", idp.name),
        Next::Issue(context) => format!("let in, device {context}"),
        Next::EnrolmentPage(integration) => format!("show how to enrol with {}", integration.provider_name),
        Next::StartSession(_) => "start a session".into(),
        Next::NotAssigned => "refuse: not assigned".into(),
        Next::SignIn => "ask to sign in".into(),
        Next::Identify => "ask for the username".into(),
        Next::StepUp => "ask for a second factor".into(),
        Next::Reauthenticate => "ask to sign in again".into(),
        Next::Denied => "deny".into(),
    }
}

pub fn device(context: DeviceContext) -> &'static str {
    match context {
        DeviceContext::Trusted => "device is trusted",
        DeviceContext::NotTrusted => "device is not trusted",
        DeviceContext::Unknown => "device trust stays unknown",
    }
}

pub fn filtered(verdict: filter::Verdict) -> &'static str {
    match verdict {
        filter::Verdict::Pass => "take the username",
        filter::Verdict::Reject => "reject the username",
        filter::Verdict::Nobody => "take the username for nobody's",
    }
}

pub fn request(shape: &Shape, idp: &IdentityProvider) -> String {
    let fresh = if shape.force_authn { " anew" } else { "" };
    let posture = if shape.context.is_some() { " and for the device's posture" } else { "" };
    format!("ask {} to authenticate{fresh}{posture}", idp.name)
}

/// As SAML writes it.
pub fn name_id_format(format: NameIdFormat) -> &'static str {
    match format {
        NameIdFormat::Unspecified => saml::NAMEID_UNSPECIFIED,
        NameIdFormat::EmailAddress => saml::NAMEID_EMAIL,
        NameIdFormat::Transient => saml::NAMEID_TRANSIENT,
    }
}

/// Events of the System Log for what becomes of an account at a sign-in, each with its target.
pub fn lifecycle<'a>(change: &'a Change, user: &'a User) -> Vec<(&'static str, &'a str)> {
    let login = user.login.as_str();
    match change {
        Change::Made => vec![("user.lifecycle.create", login), ("user.lifecycle.activate", login)],
        Change::Reactivated => vec![("user.lifecycle.reactivate", login)],
        Change::Unsuspended => vec![("user.lifecycle.unsuspend", login)],
        Change::Profile => vec![("user.account.update_profile", login)],
        Change::Joined(group) => vec![("group.user_membership.add", group)],
        Change::Left(group) => vec![("group.user_membership.remove", group)],
    }
}

const UNVERIFIED: &str = "Unable to validate incoming SAML Assertion";

/// What Okta's System Log says of a response that it refuses (documented, verbatim).
pub fn vendor(code: &str) -> Option<&'static str> {
    match code {
        "saml/issuer" => {
            Some("The Issuer in the SAML response did not match the Issuer configured for the Identity Provider.")
        }
        "saml/audience" => Some(
            "The Identity Provider specified Conditions, but did not designate us as the target for these conditions.",
        ),
        "saml/algorithm" | "saml/reference" | "saml/transform" | "saml/void-digest" => Some(UNVERIFIED),
        _ if code.starts_with("saml/signature") => Some(UNVERIFIED),
        _ => None,
    }
}

/// For `policy.evaluate_sign_on`: which policy spoke, if one did, and its result.
pub fn evaluated(facts: &Facts<'_>, verdict: &Next<'_>) -> Option<(String, &'static str)> {
    let policy = match facts.signed_in {
        _ if facts.local_only => return None,
        SignedIn::No => return None,
        SignedIn::Fresh { .. } => "Okta sign-on policy".to_owned(),
        SignedIn::Session { .. } => facts.app.name.clone(),
    };
    let result = match verdict {
        Next::NotAssigned => return None,
        Next::StartSession(_) | Next::Issue(_) => "ALLOW",
        Next::Denied | Next::EnrolmentPage(_) => "DENY",
        Next::GoTo(_) | Next::StepUp | Next::Reauthenticate | Next::SignIn | Next::Identify => "CHALLENGE",
    };
    Some((policy, result))
}
