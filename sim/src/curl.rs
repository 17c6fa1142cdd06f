//! The directory that `fedsim up` writes for curl: a configuration per device (authority, hosts, user agent, certificate,
//! cookies), and two small scripts that follow redirects and submit forms as a browser does.

use crate::device::{self, Handset};
use crate::net::Listening;
use crate::world::Running;
use base64::Engine as _;
use federation::Client;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

/// Opens an address. What it prints ends with the next step.
const OPEN: &str = r#"#!/bin/sh
# ./open DEVICE URL: opens an address as the device's browser does, redirects and all.
cd "$(dirname "$0")" || exit 2
[ -f "$1/curl.conf" ] && [ -n "$2" ] || { echo "usage: ./open DEVICE URL" >&2; exit 2; }
curl --config "$1/curl.conf" "$2" > "$1/url" && ./show "$1"
"#;

/// Submits the form of the page that is open.
const SUBMIT: &str = r#"#!/bin/sh
# ./submit DEVICE [NAME=VALUE...]: submits the form of the page that is open, its hidden fields with what you type.
cd "$(dirname "$0")" || exit 2
device=$1
[ -f "$device/page.html" ] || { echo "usage: ./submit DEVICE [NAME=VALUE...], after ./open" >&2; exit 2; }
shift
plain() { sed "s/&quot;/\"/g; s/&#39;/'/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g"; }
html=$(tr '\n' ' ' < "$device/page.html")
action=$(printf '%s' "$html" | sed -n 's/.*<form[^>]* action="\([^"]*\)".*/\1/p' | plain)
[ -n "$action" ] || { echo "the page has no form; ./open goes on" >&2; exit 1; }
case $action in
    /*) action=$(sed 's|^\(https://[^/]*\).*|\1|' "$device/url")$action ;;
esac
for typed; do
    shift
    set -- "$@" --data-urlencode "$typed"
done
hidden=$(printf '%s' "$html" | grep -o '<input type="hidden"[^>]*>')
while read -r input; do
    name=$(printf '%s' "$input" | sed -n 's/.* name="\([^"]*\)".*/\1/p' | plain)
    value=$(printf '%s' "$input" | sed -n 's/.* value="\([^"]*\)".*/\1/p' | plain)
    [ -n "$name" ] && set -- "$@" --data-urlencode "$name=$value"
done <<END
$hidden
END
curl --config "$device/curl.conf" "$@" "$action" > "$device/url.new" && mv "$device/url.new" "$device/url" && ./show "$device"
"#;

/// Tells the page that is open.
const SHOW: &str = r#"#!/bin/sh
# ./show DEVICE: tells the page that is open, and what a person would do next.
cd "$(dirname "$0")" || exit 2
html=$(tr '\n' ' ' < "$1/page.html")
cut -c1-80 "$1/url"
printf '%s\n' "$html" | sed 's/<script[^>]*>[^<]*<\/script>//g; s/.*<main data-page="\([^"]*\)"[^>]*>/\1: /; s/<[^>]*>/ /g; s/  */ /g'
case $html in
    *data-auto=*) echo "A browser submits this page at once: ./submit $1" ;;
    *'<form'*) echo "Answer it: ./submit $1 $(printf '%s' "$html" | grep -o '<input [^>]*>' | grep -v hidden |
        sed 's/.*name="\([^"]*\)".*/\1=.../' | tr '\n' ' ')" ;;
esac
"#;

/// Where certificates and keys are written.
pub(crate) enum Folder {
    Given(PathBuf),
    /// Ours, for this run only.
    Fresh(PathBuf),
}

impl Folder {
    pub(crate) fn make(given: Option<&Path>) -> Result<Folder, String> {
        let cannot = |path: &Path, e: std::io::Error| format!("cannot make the directory `{}`: {e}", path.display());
        if let Some(path) = given {
            std::fs::create_dir_all(path).map_err(|e| cannot(path, e))?;
            return path.canonicalize().map(Folder::Given).map_err(|e| cannot(path, e));
        }
        let mut number = 0u32;
        loop {
            let path = std::env::temp_dir().join(format!("fedsim-up-{}-{number}", std::process::id()));
            match private_dir(&path) {
                Ok(()) => return Ok(Folder::Fresh(path)),
                Err(e) if e.kind() == ErrorKind::AlreadyExists && number < 1000 => number += 1,
                Err(e) => return Err(cannot(&path, e)),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Folder::Given(path) | Folder::Fresh(path) => path,
        }
    }

    /// Removes a directory of our own; its keys open nothing any more.
    pub(crate) fn clear(&self) -> &'static str {
        match self {
            Folder::Fresh(path) if std::fs::remove_dir_all(path).is_ok() => ", and its keys with it",
            _ => "",
        }
    }
}

/// A new directory that only its owner may enter.
fn private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes a new file that only its owner may read, or run; an older one of that name goes first.
fn write_private(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, mode);
    #[cfg(not(unix))]
    let _ = mode;
    open.open(path)?.write_all(text.as_bytes())
}

/// `ca.pem`, the scripts, and per device `curl.conf` and `PROFILE/{key,cert}.pem`.
pub(crate) fn write_files(running: &Running, folder: &Path) -> Result<(), String> {
    let cannot = |path: &Path| {
        let path = path.display().to_string();
        move |e: std::io::Error| format!("cannot write `{path}`: {e}")
    };
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, certificate_pem(&running.net.authority().certificate)).map_err(cannot(&ca))?;
    for (name, text) in [("open", OPEN), ("submit", SUBMIT), ("show", SHOW)] {
        let path = folder.join(name);
        write_private(&path, text, 0o700).map_err(cannot(&path))?;
    }
    let hosts = running.net.ports();
    for (device, handset) in &running.handsets {
        let home = folder.join(file_name(device)?);
        std::fs::create_dir_all(&home).map_err(cannot(&home))?;
        let mut keys = Vec::new();
        for (profile, pems) in handset.pems() {
            let place = home.join(file_name(&profile)?);
            std::fs::create_dir_all(&place).map_err(cannot(&place))?;
            let (key, certificate) = (place.join("key.pem"), place.join("cert.pem"));
            write_private(&key, &pems.key, 0o600).map_err(cannot(&key))?;
            std::fs::write(&certificate, &pems.certificate).map_err(cannot(&certificate))?;
            keys.push((certificate, key));
        }
        let conf = home.join("curl.conf");
        std::fs::write(&conf, curl_conf(&ca, &hosts, handset, &home, &keys)).map_err(cannot(&conf))?;
    }
    Ok(())
}

/// A name that stays in its directory.
fn file_name(name: &str) -> Result<&str, String> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(part)), None) if part == name && !name.contains('\\') => Ok(name),
        _ => Err(format!("`{name}` cannot be the name of a directory; rename it in the scenario")),
    }
}

fn certificate_pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out + "-----END CERTIFICATE-----\n"
}

/// All that makes curl the browser of a device. curl shows one certificate, whatever the server hints at: the first
/// profile's; the others stand by.
fn curl_conf(ca: &Path, hosts: &[Listening], handset: &Handset, home: &Path, keys: &[(PathBuf, PathBuf)]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let path = |path: &Path| quoted(&path.to_string_lossy());
    let mut out = String::from("silent\nshow-error\nlocation\n");
    let _ = writeln!(out, "cacert = {}", path(ca));
    let _ = writeln!(out, "user-agent = {}", quoted(&device::user_agent(handset.device.kind, Client::Browser)));
    for file in ["cookie", "cookie-jar"] {
        let _ = writeln!(out, "{file} = {}", path(&home.join("cookies")));
    }
    let _ = writeln!(out, "output = {}\nwrite-out = \"%{{url_effective}}\\n\"", path(&home.join("page.html")));
    for Listening { host, port, .. } in hosts {
        let _ = writeln!(out, "connect-to = {}", quoted(&format!("{host}:443:127.0.0.1:{port}")));
    }
    for (index, (certificate, key)) in keys.iter().enumerate() {
        let mark = if index == 0 { "" } else { "# " };
        let _ = writeln!(out, "{mark}cert = {}\n{mark}key = {}", path(certificate), path(key));
    }
    out
}

/// A word for a POSIX shell.
pub(crate) fn quote(text: &str) -> String {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:@=+".contains(c)) && !text.is_empty() {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell() {
        let rows = [("a/b.pem", "a/b.pem"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$(x)", "'$(x)'")];
        for (given, wanted) in rows {
            assert_eq!(quote(given), wanted);
        }
    }

    #[test]
    fn names_of_directories() {
        for good in ["alices-iphone", "Alice's iPhone", "..x"] {
            assert_eq!(file_name(good), Ok(good));
        }
        for bad in ["", ".", "..", "a/b", "/a", "a/", "../a", "a\\b"] {
            assert!(file_name(bad).is_err(), "{bad:?}");
        }
    }
}
