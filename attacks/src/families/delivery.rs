//! Honest messages delivered again, elsewhere, by somebody else, or with something of the attacker's beside them.

use crate::{Act, Delivery, End, Family, On, Row, Who};

const fn delivered(name: &'static str, how: Delivery, end: End, says: &'static str) -> Row {
    Row { name, act: Act::Deliver(how), end, says }
}

pub static REPLAY: Family = Family {
    name: "replay",
    class: "replay",
    who: Who::Person,
    on: On::Delivery,
    source: "SAML profiles 4.1.4.5 (used assertions are remembered); CVE-2026-18967 (Keycloak)",
    requirement: "wire-replay",
    rows: &[
        delivered(
            "replay-same-browser",
            Delivery::Twice,
            End::Refused("saml/in-response-to|okta/no-transaction"),
            "The browser posts the response a second time.",
        ),
        delivered(
            "replay-at-once",
            Delivery::AtOnce,
            End::Refused("saml/in-response-to|okta/no-transaction"),
            "The browser posts the response many times at the same moment.",
        ),
        delivered(
            "replay-next-day",
            Delivery::Later(86_400),
            End::Refused("saml/in-response-to|okta/no-transaction"),
            "The browser posts the response again on the next day.",
        ),
    ],
};

pub static BINDING: Family = Family {
    name: "who may bring it",
    class: "request binding",
    who: Who::Person,
    on: On::Delivery,
    source: "SAML profiles 4.1.4.3 and 4.1.5; login CSRF; session fixation (CWE-384); RFC 6265bis",
    requirement: "wire-request-binding",
    rows: &[
        delivered(
            "stolen-by-a-stranger",
            Delivery::OtherBrowser,
            End::Refused("saml/in-response-to|okta/no-transaction"),
            "Another browser, without cookies, posts the response.",
        ),
        delivered(
            "stolen-while-waiting",
            Delivery::OtherBrowserWaiting,
            End::Refused("saml/in-response-to"),
            "Another browser, which waits for a response of its own, posts it.",
        ),
        delivered(
            "other-acs",
            Delivery::OtherAcs,
            End::Refused("saml/wrong-acs|saml/unsolicited"),
            "The response is posted to the address of another provider.",
        ),
        delivered(
            "session-cookie-fixed",
            Delivery::FixedCookie("attacker-chose-this"),
            End::NewSession,
            "The browser comes with a session cookie that the attacker chose.",
        ),
    ],
};

pub static RELAY_STATE: Family = Family {
    name: "RelayState",
    class: "RelayState",
    who: Who::Network,
    on: On::Delivery,
    source: "Open redirect (CWE-601), header injection (CWE-113), XSS (CWE-79); bindings 3.4.3",
    requirement: "wire-relay-state",
    rows: &[
        delivered(
            "relay-state-foreign",
            Delivery::RelayState("https://evil.test/"),
            End::StaysHome,
            "RelayState is an address of somebody else.",
        ),
        delivered(
            "relay-state-scheme-relative",
            Delivery::RelayState("//evil.test/"),
            End::StaysHome,
            "RelayState is an address without a scheme.",
        ),
        delivered(
            "relay-state-backslash",
            Delivery::RelayState("/\\evil.test/"),
            End::StaysHome,
            "RelayState uses a backslash, which browsers take for a slash.",
        ),
        delivered(
            "relay-state-script",
            Delivery::RelayState("javascript:alert(1)"),
            End::StaysHome,
            "RelayState is a script.",
        ),
        delivered(
            "relay-state-header",
            Delivery::RelayState("/\r\nset-cookie: sid=evil"),
            End::StaysHome,
            "RelayState carries a line of a header.",
        ),
        delivered(
            "relay-state-markup",
            Delivery::RelayState("\"><script>alert(1)</script>"),
            End::StaysHome,
            "RelayState carries markup.",
        ),
    ],
};
