//! The file with which `fedsim up --keep` brings a world back.

use super::folder::Folder;
use crate::lasting::Lasting;
use crate::world::Running;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;

const FILE: &str = "kept.json";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    /// The world's name: a directory keeps one.
    name: String,
    seed: u64,
    world: Lasting,
}

/// Writes what a world would need to go on, as often as that changes.
pub(super) struct Keeper {
    name: String,
    seed: u64,
    last: String,
}

impl Keeper {
    /// With what the earlier run of the same world left here, if there was one.
    pub(super) fn open(folder: &Folder, name: &str, seed: u64) -> Result<(Keeper, Option<Lasting>), String> {
        let path = folder.path().join(FILE);
        let keeper = Keeper { name: name.into(), seed, last: String::new() };
        let shown = path.display();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok((keeper, None)),
            Err(e) => return Err(format!("cannot read `{shown}`: {e}")),
        };
        let version = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|v| v.get("version")?.as_u64());
        if version.is_some_and(|version| version != u64::from(VERSION)) {
            return Err(format!("`{shown}` was written by another version of fedsim; name a new directory"));
        }
        let file: File = serde_json::from_str(&text)
            .map_err(|e| format!("`{shown}` is damaged: {e}\n  name a new directory, or remove this one"))?;
        if file.name != name || file.seed != seed {
            let dir = folder.path().display();
            return Err(format!(
                "`{dir}` keeps the world `{}` of seed {}, not `{name}` of seed {seed}\n  name another directory",
                file.name, file.seed
            ));
        }
        Ok((keeper, Some(file.world)))
    }

    /// Whether anything was written, or why it could not be.
    pub(super) fn keep(&mut self, running: &Running, folder: &Folder) -> Result<bool, String> {
        let file = File { version: VERSION, name: self.name.clone(), seed: self.seed, world: running.remember() };
        let text = serde_json::to_string(&file).map_err(|e| e.to_string())?;
        if text == self.last {
            return Ok(false);
        }
        folder.write_private(FILE, &text)?;
        self.last = text;
        Ok(true)
    }
}
