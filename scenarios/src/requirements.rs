//! `requirements.toml` as data: what the project is for, row by row, and which vendor behaviour is assumed.

use serde::Deserialize;
use std::sync::OnceLock;

const TEXT: &str = include_str!("../requirements.toml");

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Requirements {
    #[serde(rename = "requirement")]
    pub rows: Vec<Requirement>,
    #[serde(rename = "assumption")]
    pub assumptions: Vec<Assumption>,
}

/// A row that lessons teach.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    pub id: String,
    pub text: String,
    /// `card` and `seed` are the user's; `documented`, `inferred` and `unknown` the fact sheets'.
    pub provenance: String,
    /// `family/name` of the catalogue files that show it.
    pub lessons: Vec<String>,
}

/// Vendor behaviour that no document settles; a finding `assumes/ID` says that an outcome rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    pub id: String,
    /// Path of the setting that changes it.
    pub setting: String,
    pub text: String,
    pub provenance: String,
    pub default: String,
    pub alternatives: Vec<String>,
}

impl Requirements {
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.rows.iter().find(|row| row.id == id)
    }
    pub fn assumption(&self, id: &str) -> Option<&Assumption> {
        self.assumptions.iter().find(|row| row.id == id)
    }
}

/// The embedded file; a test holds that it can be read.
pub fn requirements() -> &'static Requirements {
    static READ: OnceLock<Requirements> = OnceLock::new();
    READ.get_or_init(|| toml::from_str(TEXT).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_reads() {
        let read: Requirements = toml::from_str(TEXT).unwrap();
        assert!(read.requirement("m2-exchange").is_some_and(|r| r.provenance == "seed"));
        assert!(read.assumption("subject-hint").is_some_and(|a| a.default == "true"));
        assert_eq!(&read, requirements());
    }
}
