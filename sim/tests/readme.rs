//! The README tells the truth: its commands run, its recorded output is what they print, its scenario is the file it says.

use std::process::Command;

const README: &str = include_str!("../../README.md");

/// The blocks of a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let open = format!("```{language}\n");
    README.split(&open).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

fn fedsim(words: &str, home: &std::path::Path) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fedsim"));
    let output = command.args(words.split_whitespace()).current_dir(home).output().expect("fedsim runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `cargo run -- ARGS  # why` lines of the README.
fn commands() -> Vec<&'static str> {
    let lines = blocks("sh").into_iter().flat_map(str::lines);
    lines.filter_map(|l| l.strip_prefix("cargo run -- ")).map(|l| l.split('#').next().unwrap_or(l).trim()).collect()
}

/// Whether `text` reads as `shown`, where a line `…` stands for any lines, and `…` in a line for any text.
fn matches(shown: &[&str], text: &[&str]) -> bool {
    match (shown, text) {
        ([], []) => true,
        (["…", rest @ ..], _) => (0..=text.len()).any(|skip| matches(rest, &text[skip..])),
        ([line, rest @ ..], [told, more @ ..]) => fits(line, told.trim_end()) && matches(rest, more),
        _ => false,
    }
}

fn fits(shown: &str, told: &str) -> bool {
    match shown.split_once('…') {
        None => shown == told,
        Some((before, after)) => {
            told.strip_prefix(before).is_some_and(|rest| rest.char_indices().any(|(i, _)| fits(after, &rest[i..])))
        }
    }
}

#[test]
fn the_recorded_output_is_what_the_first_command_prints() {
    let home = tempfile::tempdir().expect("a directory");
    let first = commands()[0];
    assert_eq!(first, "run");
    let (code, told) = fedsim(first, home.path());
    assert_eq!(code, Some(0));
    let shown: Vec<&str> = blocks("text")[0].lines().collect();
    let told: Vec<&str> = told.lines().collect();
    assert!(matches(&shown, &told), "README shows\n{}\nbut it prints\n{}", shown.join("\n"), told.join("\n"));
}

#[test]
fn every_command_runs() {
    let home = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(home.path().join("docs")).expect("makes a directory");
    std::fs::write(home.path().join("docs/my-design.toml"), blocks("toml")[0]).expect("writes");
    let commands = commands();
    assert!(commands.len() >= 7, "{commands:?}");
    for words in commands.into_iter().filter(|w| !w.starts_with("up")) {
        let (code, told) = fedsim(words, home.path());
        assert_eq!(code, Some(0), "{words}: {told}");
        assert!(!told.is_empty(), "{words}");
    }
    let own: Vec<&str> = README.split("`cargo run -- ").skip(1).filter_map(|r| r.split('`').next()).collect();
    // What `up` starts ends with Ctrl-C only; tests/up.rs walks it.
    for words in own.into_iter().filter(|words| !words.starts_with("up")) {
        assert_eq!(fedsim(words, home.path()).0, Some(0), "{words}");
    }
}

#[test]
fn the_scenario_is_the_one_of_the_documentation() {
    assert_eq!(blocks("toml")[0], include_str!("../../docs/my-design.toml"));
}

#[test]
fn elisions() {
    let told = ["a", "b 12 c", "d"];
    for (shown, wanted) in [
        (&["…"][..], true),
        (&["a", "…"], true),
        (&["a", "b … c", "d"], true),
        (&["…", "d"], true),
        (&["a", "d"], false),
        (&["b … c", "…"], false),
        (&["a", "b … x", "…"], false),
    ] {
        assert_eq!(matches(shown, &told), wanted, "{shown:?}");
    }
}
