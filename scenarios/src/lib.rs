//! The scenario language and the catalogue of lessons.
//!
//! This crate reads scenario files, merges them with their baselines, checks names, and says at which
//! line of which file something is wrong. It runs nothing and judges nothing.
//!
//! `docs/scenarios.md` is the reference of the language. In short:
//!
//! ```toml
//! name     = "managed-gets-in"            # the file's stem
//! teaches  = ["m2-per-app"]               # ids of requirements.toml
//! baseline = "device-trust-mobile"        # below stands only what differs
//! story    = '''What a stranger learns.'''
//!
//! [[change]]                              # before the first step
//! at  = "access.policies.default.rules.ios"
//! set = { authenticate = [["mobile-sso-ios", "device-compliance"]] }
//!
//! [[step]]                                # exactly one action, see `Action`; `expect` see `Expect`
//! sign_in = { who = "alice", on = "alices-iphone", app = "salesforce" }
//! expect  = { outcome = "granted", by = "salesforce" }
//!
//! [[try]]                                 # the same steps in a changed world
//! label  = "one line changed"
//! change = [{ at = "okta.device_trust.ios.enabled", set = false }]
//! expect = { outcome = "denied" }
//! ```
//!
//! Loading a file ([`load_file`], [`load_str`]) gives a [`Scenario`]; its [`Scenario::cases`] are what is run: the
//! scenario itself, or each cell of its `[matrix]`, each with its tries.

mod action;
mod catalogue;
mod check;
mod check_provisioning;
mod check_step;
mod de;
mod diagnostic;
mod expect;
mod invariant;
mod known;
#[cfg(test)]
mod language_tests;
mod load;
mod matrix;
mod merge;
#[cfg(test)]
mod mistakes_tests;
mod model;
mod provisioning;
#[cfg(test)]
mod provisioning_tests;
mod requirements;
mod script;
mod syntax;
mod thing;
mod tree;
mod write;

pub use action::{
    Action, BreakHow, Breakage, Change, Enrolment, FactsChange, FactsPatch, FollowLink, Mend, MfaAnswer, Misbehaving,
    Misbehaviour, OnDevice, OnProfile, PasswordEntry, Patch, PlantKind, Planting, SignIn, SignOut, Start, Wait, Wipe,
    WipePhase,
};
pub use catalogue::{baselines, catalogue};
pub use diagnostic::Diagnostic;
pub use expect::{AsWhom, Expect, State, Stated};
pub use invariant::{ComplianceWord, DevicePattern, Holds, Invariant, Pattern, Reach};
pub use load::{load_file, load_invariants, load_str};
pub use model::{Case, Cell, Location, Scenario, SourceMap, Step, Try};
pub use provisioning::{
    Deletion, GroupPush, Membership, NewClient, NewDirectory, NewDirectoryKind, NewGroup, OneGroup, Pasted, Place,
    ProfileChange, Provision, Provisioning, StatusChange, TokenOf, Unlinking, Whom,
};
pub use requirements::{Assumption, Requirement, Requirements, requirements};
pub use thing::Thing;
pub use write::write;
