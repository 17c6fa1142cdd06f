//! Answers about all situations of a design: the parties' own decision cores, composed without runtime and without bytes.
//!
//! [`model`] compiles settings, [`leaves`] asks the cores, [`sign_in`](mod@sign_in) composes them, [`stage`] plays whole stories.

pub mod agent;
pub mod ask;
mod beyond;
pub mod cache;
pub mod change;
pub mod coverage;
pub mod diff;
pub mod facts;
pub mod leaves;
pub mod lint;
pub mod model;
pub mod rules;
pub mod sign_in;
pub mod space;
pub mod stage;
pub mod walk;
pub mod why;
