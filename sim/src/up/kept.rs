//! The file with which `fedsim up --keep` brings a world back.

use super::folder::Folder;
use crate::lasting::Lasting;
use crate::world::Running;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::ErrorKind;
use tokio::time::Instant;

pub(super) const FILE: &str = "kept.json";
const VERSION: u32 = 2;
/// So many times as long as a snapshot took, none follows: the log has what happens meanwhile.
const PAUSE: u32 = 10;

/// The first line; the world is the second.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    /// The world's name: a directory keeps one.
    name: String,
    seed: u64,
    /// Of the second line, hexadecimal.
    sha256: String,
}

/// Writes what a world would need to go on, as often as that changes.
pub(super) struct Keeper {
    name: String,
    seed: u64,
    last: String,
    /// When the next snapshot may be taken.
    next: Option<Instant>,
}

impl Keeper {
    /// With what the earlier run of the same world left here, if there was one.
    pub(super) fn open(folder: &Folder, name: &str, seed: u64) -> Result<(Keeper, Option<Lasting>), String> {
        let path = folder.path().join(FILE);
        let keeper = Keeper { name: name.into(), seed, last: String::new(), next: None };
        let shown = path.display();
        let damaged = |why: &str| format!("`{shown}` is damaged: {why}\n  name a new directory, or remove this one");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok((keeper, None)),
            Err(e) => return Err(format!("cannot read `{shown}`: {e}")),
        };
        let text = String::from_utf8(bytes).map_err(|_| damaged("it is no text"))?;
        let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
        let version = serde_json::from_str::<serde_json::Value>(first).ok().and_then(|v| v.get("version")?.as_u64());
        if version.is_some_and(|version| version != u64::from(VERSION)) {
            return Err(format!("`{shown}` was written by another version of fedsim; name a new directory"));
        }
        let head: Head = serde_json::from_str(first).map_err(|e| damaged(&e.to_string()))?;
        if sum(second) != head.sha256 {
            return Err(damaged("its contents are not what was written"));
        }
        if head.name != name || head.seed != seed {
            let dir = folder.path().display();
            return Err(format!(
                "`{dir}` keeps the world `{}` of seed {}, not `{name}` of seed {seed}\n  name another directory",
                head.name, head.seed
            ));
        }
        let world = serde_json::from_str(second).map_err(|e| damaged(&e.to_string()))?;
        Ok((keeper, Some(world)))
    }

    /// Writes a snapshot where that is due and anything has changed; the log may forget what is in it. `false`: later.
    pub(super) async fn keep(&mut self, running: &Running, folder: &Folder) -> Result<bool, String> {
        if self.next.is_some_and(|next| Instant::now() < next) {
            return Ok(false);
        }
        self.finish(running, folder).await.map(|()| true)
    }

    /// The same, whether it is due or not.
    pub(super) async fn finish(&mut self, running: &Running, folder: &Folder) -> Result<(), String> {
        let began = Instant::now();
        let world = running.remember();
        let text = serde_json::to_string(&world).map_err(|e| e.to_string())?;
        if text != self.last {
            // A snapshot is never ahead of the log.
            running.core.settled().await.map_err(|e| e.to_string())?;
            let (version, sha256) = (VERSION, sum(&text));
            let head = Head { version, name: self.name.clone(), seed: self.seed, sha256 };
            let head = serde_json::to_string(&head).map_err(|e| e.to_string())?;
            folder.write_private(FILE, &format!("{head}\n{text}"))?;
            self.last = text;
            if let Some(log) = &running.core.log {
                log.forget(world.committed);
            }
        }
        self.next = Some(began + began.elapsed() * PAUSE);
        Ok(())
    }
}

fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
