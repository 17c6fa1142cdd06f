//! What each program of each kind of device says it is.

use federation::{Client, DeviceKind};

const MAC: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const IPAD: &str = "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)";
const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36 Edg/122.0.0.0";
const LINUX: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36";

/// iPadOS Safari says Macintosh unless asked for the mobile site.
pub fn user_agent(kind: DeviceKind, client: Client) -> String {
    let hub = if client == Client::Hub { " AirWatchAgent Hub/24.01" } else { "" };
    match (kind, client) {
        (_, Client::DesktopSite) => WINDOWS.into(),
        (DeviceKind::Iphone, _) => format!("{IPHONE} Version/17.4 Mobile/15E148 Safari/604.1{hub}"),
        (DeviceKind::Ipad, Client::Browser) => MAC.into(),
        (DeviceKind::Ipad, _) => format!("{IPAD} Version/17.4 Mobile/15E148 Safari/604.1{hub}"),
        (DeviceKind::AndroidPhone, _) => format!("{ANDROID} Chrome/122.0.0.0 Mobile Safari/537.36{hub}"),
        (DeviceKind::WindowsPc, _) => format!("{WINDOWS}{hub}"),
        (DeviceKind::Mac, _) => format!("{MAC}{hub}"),
        (DeviceKind::LinuxPc, _) => LINUX.into(),
    }
}
