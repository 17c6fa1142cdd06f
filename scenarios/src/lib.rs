//! The scenario language and the catalogue of lessons.
//!
//! This crate reads scenario files, merges them with their baselines, checks names, and says at which
//! line of which file something is wrong. It runs nothing and judges nothing.
//!
//! # The language
//!
//! ```toml
//! name     = "managed-gets-in"            # the file's stem
//! teaches  = ["m2-per-app"]               # ids of requirements.toml
//! baseline = "device-trust-mobile"        # below stands only what differs
//! story    = '''What a stranger learns.'''
//!
//! [[change]]                              # before the first step; see `Patch`
//! at  = "access.policies.default.rules.ios"
//! set = { authenticate = [["mobile-sso-ios", "device-compliance"]] }
//!
//! [[step]]                                # exactly one action, see `Action`; `expect` see `Expect`
//! sign_in = { who = "alice", on = "alices-iphone", app = "salesforce" }
//! expect  = { outcome = "granted", by = "okta" }
//!
//! [[try]]                                 # the same steps in a changed world; see `Try`
//! label  = "one line changed"
//! change = [{ at = "okta.device_trust.ios.enabled", set = false }]
//! expect = { outcome = "denied" }
//! ```
//!
//! Settings of [`federation::World`] may also stand in the file itself (`[okta]`, `[[devices]]` …): tables are merged
//! key by key, lists of tables by `name`, everything else replaces what the baseline says.

mod catalogue;
mod check;
mod de;
mod diagnostic;
mod load;
mod merge;
mod model;
mod requirements;
mod tree;

pub use catalogue::{baselines, catalogue};
pub use diagnostic::Diagnostic;
pub use load::{load_file, load_str};
pub use model::{
    Action, AsWhom, BreakHow, Breakage, Case, Change, Enrolment, Expect, FactsChange, FactsPatch, FollowLink, Location,
    MfaAnswer, OnDevice, OnParty, OnProfile, PasswordEntry, Patch, PlantKind, Planting, Scenario, SignIn, SignOut,
    SourceMap, Start, Step, Try, Wait,
};
pub use requirements::{Assumption, Requirement, Requirements, requirements};
