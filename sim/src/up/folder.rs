//! The directory that a world is written to. It is this world's alone while it runs, and nothing in it that somebody else
//! has put there is touched.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

/// The file that says whose directory it is; below its first line, what was written there.
const MARKER: &str = "fedsim-up";
const MARKED: &str = "fedsim up, version 1";
/// What the scripts write beside what we write.
const BY_SCRIPTS: [&str; 4] = ["cookies", "page.html", "page.old", "url"];

/// Where certificates and keys are written.
pub(crate) struct Folder {
    path: PathBuf,
    /// Ours, for this run only.
    fresh: bool,
    /// Held while the world runs.
    lock: File,
    written: RefCell<BTreeSet<String>>,
}

impl Folder {
    /// `given`, or a new one that goes with the world. What an earlier world left in it goes first, unless it `stays`.
    pub(crate) fn make(given: Option<&Path>, stays: bool) -> Result<Folder, String> {
        let cannot = |path: &Path, e: std::io::Error| format!("cannot make the directory `{}`: {e}", path.display());
        let (path, fresh) = match given {
            Some(path) => {
                std::fs::create_dir_all(path).map_err(|e| cannot(path, e))?;
                (path.canonicalize().map_err(|e| cannot(path, e))?, false)
            }
            None => (fresh_dir()?, true),
        };
        let (lock, earlier) = claim(&path)?;
        if !stays && earlier.contains(super::kept::FILE) {
            let at = path.display();
            return Err(format!(
                "`{at}` holds a world that is kept; go on with it by `--keep`, or name another directory"
            ));
        }
        let folder = Folder { path, fresh, lock, written: RefCell::default() };
        if stays {
            folder.written.borrow_mut().extend(earlier);
        } else {
            folder.forget(&earlier);
            let marker = folder.path.join(MARKER);
            std::fs::write(&marker, format!("{MARKED}\n")).map_err(|e| cannot(&marker, e))?;
        }
        Ok(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that everybody may read, `name` with `/` between directories.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        self.write_with(name, text, 0o644)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write_private(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        self.write_with(name, text, 0o600)
    }

    /// Writes a file that only its owner may read and run.
    pub(crate) fn write_script(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        self.write_with(name, text, 0o700)
    }

    /// A new file in place of one of ours; nobody ever reads half of it.
    fn write_with(&self, name: &str, text: &str, mode: u32) -> Result<PathBuf, String> {
        let path = self.path.join(name);
        let cannot = |e: std::io::Error| format!("cannot write `{}`: {e}", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(cannot)?;
        }
        if !self.written.borrow().contains(name) && path.symlink_metadata().is_ok() {
            return Err(format!("`{}` is there already and not from `fedsim up`; move it away", path.display()));
        }
        // Said first: what is there and not said is taken for somebody else's.
        if self.written.borrow_mut().insert(name.into()) {
            (&self.lock).write_all(format!("{name}\n").as_bytes()).map_err(cannot)?;
        }
        let new = self.path.join(".new");
        let _ = std::fs::remove_file(&new);
        let write = || -> std::io::Result<()> {
            let mut file = open_new(&new, mode)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &path)?;
            // The name, too, is on disk then.
            #[cfg(unix)]
            path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?;
            Ok(())
        };
        write().map_err(cannot)?;
        Ok(path)
    }

    /// Removes what an earlier world wrote, and directories that are empty then.
    fn forget(&self, names: &BTreeSet<String>) {
        let homes: BTreeSet<&Path> = names.iter().filter_map(|n| n.strip_suffix("/curl.conf")).map(Path::new).collect();
        let by_scripts = homes.iter().flat_map(|home| BY_SCRIPTS.map(|name| home.join(name)));
        let all: Vec<PathBuf> = names.iter().map(PathBuf::from).chain(by_scripts).collect();
        let inside = |path: &&PathBuf| path.components().all(|part| matches!(part, Component::Normal(_)));
        let mut parents = BTreeSet::new();
        for name in all.iter().filter(inside) {
            let _ = std::fs::remove_file(self.path.join(name));
            parents.extend(name.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty()).map(Path::to_path_buf));
        }
        // The deepest first; one that still holds something of somebody's stays.
        for parent in parents.iter().rev() {
            let _ = std::fs::remove_dir(self.path.join(parent));
        }
    }

    /// Removes a directory of our own; its keys open nothing any more.
    pub(crate) fn clear(&self) -> &'static str {
        if self.fresh && std::fs::remove_dir_all(&self.path).is_ok() { ", and its keys with it" } else { "" }
    }
}

/// A new directory that only its owner may enter.
fn fresh_dir() -> Result<PathBuf, String> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let mut number = 0u32;
    loop {
        let path = std::env::temp_dir().join(format!("fedsim-up-{}-{number}", std::process::id()));
        match builder.create(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == ErrorKind::AlreadyExists && number < 1000 => number += 1,
            Err(e) => return Err(format!("cannot make the directory `{}`: {e}", path.display())),
        }
    }
}

/// Takes a directory that is empty, or one of an earlier world, for as long as the file is open; says what was written
/// there before.
fn claim(path: &Path) -> Result<(File, BTreeSet<String>), String> {
    let shown = path.display();
    let cannot = |e: std::io::Error| format!("cannot use the directory `{shown}`: {e}");
    let marker = path.join(MARKER);
    if !marker.exists() && std::fs::read_dir(path).map_err(cannot)?.next().is_some() {
        return Err(format!(
            "`{shown}` is not empty and not from `fedsim up`\n  name a new directory, or an empty one"
        ));
    }
    let file = std::fs::OpenOptions::new().read(true).append(true).create(true).open(&marker).map_err(cannot)?;
    lock(&file).map_err(|()| {
        format!("another `fedsim up` is running in `{shown}`\n  end that one, or name another directory")
    })?;
    let text = std::fs::read_to_string(&marker).map_err(cannot)?;
    let mut lines = text.lines();
    match lines.next() {
        None => std::fs::write(&marker, format!("{MARKED}\n")).map_err(cannot)?,
        Some(MARKED) => {}
        Some(_) => return Err(format!("`{shown}` was written by another version of fedsim; name a new directory")),
    }
    Ok((file, lines.map(String::from).collect()))
}

#[cfg(unix)]
fn lock(file: &File) -> Result<(), ()> {
    rustix::fs::flock(file, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(|_| ())
}

#[cfg(not(unix))]
fn lock(_: &File) -> Result<(), ()> {
    Ok(())
}

fn open_new(path: &Path, mode: u32) -> std::io::Result<File> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, mode);
    #[cfg(not(unix))]
    let _ = mode;
    open.open(path)
}

/// A name that stays in its directory.
pub(crate) fn file_name(name: &str) -> Result<&str, String> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(part)), None) if part == name && !name.contains(['\\', '\n']) => Ok(name),
        _ => Err(format!("`{name}` cannot be the name of a directory; rename it in the scenario")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_directories() {
        for good in ["alices-iphone", "Alice's iPhone", "..x"] {
            assert_eq!(file_name(good), Ok(good));
        }
        for bad in ["", ".", "..", "a/b", "/a", "a/", "../a", "a\\b", "a\nb"] {
            assert!(file_name(bad).is_err(), "{bad:?}");
        }
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut all: Vec<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        all.sort();
        all
    }

    #[test]
    fn the_next_world_takes_away_what_the_last_one_wrote_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::make(Some(dir.path()), false).unwrap();
        for name in ["ca.pem", "phone/curl.conf", "phone/mail/key.pem", "tablet/curl.conf"] {
            first.write(name, "1").unwrap();
            first.write(name, "2").expect("our own file is written again");
        }
        for theirs in ["notes.txt", "tablet/notes.txt", "phone/cookies"] {
            std::fs::write(dir.path().join(theirs), "theirs").unwrap();
        }
        assert!(first.write("notes.txt", "").is_err_and(|e| e.contains("not from `fedsim up`")));
        drop(first);
        let kept = Folder::make(Some(dir.path()), true).unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join("ca.pem")).unwrap(), "2");
        kept.write("ca.pem", "3").expect("what an earlier run wrote is ours, too");
        kept.write("kept.json", "{}").unwrap();
        drop(kept);
        // The world that is kept there would not come up without it.
        assert!(Folder::make(Some(dir.path()), false).is_err_and(|e| e.contains("is kept")));
        assert_eq!(std::fs::read_to_string(dir.path().join("kept.json")).unwrap(), "{}");
        let marker = dir.path().join(MARKER);
        let listed = std::fs::read_to_string(&marker).unwrap().replace("kept.json\n", "");
        std::fs::write(&marker, listed).unwrap();
        std::fs::remove_file(dir.path().join("kept.json")).unwrap();
        let second = Folder::make(Some(dir.path()), false).unwrap();
        assert_eq!(names(dir.path()), [MARKER, "notes.txt", "tablet"], "cookies are the scripts'");
        assert_eq!(names(&dir.path().join("tablet")), ["notes.txt"]);
        assert_eq!(second.clear(), "", "a directory that was given stays");
        assert!(dir.path().exists());
    }

    #[test]
    fn a_directory_of_somebody_else_is_left_alone_and_so_is_one_in_use() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        let refused = Folder::make(Some(dir.path()), false).map(|_| ()).unwrap_err();
        assert!(refused.contains("is not empty and not from `fedsim up`"), "{refused}");
        assert_eq!(names(dir.path()), ["thesis.txt"]);
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::make(Some(dir.path()), false).unwrap();
        first.write("ca.pem", "first").unwrap();
        let refused = Folder::make(Some(dir.path()), false).map(|_| ()).unwrap_err();
        assert!(refused.contains("another `fedsim up` is running"), "{refused}");
        assert_eq!(std::fs::read_to_string(dir.path().join("ca.pem")).unwrap(), "first");
        std::fs::write(dir.path().join(MARKER), "fedsim up, version 9\n").unwrap();
        drop(first);
        assert!(Folder::make(Some(dir.path()), false).is_err_and(|e| e.contains("another version")));
        let file = dir.path().join("ca.pem");
        assert!(Folder::make(Some(&file), false).is_err_and(|e| e.contains("cannot make the directory")));
    }
}
