//! Reads settings from the spanned tree with serde, and keeps the place of what did not fit.

use crate::Diagnostic;
use crate::diagnostic::{REFERENCE, did_you_mean};
use crate::tree::{At, Entry, Files, Node, Table, Value};
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::{Deserializer, forward_to_deserialize_any};
use std::collections::btree_map;
use std::fmt;

/// Reads a `T` from `node`.
pub(crate) fn read<T: DeserializeOwned>(files: &Files, node: &Node) -> Result<T, Diagnostic> {
    T::deserialize(Reader(node)).map_err(|fault| {
        let help = fault.help.unwrap_or_else(|| REFERENCE.into());
        files.diagnostic(fault.at.unwrap_or(node.at), fault.message, help)
    })
}

/// As [`read`], from a table without a place of its own (a whole file).
pub(crate) fn read_table<T: DeserializeOwned>(files: &Files, table: Table, at: At) -> Result<T, Diagnostic> {
    read(files, &Node { at, value: Value::Table(table) })
}

#[derive(Debug)]
struct Fault {
    at: Option<At>,
    message: String,
    help: Option<String>,
}

impl Fault {
    /// The innermost place counts.
    fn or_at(mut self, at: At) -> Fault {
        self.at.get_or_insert(at);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Fault { at: None, message: message.to_string(), help: None }
    }
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (wish, help) = wish(unexpected, &expected.to_string());
        Fault { help, ..Fault::custom(format!("found {}, wanted {wish}", plain(unexpected))) }
    }
    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (wish, help) = wish(unexpected, &expected.to_string());
        Fault { help, ..Fault::custom(format!("{} does not fit, wanted {wish}", plain(unexpected))) }
    }
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Fault {
            at: None,
            message: format!("unknown key `{field}`"),
            help: Some(did_you_mean(field, expected.iter().copied())),
        }
    }
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Fault {
            at: None,
            message: format!("unknown value `{variant}`"),
            help: Some(did_you_mean(variant, expected.iter().copied())),
        }
    }
    fn missing_field(field: &'static str) -> Self {
        Fault { at: None, message: format!("the key `{field}` is missing"), help: Some(format!("add `{field} = …`")) }
    }
}

fn plain(unexpected: Unexpected<'_>) -> String {
    match unexpected {
        Unexpected::Bool(truth) => format!("`{truth}`"),
        Unexpected::Signed(n) => format!("the number `{n}`"),
        Unexpected::Unsigned(n) => format!("the number `{n}`"),
        Unexpected::Float(n) => format!("the number `{n}`"),
        Unexpected::Str(text) => format!("the text `{text}`"),
        Unexpected::Seq => "a list".into(),
        Unexpected::Map => "a table".into(),
        Unexpected::Unit => "nothing".into(),
        other => other.to_string(),
    }
}

/// What serde's derived code wants, without the names of our types; and how to write what was found so that it fits.
fn wish(found: Unexpected<'_>, wanted: &str) -> (String, Option<String>) {
    let bare = |text: &str| text.trim().parse::<i64>().ok();
    let example = match found {
        Unexpected::Signed(n) => n.unsigned_abs().to_string(),
        Unexpected::Float(n) if n.is_finite() => format!("{:.0}", n.abs()),
        Unexpected::Str(text) => bare(text).map_or("5".into(), |n| n.to_string()),
        _ => "5".into(),
    };
    let quotes = if matches!(found, Unexpected::Str(_)) { " without quotes" } else { "" };
    let number = |what: String| (what, format!("write a whole number{quotes}, such as `{example}`"));
    let (wish, help) = match wanted {
        "a boolean" => match found {
            Unexpected::Str(text @ ("true" | "false")) => {
                ("`true` or `false`".into(), format!("write it without quotes: `{text}`"))
            }
            _ => ("`true` or `false`".into(), "write one of the two, without quotes".into()),
        },
        "a string" => match found {
            Unexpected::Bool(truth) => ("a text".into(), format!("write it in quotes: `\"{truth}\"`")),
            Unexpected::Signed(n) => ("a text".into(), format!("write it in quotes: `\"{n}\"`")),
            Unexpected::Float(n) => ("a text".into(), format!("write it in quotes: `\"{n}\"`")),
            _ => ("a text".into(), "write one text in quotes".into()),
        },
        "a sequence" => match found {
            Unexpected::Str(text) => ("a list".into(), format!("write it in brackets: `[\"{text}\"]`")),
            _ => ("a list".into(), "write it in brackets: `[…]`".into()),
        },
        "u8" => number(format!("a whole number from 0 to {}", u8::MAX)),
        "u16" => number(format!("a whole number from 0 to {}", u16::MAX)),
        "u32" => number(format!("a whole number from 0 to {}", u32::MAX)),
        "u64" | "usize" => number("a whole number, not negative".into()),
        "i8" | "i16" | "i32" | "i64" => number("a whole number".into()),
        "string or map" => return ("one of its words".into(), None),
        _ if wanted.starts_with("enum ") || wanted.starts_with("variant ") => return ("one of its words".into(), None),
        _ if wanted == "a map" || wanted.starts_with("struct ") => ("a table".into(), "write `{ KEY = … }`".into()),
        _ => return (wanted.into(), None),
    };
    (wish, Some(help))
}

struct Reader<'a>(&'a Node);

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        let done = match &self.0.value {
            Value::Text(text) => visitor.visit_str(text),
            Value::Whole(whole) => visitor.visit_i64(*whole),
            Value::Real(real) => visitor.visit_f64(*real),
            Value::Truth(truth) => visitor.visit_bool(*truth),
            Value::List(list) => visitor.visit_seq(Items(list.iter())),
            Value::Table(table) => visitor.visit_map(Keys { entries: table.iter(), next: None }),
        };
        done.map_err(|fault| fault.or_at(self.0.at))
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let at = self.0.at;
        let done = match &self.0.value {
            Value::Text(word) => visitor.visit_enum(Variant { word, at, value: None }),
            Value::Table(table) => match table.iter().next() {
                Some((word, entry)) if table.len() == 1 => {
                    visitor.visit_enum(Variant { word, at: entry.key, value: Some(&entry.node) })
                }
                _ => Err(Fault {
                    help: Some(did_you_mean("", words.iter().copied())),
                    ..Fault::custom("wanted exactly one key here")
                }),
            },
            _ => Err(Fault {
                help: Some(did_you_mean("", words.iter().copied())),
                ..Fault::custom(format!("found {}, wanted one of its words", self.0.kind()))
            }),
        };
        done.map_err(|fault| fault.or_at(at))
    }

    fn deserialize_unit<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.0.value {
            Value::Table(table) if table.is_empty() => visitor.visit_unit(),
            Value::Truth(true) => visitor.visit_unit(),
            _ => {
                let fault = Fault::custom(format!("found {}, and there is nothing to say here", self.0.kind()));
                Err(Fault { help: Some("write `{}`".into()), ..fault.or_at(self.0.at) })
            }
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'a>(std::slice::Iter<'a, Node>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Fault;
    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.0.next().map(|item| seed.deserialize(Reader(item)).map_err(|fault| fault.or_at(item.at))).transpose()
    }
}

struct Keys<'a> {
    entries: btree_map::Iter<'a, String, Entry>,
    next: Option<&'a Entry>,
}

impl<'a> MapAccess<'a> for Keys<'a> {
    type Error = Fault;
    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, entry)) = self.entries.next() else { return Ok(None) };
        self.next = Some(entry);
        seed.deserialize(StrDeserializer::new(key)).map(Some).map_err(|fault: Fault| fault.or_at(entry.key))
    }
    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.next.take() else { return Err(Fault::custom("a value without a key")) };
        seed.deserialize(Reader(&entry.node)).map_err(|fault| fault.or_at(entry.node.at))
    }
}

struct Variant<'a> {
    word: &'a str,
    at: At,
    value: Option<&'a Node>,
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Fault;
    type Variant = Variant<'a>;
    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Variant<'a>), Fault> {
        let word = seed.deserialize(StrDeserializer::new(self.word)).map_err(|fault: Fault| fault.or_at(self.at))?;
        Ok((word, self))
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Fault;
    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            None => Ok(()),
            Some(node) => serde::Deserialize::deserialize(Reader(node)),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Fault> {
        match self.value {
            Some(node) => seed.deserialize(Reader(node)).map_err(|fault| fault.or_at(node.at)),
            None => Err(Fault {
                at: Some(self.at),
                message: format!("`{}` needs a value", self.word),
                help: Some(format!("write `{{ {} = … }}`", self.word)),
            }),
        }
    }
    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.newtype_variant_seed(Whole(visitor))
    }
    fn struct_variant<V: Visitor<'a>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.newtype_variant_seed(Whole(visitor))
    }
}

/// Hands a whole node to a visitor.
struct Whole<V>(V);

impl<'a, V: Visitor<'a>> DeserializeSeed<'a> for Whole<V> {
    type Value = V::Value;
    fn deserialize<D: Deserializer<'a>>(self, reader: D) -> Result<V::Value, D::Error> {
        reader.deserialize_any(self.0)
    }
}
