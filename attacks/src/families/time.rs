//! Clocks: each limit one second off, exactly on it, and times that are none.

use super::written;
use crate::edit::{Edit, Val};
use crate::{Act, End, Family, On, Row, Who};

const A: &str = "Response/Assertion";
const CONDITIONS: &str = "Response/Assertion/Conditions";
const DATA: &str = "Response/Assertion/Subject/SubjectConfirmation/SubjectConfirmationData";
const STATEMENT: &str = "Response/Assertion/AuthnStatement";

const fn end(
    name: &'static str,
    path: &'static str,
    attribute: &'static str,
    val: Val,
    code: &'static str,
    says: &'static str,
) -> Row {
    written(name, Edit::Attr(path, attribute, val), code, says)
}

/// The limit itself is on the good side: it must pass.
const fn passes(name: &'static str, path: &'static str, attribute: &'static str, val: Val, says: &'static str) -> Row {
    Row { name, act: Act::Write(Edit::Attr(path, attribute, val)), end: End::Accepted, says }
}

pub static TIME: Family = Family {
    name: "limits of time",
    class: "time",
    who: Who::Idp,
    on: On::Response,
    source: "SAML core 1.3.3, 2.5.1.2; profiles 4.1.4.3; samael finding S11 (off by one)",
    requirement: "wire-clock",
    rows: &[
        end(
            "not-before-skew-plus-1",
            CONDITIONS,
            "NotBefore",
            Val::Late(1),
            "saml/not-yet-valid",
            "Valid a second later than the skew allows.",
        ),
        passes(
            "boundary-not-before-at-skew",
            CONDITIONS,
            "NotBefore",
            Val::Late(0),
            "Valid from just as far ahead as the skew allows.",
        ),
        passes(
            "boundary-not-before-skew-minus-1",
            CONDITIONS,
            "NotBefore",
            Val::Late(-1),
            "Valid from a second less ahead than the skew allows.",
        ),
        end(
            "not-on-or-after-at-skew",
            CONDITIONS,
            "NotOnOrAfter",
            Val::Early(0),
            "saml/time",
            "It ended just as long ago as the skew allows: the end itself is outside.",
        ),
        end(
            "confirmation-end-at-skew",
            DATA,
            "NotOnOrAfter",
            Val::Early(0),
            "saml/expired",
            "The confirmation ended just as long ago as the skew allows.",
        ),
        end(
            "confirmation-end-skew-plus-1",
            DATA,
            "NotOnOrAfter",
            Val::Early(-1),
            "saml/expired",
            "The confirmation ended a second before the skew.",
        ),
        passes(
            "boundary-confirmation-end-skew-minus-1",
            DATA,
            "NotOnOrAfter",
            Val::Early(1),
            "The confirmation ended a second less ago than the skew allows.",
        ),
        written(
            "expired-at-skew",
            Edit::All(&[
                Edit::Attr(CONDITIONS, "NotBefore", Val::At(-9000)),
                Edit::Attr(CONDITIONS, "NotOnOrAfter", Val::Early(0)),
            ]),
            "saml/expired",
            "Valid until just as long ago as the skew allows.",
        ),
        written(
            "expired-skew-plus-1",
            Edit::All(&[
                Edit::Attr(CONDITIONS, "NotBefore", Val::At(-9000)),
                Edit::Attr(CONDITIONS, "NotOnOrAfter", Val::Early(-1)),
            ]),
            "saml/expired",
            "Valid until a second before the skew.",
        ),
        Row {
            name: "boundary-expires-skew-minus-1",
            act: Act::Write(Edit::All(&[
                Edit::Attr(CONDITIONS, "NotBefore", Val::At(-9000)),
                Edit::Attr(CONDITIONS, "NotOnOrAfter", Val::Early(1)),
            ])),
            end: End::Accepted,
            says: "Valid until a second less ago than the skew allows.",
        },
        end(
            "expired-session-at-skew",
            STATEMENT,
            "SessionNotOnOrAfter",
            Val::Early(0),
            "saml/expired",
            "The session ended just as long ago as the skew allows.",
        ),
        passes(
            "boundary-session-end-skew-minus-1",
            STATEMENT,
            "SessionNotOnOrAfter",
            Val::Early(1),
            "The session ended a second less ago than the skew allows.",
        ),
        written(
            "interval-empty",
            Edit::All(&[
                Edit::Attr(CONDITIONS, "NotBefore", Val::At(0)),
                Edit::Attr(CONDITIONS, "NotOnOrAfter", Val::At(0)),
            ]),
            "saml/time",
            "It begins when it ends.",
        ),
        written(
            "interval-reversed",
            Edit::All(&[
                Edit::Attr(CONDITIONS, "NotBefore", Val::At(10)),
                Edit::Attr(CONDITIONS, "NotOnOrAfter", Val::At(5)),
            ]),
            "saml/time",
            "It ends before it begins.",
        ),
        end(
            "time-with-offset",
            CONDITIONS,
            "NotOnOrAfter",
            Val::Of(|old| old.replace('Z', "+00:00")),
            "saml/time",
            "A time with an offset instead of Z.",
        ),
        end(
            "time-without-zone",
            CONDITIONS,
            "NotOnOrAfter",
            Val::Of(|old| old.replace('Z', "")),
            "saml/time",
            "A time without a zone.",
        ),
        end(
            "time-date-only",
            CONDITIONS,
            "NotOnOrAfter",
            Val::Is("2099-01-01Z"),
            "saml/time",
            "A date without a time.",
        ),
        end("time-garbage", CONDITIONS, "NotOnOrAfter", Val::Is("tomorrow"), "saml/time", "A word instead of a time."),
        end("time-unix", CONDITIONS, "NotOnOrAfter", Val::Is("4102444800"), "saml/time", "Seconds instead of a time."),
        end("time-empty", CONDITIONS, "NotOnOrAfter", Val::Is(""), "saml/time", "An empty time."),
        end(
            "time-impossible",
            CONDITIONS,
            "NotOnOrAfter",
            Val::Is("2099-02-30T00:00:00Z"),
            "saml/time",
            "The thirtieth of February.",
        ),
        end(
            "time-year-10000",
            CONDITIONS,
            "NotOnOrAfter",
            Val::Is("10000-01-01T00:00:00Z"),
            "saml/time",
            "A year of five digits.",
        ),
        end(
            "time-negative-year",
            CONDITIONS,
            "NotBefore",
            Val::Is("-0001-01-01T00:00:00Z"),
            "saml/time",
            "A year before the common era.",
        ),
        end(
            "assertion-issued-in-the-future",
            A,
            "IssueInstant",
            Val::Late(1),
            "saml/not-yet-valid",
            "The assertion was issued later than the skew allows.",
        ),
        end(
            "authenticated-in-the-future",
            STATEMENT,
            "AuthnInstant",
            Val::Late(1),
            "saml/not-yet-valid",
            "The person was authenticated later than the skew allows.",
        ),
    ],
};
