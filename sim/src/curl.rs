//! The directory that `fedsim up` writes for curl: a configuration per device (authority, hosts, user agent, certificate,
//! cookies), and two small scripts that follow redirects and submit forms as a browser does.

use crate::device::{self, Handset};
use crate::net::Listening;
use crate::up::folder::{Folder, file_name};
use crate::world::Running;
use base64::Engine as _;
use federation::Client;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Opens an address. What it prints ends with the next step.
const OPEN: &str = r#"#!/bin/sh
# ./open DEVICE URL: opens an address as the device's browser does, redirects and all.
cd "$(dirname "$0")" || exit 2
[ -f "$1/curl.conf" ] && [ -n "$2" ] || { echo "usage: ./open DEVICE URL" >&2; exit 2; }
./fetch "$1" "$2" && ./show "$1"
"#;

/// Fetches an answer in place of the page that is open. Without an answer that page stays.
const FETCH: &str = r#"#!/bin/sh
# ./fetch DEVICE CURL-ARGUMENT...: what ./open and ./submit do with curl.
cd "$(dirname "$0")" || exit 2
device=$1
shift
[ -f "$device/page.html" ] && cp "$device/page.html" "$device/page.old"
curl --config "$device/curl.conf" "$@" > "$device/url.new"
code=$?
if [ $code = 0 ]; then
    mv "$device/url.new" "$device/url"
else
    rm -f "$device/url.new" "$device/page.html"
    [ -f "$device/page.old" ] && mv "$device/page.old" "$device/page.html" &&
        echo "no answer; the page before is still open: ./show $device" >&2
fi
rm -f "$device/page.old"
exit $code
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
./fetch "$device" "$@" "$action" && ./show "$device"
"#;

/// Tells the page that is open.
const SHOW: &str = r#"#!/bin/sh
# ./show DEVICE: tells the page that is open, and what a person would do next.
cd "$(dirname "$0")" || exit 2
[ -f "$1/page.html" ] || { echo "usage: ./show DEVICE, after ./open" >&2; exit 2; }
html=$(tr '\n' ' ' < "$1/page.html")
cut -c1-80 "$1/url"
printf '%s\n' "$html" | sed 's/<script[^>]*>[^<]*<\/script>//g; s/.*<main data-page="\([^"]*\)"[^>]*>/\1: /; s/<[^>]*>/ /g; s/  */ /g'
case $html in
    *data-auto=*) echo "A browser submits this page at once: ./submit $1" ;;
    *'<form'*) echo "Answer it: ./submit $1 $(printf '%s' "$html" | grep -o '<input [^>]*>' | grep -v hidden |
        sed 's/.*name="\([^"]*\)".*/\1=.../' | tr '\n' ' ')" ;;
esac
"#;

/// The scripts, and per device `curl.conf` and `PROFILE/{key,cert}.pem`.
pub(crate) fn write_files(running: &Running, folder: &Folder) -> Result<(), String> {
    let ca = folder.write("ca.pem", &certificate_pem(&running.net.authority().certificate))?;
    for (name, text) in [("open", OPEN), ("submit", SUBMIT), ("show", SHOW), ("fetch", FETCH)] {
        folder.write_script(name, text)?;
    }
    let hosts = running.net.ports();
    for (device, handset) in &running.handsets {
        let home = file_name(device)?;
        let mut keys = Vec::new();
        for (profile, pems) in handset.pems() {
            let place = format!("{home}/{}", file_name(&profile)?);
            let key = folder.write_private(&format!("{place}/key.pem"), &pems.key)?;
            keys.push((folder.write(&format!("{place}/cert.pem"), &pems.certificate)?, key));
        }
        let conf = curl_conf(&ca, &hosts, handset, &folder.path().join(home), &keys);
        folder.write(&format!("{home}/curl.conf"), &conf)?;
    }
    Ok(())
}

pub(crate) fn certificate_pem(der: &[u8]) -> String {
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
}
