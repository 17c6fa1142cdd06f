//! A world: the settings of all parties and the people and devices that meet them.

use crate::device::Device;
use crate::tenant::{Access, Okta, Uem};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What a scenario starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// Virtual time at the first step, RFC 3339 in UTC.
    #[serde(default = "start")]
    pub start: String,
    pub okta: Okta,
    pub access: Access,
    pub uem: Uem,
    /// SaaS apps; each is also an entry of `okta.apps`.
    #[serde(default)]
    pub apps: Vec<SaasApp>,
    #[serde(default)]
    pub people: Vec<Person>,
    #[serde(default)]
    pub devices: Vec<Device>,
    #[serde(default)]
    pub networks: Vec<Network>,
}

fn start() -> String {
    "2026-03-02T09:00:00Z".into()
}

/// A SaaS app: a strict SAML service provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SaasApp {
    pub name: String,
    pub host: String,
    /// Takes a response that it did not ask for (dashboard start).
    #[serde(default)]
    pub accept_idp_initiated: bool,
    #[serde(default = "skew")]
    pub clock_skew_seconds: u32,
    /// What its requests say beside the name of the app.
    #[serde(default)]
    pub request: AppRequest,
}

/// What an app asks of Okta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
pub struct AppRequest {
    /// `ForceAuthn`: the person is to sign in anew.
    pub force_authn: bool,
    /// `IsPassive`: nobody is to be bothered.
    pub is_passive: bool,
    /// `RequestedAuthnContext`.
    pub context: Option<WantedContext>,
}

/// How strong the sign-in is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WantedContext {
    #[serde(default)]
    pub comparison: Comparison,
    /// `AuthnContextClassRef`s, as URIs.
    pub classes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// Any of the classes.
    #[default]
    Exact,
    /// At least as strong as one of them.
    Minimum,
    /// At most as strong as one of them.
    Maximum,
    /// Stronger than all of them.
    Better,
}

impl Comparison {
    /// As SAML writes it.
    pub fn name(self) -> &'static str {
        match self {
            Comparison::Exact => "exact",
            Comparison::Minimum => "minimum",
            Comparison::Maximum => "maximum",
            Comparison::Better => "better",
        }
    }
}

fn skew() -> u32 {
    60
}

/// Somebody with a device in her hand. What she types is right unless the step says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub name: String,
    /// Her account at Okta, by name of `okta.users`; she types its login and password.
    #[serde(default)]
    pub okta: Option<String>,
    /// Her account at Access, as `DIRECTORY/USER` names.
    #[serde(default)]
    pub access: Option<String>,
    /// Her account at UEM, by name of `uem.users`.
    #[serde(default)]
    pub uem: Option<String>,
}

/// A place to sign in from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub name: String,
    pub ip: IpAddr,
}
