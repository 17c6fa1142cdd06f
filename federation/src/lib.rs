//! The vocabulary of the federation: people, devices, tenant settings, decisions, events, outcomes
//! and the port through which a party meets the world.
//!
//! This crate describes; it decides nothing. It reads no clock, no file, no socket and no entropy.

pub mod aging;
pub mod decision;
pub mod device;
pub mod event;
pub mod outcome;
pub mod party;
pub mod tenant;
pub mod time;
pub mod world;

pub use decision::{Decision, Finding, Silent, Why};
pub use device::{Client, DeviceKind, Platform};
pub use event::{Event, EventKind};
pub use outcome::{DeviceContext, Outcome};
pub use party::{CallError, Change, Fut, Outside, Party, Peer, Request, Response, StoreError};
pub use time::Time;
pub use world::World;
