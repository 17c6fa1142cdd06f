//! A decision is a verdict and the findings that made it.
//!
//! Decision functions take `why: &mut impl Why` and hand it findings as closures: a run keeps them,
//! the exhaustive analysis passes [`Silent`] and pays nothing.

use serde::Serialize;
use std::fmt;

/// One reason, as data: a stable code, the rule or setting it comes from, what was seen and what was wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// `area/what-happened`, e.g. `force-authn/method-not-supported`; listed in `docs/findings.md`.
    pub code: &'static str,
    /// Path of the setting behind it, e.g. `access.policies.default.rules.ios`; empty where no setting is.
    pub rule: String,
    pub saw: String,
    pub wanted: String,
}

impl Finding {
    pub fn new(code: &'static str) -> Finding {
        Finding { code, rule: String::new(), saw: String::new(), wanted: String::new() }
    }
    pub fn rule(mut self, rule: impl Into<String>) -> Finding {
        self.rule = rule.into();
        self
    }
    pub fn saw(mut self, saw: impl Into<String>) -> Finding {
        self.saw = saw.into();
        self
    }
    pub fn wanted(mut self, wanted: impl Into<String>) -> Finding {
        self.wanted = wanted.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if !self.rule.is_empty() {
            write!(f, " at {}", self.rule)?;
        }
        if !self.saw.is_empty() {
            write!(f, ", saw {}", self.saw)?;
        }
        if !self.wanted.is_empty() {
            write!(f, ", wanted {}", self.wanted)?;
        }
        Ok(())
    }
}

/// Where a decision leaves its reasons.
pub trait Why {
    /// Whether what is noted is kept at all; what keeps nothing may be answered from memory.
    const KEEPS: bool = true;
    fn note(&mut self, finding: impl FnOnce() -> Finding);
}

/// Keeps nothing; for callers that need the verdict alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Why for Silent {
    const KEEPS: bool = false;
    #[inline]
    fn note(&mut self, _: impl FnOnce() -> Finding) {}
}

impl<W: Why> Why for &mut W {
    const KEEPS: bool = W::KEEPS;
    #[inline]
    fn note(&mut self, finding: impl FnOnce() -> Finding) {
        (**self).note(finding);
    }
}

impl Why for Vec<Finding> {
    fn note(&mut self, finding: impl FnOnce() -> Finding) {
        self.push(finding());
    }
}

/// A verdict with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision<V> {
    pub verdict: V,
    pub because: Vec<Finding>,
}

impl<V> Decision<V> {
    /// Runs a decision function and keeps its findings.
    pub fn of(decide: impl FnOnce(&mut Vec<Finding>) -> V) -> Decision<V> {
        let mut because = Vec::new();
        let verdict = decide(&mut because);
        Decision { verdict, because }
    }
}
