//! From the honest message to the malicious one.

use crate::sign::{Shape, resign, unsign};
use crate::{Act, Attack, On, Scene};
use std::fmt;

/// Why a case cannot be played on this message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit(pub String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

fn unfit(attack: &Attack, why: &str) -> Unfit {
    Unfit(format!("`{}` cannot be played here: {why}", attack.name()))
}

/// Removes the signature that the case does not want, as whoever carries the message can.
fn prepared(attack: &Attack, xml: &str) -> Result<String, Unfit> {
    use crate::edit::find;
    let (whole, part) = (find(xml, "Response/Signature"), find(xml, "Response/Assertion/Signature"));
    match (attack.family.on, whole, part) {
        (On::SignedAssertion, _, None) => Err(unfit(attack, "it needs a signed assertion")),
        (On::SignedAssertion, Some(w), Some(_)) => Ok(format!("{}{}", &xml[..w.start], &xml[w.end..])),
        (On::SignedResponse, None, _) => Err(unfit(attack, "it needs a signed response")),
        _ => Ok(xml.to_string()),
    }
}

/// The message that leaves instead of `xml`.
pub fn message(attack: &Attack, xml: &str, scene: &Scene<'_>) -> Result<Vec<u8>, Unfit> {
    let xml = prepared(attack, xml)?;
    let nothing = || unfit(attack, "there is nothing to change");
    let again = |edit: Option<crate::Edit>, shape: Shape| {
        let (plain, mut parts) = unsign(&xml);
        if attack.family.who == crate::Who::Network {
            // Without the sender's key there is one forged signature, on the outside.
            parts.truncate(1);
        }
        let written = match edit {
            Some(edit) => edit.apply(&plain, scene).filter(|w| *w != plain).ok_or_else(nothing)?,
            None => plain,
        };
        resign(&written, &parts, shape, scene).ok_or_else(|| unfit(attack, "it cannot be signed"))
    };
    let text = match attack.row.act {
        Act::Write(edit) => again(Some(edit), Shape::HONEST)?,
        Act::Sign(shape) => again(None, shape)?,
        Act::Forge(edit, shape) => again(Some(edit), shape)?,
        Act::Alter(edit) => edit.apply(&xml, scene).filter(|w| *w != xml).ok_or_else(nothing)?,
        Act::Bytes(make) => return Ok(make(&xml, scene)),
        _ => xml,
    };
    Ok(text.into_bytes())
}

/// The same road with nothing changed: signatures taken away and made again by the real key.
pub fn undone(attack: &Attack, xml: &str, scene: &Scene<'_>) -> Result<Vec<u8>, Unfit> {
    let xml = prepared(attack, xml)?;
    match attack.row.act {
        Act::Write(_) | Act::Sign(_) | Act::Forge(..) => {
            let (plain, parts) = unsign(&xml);
            let signed = resign(&plain, &parts, Shape::HONEST, scene);
            signed.map(String::into_bytes).ok_or_else(|| unfit(attack, "it cannot be signed"))
        }
        _ => Ok(xml.into_bytes()),
    }
}

/// The form's fields that leave instead of the honest ones, where the case is about the form.
pub fn form(attack: &Attack, encoded: &str) -> Option<Vec<(String, String)>> {
    match attack.row.act {
        Act::Form(make) => Some(make(encoded)),
        _ => None,
    }
}

/// The raw query that leaves instead of `query`.
pub fn query(attack: &Attack, query: &str, scene: &Scene<'_>) -> Result<String, Unfit> {
    let nothing = || unfit(attack, "there is nothing to change");
    match attack.row.act {
        Act::Query(change) => change(query, scene).filter(|q| q != query).ok_or_else(nothing),
        Act::Requery(edit) => crate::redirect::again(query, Some(edit), scene).ok_or_else(nothing),
        _ => Err(unfit(attack, "it is not about a query")),
    }
}

/// The query made anew with nothing changed.
pub fn query_undone(attack: &Attack, query: &str, scene: &Scene<'_>) -> Result<String, Unfit> {
    match attack.row.act {
        Act::Requery(_) => {
            crate::redirect::again(query, None, scene).ok_or_else(|| unfit(attack, "it cannot be signed"))
        }
        _ => Ok(query.to_string()),
    }
}
