//! What an app's request asks of the sign-in itself: `RequestedAuthnContext`, and `IsPassive`.

use federation::{Finding, Why};

/// The class that Okta states for every sign-in: a password over TLS.
pub const CLASS: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// Classes that can be compared with ours, the weakest first. SAML gives no order; between these nobody doubts it.
const ORDER: [&str; 3] =
    ["urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", CLASS];

/// Whether a sign-in at Okta is what is asked for. Nothing is refused that is not asked.
pub fn satisfied(comparison: &str, classes: &[String], why: &mut impl Why) -> bool {
    let rank = |class: &str| ORDER.iter().position(|known| *known == class);
    let ours = rank(CLASS);
    let mut ranks = classes.iter().map(|class| rank(class));
    let good = classes.is_empty()
        || match comparison {
            "minimum" => ranks.any(|asked| asked.is_some_and(|asked| ours >= Some(asked))),
            "maximum" => ranks.any(|asked| asked.is_some_and(|asked| ours <= Some(asked))),
            "better" => ranks.all(|asked| asked.is_some_and(|asked| ours > Some(asked))),
            _ => ranks.any(|asked| asked == ours),
        };
    if !good {
        why.note(|| {
            Finding::new("request/no-context").saw(format!("{comparison} {}", classes.join(" "))).wanted(CLASS)
        });
    }
    good
}

#[cfg(test)]
mod tests {
    use super::*;
    use federation::Silent;

    #[track_caller]
    fn check(comparison: &str, classes: &[&str], expected: bool) {
        let classes: Vec<String> =
            classes.iter().map(|class| format!("urn:oasis:names:tc:SAML:2.0:ac:classes:{class}")).collect();
        assert_eq!(satisfied(comparison, &classes, &mut Silent), expected, "{comparison} {classes:?}");
    }

    #[test]
    fn contexts_are_compared() {
        check("exact", &[], true);
        check("exact", &["PasswordProtectedTransport"], true);
        check("exact", &["X509", "PasswordProtectedTransport"], true);
        check("exact", &["Password"], false);
        check("exact", &["X509"], false);
        check("minimum", &["Password"], true);
        check("minimum", &["PasswordProtectedTransport"], true);
        check("minimum", &["X509"], false);
        check("minimum", &["X509", "unspecified"], true);
        check("maximum", &["PasswordProtectedTransport"], true);
        check("maximum", &["Password"], false);
        check("better", &["Password"], true);
        check("better", &["PasswordProtectedTransport"], false);
        check("better", &["Password", "X509"], false);
    }
}
