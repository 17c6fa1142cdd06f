//! How pages look: one small style that every party's pages carry with them, and the header that allows nothing else.
//!
//! No page loads anything: style and the one script of pages that post by themselves are inline and named by their hashes.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::sync::LazyLock;

/// For light and dark, wide and narrow.
pub const STYLE: &str = "\
:root{color-scheme:light dark;--back:#f2f3f5;--card:#fff;--ink:#1b1c20;--soft:#565b66;--line:#8b909b;--go:#0b57b8;--on-go:#fff;--bad:#a4161a}\
@media(prefers-color-scheme:dark){:root{--back:#121317;--card:#1e2026;--ink:#eceef2;--soft:#b3b8c3;--line:#7b8190;--go:#8ab4f8;--on-go:#10131a;--bad:#ff9a94}}\
*{box-sizing:border-box}\
body{margin:0;padding:1rem;min-height:100vh;background:var(--back);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}\
header,main{max-width:27rem;margin:0 auto;overflow-wrap:anywhere}\
header{margin-top:5vh;padding:.5rem 0;color:var(--soft);font-size:.9rem}\
main{padding:1.75rem;background:var(--card);border:1px solid var(--line);border-top:4px solid var(--go);border-radius:8px}\
h1{margin:0 0 1rem;font-size:1.4rem;line-height:1.25}\
p,dl,ul{margin:0 0 1rem}\
main>:last-child,form>:last-child{margin-bottom:0}\
dt{color:var(--soft);font-size:.9rem}\
dd{margin:0 0 .5rem;font-weight:600}\
label{display:block;margin:0 0 1rem;font-weight:600}\
input{display:block;width:100%;margin-top:.25rem;padding:.6rem;border:1px solid var(--line);border-radius:4px;background:transparent;color:inherit;font:inherit}\
button,.enroll,.custom{display:inline-block;min-height:2.75rem;margin:0 .5rem .5rem 0;padding:.6rem 1.25rem;border:1px solid var(--go);border-radius:4px;background:var(--go);color:var(--on-go);font:inherit;font-weight:600;text-decoration:none;cursor:pointer}\
.other{background:transparent;color:var(--go)}\
a{color:var(--go)}\
a.enroll,a.custom{color:var(--on-go)}\
.error{padding-left:.75rem;border-left:4px solid var(--bad);color:var(--bad);font-weight:600}\
.reason{color:var(--soft)}\
:focus-visible{outline:3px solid var(--go);outline-offset:3px}";

/// What a page that posts by itself runs; without it the page shows its button.
pub const POST: &str = "document.forms[0].submit()";

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash(STYLE));
static POST_HASH: LazyLock<String> = LazyLock::new(|| hash(POST));

/// `Content-Security-Policy` of every page. Forms may post to any host over TLS: SAML does.
pub fn security_policy() -> String {
    format!(
        "default-src 'none'; style-src {}; script-src {}; form-action 'self' https:; frame-ancestors 'none'; base-uri 'none'",
        *STYLE_HASH, *POST_HASH
    )
}

fn hash(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest.as_ref()))
}

/// A whole page around `main`, which is HTML already; `speaker` says whose page it is.
pub fn page(title: &str, speaker: &str, main: &str) -> String {
    let (title, speaker) = (crate::form::html_escape(title), crate::form::html_escape(speaker));
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title} · {speaker}</title>\
         <style>{STYLE}</style></head><body><header>{speaker}</header>{main}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_alone_and_says_whose_it_is() {
        let page = page("A & B", "Okta", "<main></main>");
        for part in ["<html lang=\"en\">", "name=\"viewport\"", "<title>A &amp; B · Okta</title>", "<header>Okta<"] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("http"), "a page loads nothing: {page}");
        assert_eq!(hash(""), "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
        assert!(security_policy().contains(&hash(STYLE)) && !security_policy().contains("unsafe"));
    }
}
