//! Judgement of UEM: pure, total, without a clock. Everything else gathers and renders.

pub mod compliance;
pub mod enrolment;
