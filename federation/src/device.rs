//! Devices as people hold them: what kind, with which client, in which state.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the thing is. What a party *takes* it for comes from its user agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    Iphone,
    Ipad,
    AndroidPhone,
    WindowsPc,
    Mac,
    LinuxPc,
}

/// The program that the person uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Client {
    /// The platform's own browser (Safari, Chrome, Edge).
    #[default]
    Browser,
    /// The browser asked for the mobile site: on an iPad the user agent then says iPad.
    MobileSite,
    /// A native app's embedded browser.
    NativeApp,
    /// Workspace ONE Intelligent Hub.
    Hub,
    /// A desktop browser's user agent on whatever device (spoofed).
    DesktopSite,
}

impl Client {
    /// The word for it in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Client::Browser => "browser",
            Client::MobileSite => "mobile-site",
            Client::NativeApp => "native-app",
            Client::Hub => "hub",
            Client::DesktopSite => "desktop-site",
        }
    }
}

/// Platform boxes of Okta's rules. Okta: *iOS, Android, Other mobile, Windows, macOS, Other desktop*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    Ios,
    Android,
    OtherMobile,
    Windows,
    Macos,
    OtherDesktop,
}

impl Platform {
    /// The word for it in scenarios.
    pub fn name(self) -> &'static str {
        match self {
            Platform::Ios => "ios",
            Platform::Android => "android",
            Platform::OtherMobile => "other-mobile",
            Platform::Windows => "windows",
            Platform::Macos => "macos",
            Platform::OtherDesktop => "other-desktop",
        }
    }
}

/// A device of the world and its state when a scenario starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    pub name: String,
    pub kind: DeviceKind,
    /// UEM user (by name) whose credentials enrolled it; absent: not enrolled.
    #[serde(default)]
    pub enrolled_as: Option<String>,
    #[serde(default = "default_os_version")]
    pub os_version: String,
    /// Facts that compliance rules look at, as the device's samples report them.
    #[serde(default)]
    pub facts: Facts,
    /// The UDID that UEM knows it by; derived from the name where absent.
    #[serde(default)]
    pub udid: Option<String>,
}

fn default_os_version() -> String {
    "17.4".into()
}

/// What a device sample says. Compliance rules judge these and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// UEM: *Compromised Status* (jailbroken or rooted).
    pub compromised: bool,
    pub passcode: bool,
    pub encrypted: bool,
    /// Installed applications by identifier.
    pub apps: Vec<String>,
    /// Further attributes for *Compliance Attribute* rules.
    pub attributes: BTreeMap<String, String>,
}

impl Default for Facts {
    fn default() -> Self {
        Facts { compromised: false, passcode: true, encrypted: true, apps: Vec::new(), attributes: BTreeMap::new() }
    }
}
