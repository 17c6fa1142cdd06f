//! User agent to device types: one request matches several, so rule order decides.

use federation::tenant::access::DeviceType;

/// The system that a user agent names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Os {
    Ios,
    Android,
    Windows,
    Macos,
    Other,
}

impl Os {
    pub fn name(self) -> &'static str {
        match self {
            Os::Ios => "iOS",
            Os::Android => "Android",
            Os::Windows => "Windows",
            Os::Macos => "macOS",
            Os::Other => "other",
        }
    }
}

/// A set of device types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeviceTypes(u8);

impl DeviceTypes {
    pub fn of(types: &[DeviceType]) -> DeviceTypes {
        types.iter().fold(DeviceTypes::default(), |set, t| set.with(*t))
    }
    pub fn with(self, t: DeviceType) -> DeviceTypes {
        DeviceTypes(self.0 | 1 << t as u8)
    }
    pub fn has(self, t: DeviceType) -> bool {
        self.0 & (1 << t as u8) != 0
    }
    pub fn meets(self, wanted: &[DeviceType]) -> bool {
        wanted.iter().any(|t| self.has(*t))
    }
}

/// What a user agent is taken for. iPadOS Safari says Macintosh and is taken at its word.
pub fn os(user_agent: &str) -> Os {
    let has = |word: &str| user_agent.contains(word);
    if has("iPhone") || has("iPad") || has("iPod") {
        Os::Ios
    } else if has("Android") {
        Os::Android
    } else if has("Windows NT") {
        Os::Windows
    } else if has("Macintosh") {
        Os::Macos
    } else {
        Os::Other
    }
}

pub fn read(user_agent: &str) -> DeviceTypes {
    let mut types = DeviceTypes::of(&[DeviceType::AllDeviceTypes]);
    if user_agent.starts_with("Mozilla/") {
        types = types.with(DeviceType::WebBrowser);
    }
    if user_agent.contains("Hub/") || user_agent.contains("IntelligentHub") || user_agent.contains("Intelligent Hub") {
        types = types.with(DeviceType::HubApp);
    }
    match os(user_agent) {
        Os::Ios => types.with(DeviceType::Ios),
        Os::Android => types.with(DeviceType::Android),
        Os::Windows => types.with(DeviceType::Windows10),
        Os::Macos => types.with(DeviceType::Macos),
        Os::Other => types,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeviceType::*;

    #[track_caller]
    fn check(user_agent: &str, expected: &[DeviceType]) {
        assert_eq!(read(user_agent), DeviceTypes::of(expected), "{user_agent}");
    }

    #[test]
    fn a_user_agent_is_a_set_of_device_types() {
        check("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Safari", &[WebBrowser, Ios, AllDeviceTypes]);
        check("Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) Safari", &[WebBrowser, Ios, AllDeviceTypes]);
        check("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari", &[WebBrowser, Macos, AllDeviceTypes]);
        check("Mozilla/5.0 (Linux; Android 14; Pixel 8) Chrome", &[WebBrowser, Android, AllDeviceTypes]);
        check("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Edg", &[WebBrowser, Windows10, AllDeviceTypes]);
        check("Mozilla/5.0 (X11; Linux x86_64) Chrome", &[WebBrowser, AllDeviceTypes]);
        check("curl/8", &[AllDeviceTypes]);
    }
}
