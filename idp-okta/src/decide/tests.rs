//! Decision cases as data.
