//! The diagram that `fedsim trace` draws, line by line.

use super::*;

fn drawn(name: &str, width: usize, full: bool) -> String {
    let (case, _) = crate::select::one(name).unwrap();
    let result = crate::replay(&case, &crate::Options::default());
    trace(&case, &result, Style::plain().wide(width), full)
}

#[test]
fn a_diagram_has_its_parties_in_order_and_an_arrow_per_message() {
    let told = drawn("managed-gets-in", 80, false);
    let header = told.lines().find(|l| l.contains("okta") && l.contains("access")).expect("a header");
    let at = |name: &str| header.find(name).unwrap_or_else(|| panic!("no `{name}` in {header}"));
    assert!(at("alices-iphone") < at("salesforce") && at("salesforce") < at("okta") && at("okta") < at("access"));
    for wanted in
        ["═>│", "│<═", "─>│", "●", "AuthnRequest <request-1>", "· device-trust/trusted", "=> granted by salesforce"]
    {
        assert!(told.contains(wanted), "no `{wanted}` in\n{told}");
    }
    assert!(told.contains("rsa-sha256 over #"), "{told}");
}

#[test]
fn every_diagram_fits_its_width() {
    for name in ["managed-gets-in", "breaks-okta-as-fallback", "non-compliance-removes-the-profile", "access-steps-up"]
    {
        for width in [60, 80, 120] {
            let told = drawn(name, width, false);
            let wide: Vec<&str> = told.lines().filter(|l| measure(l) > width).collect();
            assert!(wide.is_empty(), "{name} at {width}: {wide:#?}");
        }
    }
}

/// No name is cut, however many parties there are: they stand as a staircase where they are wider than their columns.
#[test]
fn every_party_is_named_in_full() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/my-design.toml");
    for (width, stairs) in [(60, true), (80, true), (160, false)] {
        let told = drawn(file, width, false);
        let (_, sweep) = told.split_once("UEM checks compliance").expect("a sweep");
        let heads: Vec<&str> = sweep.lines().skip(2).take_while(|l| !l.contains(':')).collect();
        for name in ["alices-android", "alices-ipad", "alices-iphone", "alices-mac", "alices-pc", "uem"] {
            let named = heads.iter().filter(|l| l.contains(name)).count();
            assert_eq!(named, 1, "{name} at {width}: {heads:#?}");
        }
        assert_eq!(heads.len() > 1, stairs, "{width}: {heads:#?}");
    }
}

#[test]
fn full_shows_every_byte_and_the_logs() {
    let (case, _) = crate::select::one("managed-gets-in").unwrap();
    let result = crate::replay(&case, &crate::Options::default());
    let told = trace(&case, &result, Style::plain(), true);
    let mut messages = 0;
    for event in result.steps.iter().flat_map(|s| &s.events) {
        if let EventKind::Message { xml, .. } = &event.kind {
            assert!(told.contains(xml.as_str()));
            messages += 1;
        }
    }
    assert!(messages > 3 && told.contains("logs user.session.start SUCCESS"), "{told}");
}
