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
    "analysis",
    "oracle",
    "fedsim",
    "fedsim-tests",
    "fedsim-proptest",
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
    ("analysis", &["federation", "idp-okta", "idp-access", "uem-mock", "scenarios"]),
    ("oracle", &["federation", "scenarios"]),
    ("fedsim", &["federation", "wire", "attacks", "idp-okta", "idp-access", "uem-mock", "scenarios", "analysis"]),
    ("fedsim-proptest", &["fedsim", "analysis", "scenarios", "federation"]),
    ("fedsim-tests", &["fedsim", "analysis", "oracle", "scenarios", "federation", "wire", "attacks"]),
];

/// Crates that nothing below sim may depend on directly, and who is excepted.
const HEAVY: &[(&str, &[&str])] = &[
    ("tokio", &["fedsim", "fedsim-tests"]),
    ("hyper", &["fedsim"]),
    ("rustls", &["fedsim", "fedsim-tests"]),
    ("sled", &["fedsim"]),
    ("rand", &[]),
    ("rcgen", &["fedsim", "fedsim-tests", "uem-mock"]),
    ("samael", &["wire"]),
    ("bergshamra", &["wire", "attacks"]),
    ("proptest", &["fedsim-tests", "fedsim-proptest"]),
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
    ("proptest", "tests/src"),
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

/// Every Rust file of a room's sources, with its text.
fn sources(room: &str) -> Vec<(std::path::PathBuf, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut folders, mut found) = (vec![root.join(room)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the room is there").flatten() {
            // What a build left there is nobody's source.
            if entry.file_name() == "target" {
                continue;
            }
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source is text");
                found.push((path, text));
            }
        }
    }
    found
}

#[test]
fn every_source_opens_with_its_map() {
    let rooms =
        ["federation", "attacks", "idp-okta", "idp-access", "uem-mock", "scenarios", "analysis", "sim", "tests"];
    let files = rooms.iter().flat_map(|room| sources(room));
    let bare: Vec<_> = files.filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
    assert!(bare.is_empty(), "without a `//!` map: {bare:#?}");
}

#[test]
fn judgement_reads_no_xml() {
    for room in ["idp-okta/src/decide", "idp-access/src/decide", "uem-mock/src/decide"] {
        for (path, text) in sources(room) {
            let knows =
                ["wire::saml", "wire::redirect", "uppsala", "samael"].into_iter().find(|xml| text.contains(xml));
            assert_eq!(knows, None, "{}", path.display());
        }
    }
}

#[test]
fn what_is_banned_is_banned() {
    let bans = include_str!("../../clippy.toml");
    for banned in ["std::collections::HashMap", "std::time::SystemTime::now", "std::time::Instant::now"] {
        assert!(bans.contains(banned), "clippy.toml does not ban {banned}");
    }
    assert!(include_str!("../../Cargo.toml").contains("unsafe_code = \"forbid\""));
}
