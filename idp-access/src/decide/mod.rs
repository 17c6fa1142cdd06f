//! Decision cores: pure, total, silent about how facts were gathered.

pub mod adapter;
pub mod adapter_groups;
pub mod chain;
pub mod compliance;
pub mod device_types;
pub mod oauth;
pub mod person;
pub mod policy;
pub mod posture;
pub mod scim;
pub mod signature;
pub mod statement;
mod words;
