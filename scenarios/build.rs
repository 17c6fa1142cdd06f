//! Lists the files of `baselines/` and `catalogue/`, sorted, so that the crate embeds them.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let mut source = String::new();
    for (constant, folder) in [("BASELINES", "baselines"), ("CATALOGUE", "catalogue")] {
        println!("cargo:rerun-if-changed={folder}");
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files)?;
        files.sort();
        writeln!(source, "const {constant}: &[(&str, &str)] = &[")?;
        for file in files {
            println!("cargo:rerun-if-changed={}", file.display());
            // As a person in the checkout opens it.
            let name = format!("scenarios/{}", file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/"));
            writeln!(source, "    ({name:?}, include_str!({:?})),", file.to_string_lossy())?;
        }
        writeln!(source, "];")?;
    }
    fs::write(PathBuf::from(std::env::var("OUT_DIR")?).join("embedded.rs"), source)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    Ok(())
}
