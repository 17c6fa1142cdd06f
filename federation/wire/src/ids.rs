//! Identifiers as Workspace ONE writes them: UUIDs, fresh from random digits or always the same for a name.

use aws_lc_rs::digest;

fn dashed(hex: &str) -> String {
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32))
}

/// From at least 32 random hex digits.
pub fn uuid(random_hex: &str) -> String {
    dashed(random_hex)
}

/// The same for the same name.
pub fn stable_uuid(name: &str) -> String {
    let hash = digest::digest(&digest::SHA256, name.as_bytes());
    dashed(&hash.as_ref()[..16].iter().map(|b| format!("{b:02x}")).collect::<String>())
}
