//! The cases, a file per subject. Every expectation is written from the standard and the literature, then held against `wire`.

mod algorithms;
mod bearer;
mod bombs;
mod delivery;
mod device;
mod harmless;
mod markup;
mod posture;
mod redirect;
mod request;
mod signature;
mod stripping;
mod tampering;
mod time;
mod values;
mod wrapping;

use crate::{Act, Edit, End, Family, Row, Shape, With};

pub static ALL: &[&Family] = &[
    &wrapping::ASSERTION,
    &wrapping::RESPONSE,
    &wrapping::REQUEST,
    &stripping::STRIPPING,
    &tampering::RESPONSE,
    &tampering::ASSERTION,
    &tampering::REQUEST,
    &values::CARRIED,
    &values::WRITTEN,
    &values::IDS_CARRIED,
    &values::IDS_WRITTEN,
    &signature::SHAPE_CARRIED,
    &signature::SHAPE_WRITTEN,
    &signature::TRANSFORMS,
    &signature::VOID,
    &algorithms::ALGORITHMS,
    &algorithms::FORGED,
    &algorithms::KEY_INFO,
    &markup::DOCTYPE,
    &markup::ENCODING,
    &markup::MALFORMED,
    &bearer::ENVELOPE,
    &bearer::ASSERTION,
    &time::TIME,
    &bombs::BOMBS,
    &bombs::DEFLATE,
    &redirect::SIGNATURE,
    &redirect::PARAMETERS,
    &request::REQUEST,
    &posture::POSTURE,
    &delivery::REPLAY,
    &delivery::BINDING,
    &delivery::RELAY_STATE,
    &device::HANDSHAKE,
    &device::CERTIFICATE,
    &device::PERSON,
    &device::UDID,
    &harmless::CARRIED,
    &harmless::WRITTEN,
    &harmless::REQUEST,
    &harmless::QUERY,
];

const fn row(name: &'static str, act: Act, code: &'static str, says: &'static str) -> Row {
    Row { name, act, end: End::Refused(code), says }
}

const fn written(name: &'static str, edit: Edit, code: &'static str, says: &'static str) -> Row {
    row(name, Act::Write(edit), code, says)
}

const fn altered(name: &'static str, edit: Edit, code: &'static str, says: &'static str) -> Row {
    row(name, Act::Alter(edit), code, says)
}

const fn shaped(name: &'static str, edit: Edit, code: &'static str, says: &'static str) -> Row {
    row(name, Act::Sign(Shape { edit: Some(edit), with: With::Real }), code, says)
}
