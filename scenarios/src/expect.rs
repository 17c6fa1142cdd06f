//! What an author expects of a step.

use crate::action::Action;
use federation::{DeviceContext, Outcome};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What should be seen. Absent: not looked at. Lists: each of these occurs, in whatever place.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    pub outcome: Option<Outcome>,
    /// Whose page it ends on: `okta`, `access`, an app's name, or `browser`.
    pub by: Option<String>,
    /// Finding codes, `area/what-happened`; a rule may follow: `sign-on/rule-matched okta.apps.wiki.rules.untrusted`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    #[serde(skip_serializing_if = "AsWhom::is_empty")]
    pub as_whom: AsWhom,
    /// `device.trusted` as the app's assertion states it.
    pub device_trusted: Option<DeviceContext>,
    /// Text on the last page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub page_contains: Vec<String>,
    /// Flags of SAML messages of this step, such as `ForceAuthn=true`; a leading `!` says that none has it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// Event types of the vendors' own logs, a result may follow: `user.session.start SUCCESS`; a leading `!` says that
    /// there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// The state of things after the step, as their parties hold it.
    #[serde(skip_serializing_if = "State::is_empty")]
    pub state: State,
}

impl Expect {
    /// Every key.
    pub const KEYS: [&'static str; 9] =
        ["outcome", "by", "because", "as_whom", "device_trusted", "page_contains", "flags", "log", "state"];

    /// The keys that mean something after `action`: a page, an outcome and SAML messages come of sign-ins only.
    pub fn keys_after(action: &Action) -> &'static [&'static str] {
        match action {
            Action::SignIn(_) => &Expect::KEYS,
            _ => &["because", "log", "state"],
        }
    }

    /// Says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Expect::default()
    }
}

/// Login with a live session in the end; an empty text says that nobody has one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AsWhom {
    pub okta: Option<String>,
    pub access: Option<String>,
    pub app: Option<String>,
}

impl AsWhom {
    fn is_empty(&self) -> bool {
        *self == AsWhom::default()
    }
}

/// Paths of things, each with what is expected there; written as dotted keys, quoted or not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct State(pub BTreeMap<String, Stated>);

impl State {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The state of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Stated {
    Word(String),
    /// In whatever order.
    Names(Vec<String>),
}

impl fmt::Display for Stated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stated::Word(word) => f.write_str(word),
            Stated::Names(names) => write!(f, "[{}]", names.join(", ")),
        }
    }
}

/// A word, some names, or a table of further paths.
enum Branch {
    Leaf(Stated),
    Further(BTreeMap<String, Branch>),
}

impl<'de> Deserialize<'de> for Branch {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Branch, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Branch;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of names")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Branch, E> {
                Ok(Branch::Leaf(Stated::Word(word.into())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Branch, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element::<String>()? {
                    names.push(name);
                }
                names.sort();
                Ok(Branch::Leaf(Stated::Names(names)))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Branch, A::Error> {
                let mut further = BTreeMap::new();
                while let Some((key, branch)) = map.next_entry::<String, Branch>()? {
                    further.insert(key, branch);
                }
                Ok(Branch::Further(further))
            }
        }
        reader.deserialize_any(Reads)
    }
}

impl<'de> Deserialize<'de> for State {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<State, D::Error> {
        fn walk(path: &str, branch: Branch, found: &mut BTreeMap<String, Stated>) {
            match branch {
                Branch::Leaf(stated) => {
                    found.insert(path.into(), stated);
                }
                Branch::Further(further) => {
                    further.into_iter().for_each(|(key, branch)| walk(&format!("{path}.{key}"), branch, found));
                }
            }
        }
        let mut found = BTreeMap::new();
        for (key, branch) in BTreeMap::<String, Branch>::deserialize(reader)? {
            walk(&key, branch, &mut found);
        }
        Ok(State(found))
    }
}
