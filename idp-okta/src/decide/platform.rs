//! What Okta takes a device for: its user agent, which anybody can spoof. Safari on iPadOS says Macintosh.

use federation::Platform;

pub fn platform(user_agent: &str) -> Platform {
    let says = |word: &str| user_agent.contains(word);
    if says("iPhone") || says("iPad") || says("iPod") {
        Platform::Ios
    } else if says("Windows Phone") {
        Platform::OtherMobile
    } else if says("Android") {
        Platform::Android
    } else if says("Windows NT") {
        Platform::Windows
    } else if says("Macintosh") {
        Platform::Macos
    } else if says("Mobile") || says("BlackBerry") || says("Tizen") {
        Platform::OtherMobile
    } else {
        Platform::OtherDesktop
    }
}
