//! Versions in Cargo.lock against the committed floor, and deny.toml against its reasons.

use std::path::PathBuf;

fn read(path: &str) -> toml::Table {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn tables(of: &toml::Table, name: &str) -> Vec<toml::Table> {
    let list = of.get(name).and_then(|v| v.as_array()).unwrap_or_else(|| panic!("no `{name}`"));
    list.iter().map(|v| v.as_table().expect("a table").clone()).collect()
}

fn text<'a>(of: &'a toml::Table, name: &str) -> &'a str {
    of.get(name).and_then(|v| v.as_str()).unwrap_or_default()
}

fn version(text: &str) -> Vec<u64> {
    text.split(['+', '-']).next().unwrap_or_default().split('.').map(|n| n.parse().expect("a number")).collect()
}

/// The versions of a crate in the lock file that break its row.
fn below(row: &toml::Table, locked: &[(String, String)]) -> Vec<String> {
    let (name, floor, except) = (text(row, "crate"), version(text(row, "at_least")), text(row, "except"));
    let ours = locked.iter().filter(|(n, v)| n == name && v != except);
    ours.filter(|(_, v)| version(v) < floor).map(|(n, v)| format!("{n} {v}")).collect()
}

#[test]
fn every_crate_stands_on_its_floor() {
    let floor = read("docs/advisories.toml");
    let locked: Vec<(String, String)> = tables(&read("Cargo.lock"), "package")
        .iter()
        .map(|p| (text(p, "name").to_string(), text(p, "version").to_string()))
        .collect();
    for row in tables(&floor, "floor") {
        let name = text(&row, "crate");
        assert!(locked.iter().any(|(n, _)| n == name), "`{name}` has left: its row may go");
        assert_eq!(below(&row, &locked), [""; 0], "{row:?}");
        let except = text(&row, "except");
        assert!(
            except.is_empty() || locked.contains(&(name.to_string(), except.to_string())),
            "{name} {except} has left"
        );
        assert_eq!(except.is_empty(), text(&row, "because").is_empty(), "`{name}`: an exception has a reason");
        // The check bites: without the exception, and one version lower.
        let older = vec![(name.to_string(), "0.0.1".to_string())];
        assert_eq!(below(&row, &older).len(), 1, "`{name}`");
    }
    for row in tables(&floor, "unmaintained") {
        assert!(locked.iter().any(|(n, _)| n == text(&row, "crate")), "{row:?} has left");
        assert!(!text(&row, "because").is_empty(), "{row:?}");
    }
}

/// Whatever deny.toml ignores stands in the list above with the same reason in more words.
#[test]
fn exceptions_are_the_same_in_both_places() {
    let list = |of: &toml::Table, name: &str| -> Vec<String> {
        let answers = tables(of, name).into_iter().filter(|r| !text(r, "because").is_empty());
        answers
            .flat_map(|r| r["answers"].as_array().expect("a list").clone())
            .map(|v| v.as_str().expect("an id").to_string())
            .collect()
    };
    let floor = read("docs/advisories.toml");
    let mut expected = [list(&floor, "floor"), list(&floor, "unmaintained")].concat();
    let deny = read("deny.toml");
    let ignored = deny["advisories"]["ignore"].as_array().expect("a list");
    let mut ignored: Vec<String> = ignored
        .iter()
        .map(|v| {
            assert!(v["reason"].as_str().is_some_and(|r| !r.is_empty()), "{v} has no reason");
            v["id"].as_str().expect("an id").to_string()
        })
        .collect();
    expected.sort();
    ignored.sort();
    assert_eq!(ignored, expected);
}
