//! Puts every mutant into one copy of the tree, builds it once, and asks of each whether the oracle sees it.
//!
//! `cargo run -p fedsim-tests --bin mutants [ID-PART…]`: only mutants whose id or requirement contains a part.

use fedsim_tests::mutants::{self, MODULE, Mutant, SWITCH};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Judges at once.
const AT_ONCE: usize = 2;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("mutants: {e}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let parts: Vec<String> = std::env::args().skip(1).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().map_err(|e| e.to_string())?;
    let all = mutants::all()?;
    let judge = build(&root, &all)?;
    let plain = Command::new(&judge).output().map_err(|e| e.to_string())?;
    println!("no mutant: {}", words(&plain));
    if !plain.status.success() {
        return Err("oracle and simulator disagree without any mutant".into());
    }
    let named = |m: &&Mutant| parts.is_empty() || parts.iter().any(|p| m.id.contains(p) || m.requirement.contains(p));
    let chosen: Vec<&Mutant> = all.iter().filter(named).collect();
    let (next, unseen) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(mutant) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if !seen(&judge, mutant) {
                        unseen.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let unseen = unseen.into_inner();
    println!("{} mutants, {unseen} not seen by the oracle", chosen.len());
    Ok(unseen == 0)
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_string()
}

/// Exit code 1 is a disagreement; a crash of the judge is none.
fn seen(judge: &Path, mutant: &Mutant) -> bool {
    let (id, requirement) = (&mutant.id, &mutant.requirement);
    match Command::new(judge).arg(requirement).env(SWITCH, id).output() {
        Ok(output) if output.status.code() == Some(1) => {
            println!("seen     {id} ({requirement}): {}", words(&output));
            true
        }
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_string();
            println!("NOT SEEN {id} ({requirement}, {}): {} {told}", output.status, words(&output));
            false
        }
        Err(e) => {
            println!("NOT SEEN {id} ({requirement}): {e}");
            false
        }
    }
}

/// The copy, built. It shares the target directory, so that nothing from outside is built again.
fn build(root: &Path, all: &[Mutant]) -> Result<PathBuf, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let tree = target.join("mutants/tree");
    let mut changed = mutants::schemata(root, all)?;
    let lib = "federation/src/lib.rs".to_string();
    let text = std::fs::read_to_string(root.join(&lib)).map_err(|e| format!("{lib}: {e}"))?;
    changed.insert(lib, format!("{text}\npub mod mutant;\n"));
    changed.insert("federation/src/mutant.rs".into(), MODULE.into());
    // What the switches look like is nobody's concern.
    let workspace = std::fs::read_to_string(root.join("Cargo.toml")).map_err(|e| format!("Cargo.toml: {e}"))?;
    let lints = "[workspace.lints.rust]";
    changed.insert("Cargo.toml".into(), workspace.replace(lints, &format!("{lints}\nwarnings = \"allow\"")));
    let mut kept = BTreeSet::new();
    for file in files(root)?.into_iter().filter(|file| !changed.contains_key(&*file.to_string_lossy())) {
        let bytes = std::fs::read(root.join(&file)).map_err(|e| format!("{}: {e}", file.display()))?;
        put(&tree.join(&file), &bytes)?;
        kept.insert(file);
    }
    for (file, text) in changed {
        put(&tree.join(&file), text.as_bytes())?;
        kept.insert(file.into());
    }
    for gone in files(&tree)?.difference(&kept) {
        std::fs::remove_file(tree.join(gone)).map_err(|e| format!("{}: {e}", gone.display()))?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["build", "--quiet", "--locked", "-p", "fedsim-tests", "--bin", "agreement"];
    let built = Command::new(cargo).args(arguments).current_dir(&tree).env("CARGO_TARGET_DIR", &target).status();
    if !built.map_err(|e| e.to_string())?.success() {
        return Err("the copy of the tree does not build".into());
    }
    // Kept apart: a build of the real tree writes to the same name.
    let judge = target.join("mutants/judge");
    std::fs::copy(target.join("debug/agreement"), &judge).map_err(|e| e.to_string())?;
    Ok(judge)
}

/// Leaves a file alone that is the same already: what is built of it stays good.
fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if std::fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(path);
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, bytes));
    written.map_err(|e| format!("{}: {e}", path.display()))
}

/// Files below `root` by relative path, without what is built and what is hidden.
fn files(root: &Path) -> Result<BTreeSet<PathBuf>, String> {
    let (mut found, mut folders) = (BTreeSet::new(), vec![PathBuf::new()]);
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(root.join(&folder)).map_err(|e| format!("{}: {e}", folder.display()))?;
        for entry in entries {
            let entry = entry.map_err(|e| e.to_string())?;
            let name = entry.file_name();
            if name == "target" || name.to_string_lossy().starts_with('.') {
                continue;
            }
            let path = folder.join(name);
            let kind = entry.file_type().map_err(|e| e.to_string())?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                found.insert(path);
            }
        }
    }
    Ok(found)
}
