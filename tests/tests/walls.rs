//! Who may import whom: `cargo metadata` against the table of ARCHITECTURE.md.

use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use std::collections::BTreeSet;

const OURS: &[&str] = &[
    "federation",
    "wire",
    "attacks",
    "idp-okta",
    "idp-access",
    "uem-mock",
    "scenarios",
    "oracle",
    "fedsim",
    "fedsim-tests",
];

/// Room, and the rooms it may know.
const ROOMS: &[(&str, &[&str])] = &[
    ("federation", &[]),
    ("wire", &["federation"]),
    ("attacks", &["federation", "wire"]),
    ("idp-okta", &["federation", "wire"]),
    ("idp-access", &["federation", "wire"]),
    ("uem-mock", &["federation", "wire"]),
    ("scenarios", &["federation"]),
    ("oracle", &["federation", "scenarios"]),
    ("fedsim", &["federation", "wire", "attacks", "idp-okta", "idp-access", "uem-mock", "scenarios"]),
    ("fedsim-tests", &["fedsim", "oracle", "scenarios", "federation", "wire", "attacks"]),
];

/// Crates that nothing below sim may depend on directly, and who is excepted.
const HEAVY: &[(&str, &[&str])] = &[
    ("tokio", &["fedsim"]),
    ("hyper", &["fedsim"]),
    ("rustls", &["fedsim"]),
    ("sled", &["fedsim"]),
    ("rand", &[]),
    ("rcgen", &["fedsim", "uem-mock"]),
    ("samael", &["wire"]),
    ("bergshamra", &["wire", "attacks"]),
    ("proptest", &["fedsim-tests"]),
];

/// The user's packages: each is a direct dependency somewhere and named in that room's source.
const IN_USE: &[(&str, &str)] = &[
    ("tokio", "sim/src"),
    ("hyper", "sim/src"),
    ("samael", "federation/wire/src"),
    ("rcgen", "sim/src"),
    ("rustls", "sim/src"),
    ("sled", "sim/src"),
    ("serde", "federation/src"),
];

fn packages() -> Vec<Package> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata answers");
    metadata.packages
}

fn direct(package: &Package) -> BTreeSet<String> {
    package.dependencies.iter().filter(|d| d.kind == DependencyKind::Normal).map(|d| d.name.clone()).collect()
}

#[test]
fn every_room_keeps_to_its_walls() {
    let packages = packages();
    assert_eq!(packages.len(), ROOMS.len(), "a room without a row");
    for package in &packages {
        let name = package.name.to_string();
        let (_, allowed) = ROOMS.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("`{name}` has no row"));
        for dependency in direct(package) {
            if OURS.contains(&dependency.as_str()) {
                assert!(allowed.contains(&dependency.as_str()), "`{name}` must not know `{dependency}`");
            }
            if let Some((_, excepted)) = HEAVY.iter().find(|(n, _)| *n == dependency) {
                assert!(excepted.contains(&name.as_str()), "`{name}` must not depend on `{dependency}`");
            }
        }
    }
}

#[test]
fn the_named_packages_are_really_in_use() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (package, room) in IN_USE {
        let used = std::fs::read_dir(root.join(room)).expect("the room is there").flatten().any(|entry| {
            std::fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(&format!("{package}::")))
        });
        assert!(used, "`{package}` is not used in {room}");
    }
}
