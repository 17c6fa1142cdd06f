//! Heads of requests: each flaw alone is refused by its check.

use wire::head::{check, length};

const HOST: &str = "acme.okta.test";

#[track_caller]
fn verdict(head: &str) -> &'static str {
    check(head.as_bytes(), HOST).map_or_else(|r| r.code, |_| "ok")
}

fn with(line: &str) -> String {
    format!("POST /sso/saml2 HTTP/1.1\r\nHost: {HOST}\r\n{line}\r\n\r\n")
}

#[test]
fn every_flaw_of_a_head_is_refused_by_its_check() {
    let fields = |n: usize| (0..n).map(|i| format!("\r\nx{i}: y")).collect::<String>();
    let cases: &[(&str, String, &str)] = &[
        ("sound", with("Content-Length: 5"), "ok"),
        ("chunked", with("Transfer-Encoding: chunked"), "ok"),
        ("a port", with("Accept: */*").replace("Host: acme.okta.test", "hOST: acme.okta.test:8443 "), "ok"),
        ("many fields", with(&format!("a: b{}", fields(98))), "ok"),
        ("a field too many", with(&format!("a: b{}", fields(99))), "http/too-many-fields"),
        ("a huge field", with(&format!("a: {}", "b".repeat(65_536))), "http/too-large"),
        ("two lengths", with("Content-Length: 5\r\nContent-Length: 6"), "http/repeated-field"),
        ("two lengths alike", with("Content-Length: 5\r\ncontent-length: 5"), "http/repeated-field"),
        ("a list of lengths", with("Content-Length: 5, 5"), "http/length"),
        ("a signed length", with("Content-Length: +5"), "http/length"),
        (
            "a length and an encoding",
            with("Content-Length: 5\r\nTransfer-Encoding: chunked"),
            "http/length-and-encoding",
        ),
        (
            "an encoding and a length",
            with("Transfer-Encoding: chunked\r\nContent-Length: 5"),
            "http/length-and-encoding",
        ),
        ("an unknown encoding", with("Transfer-Encoding: xchunked"), "http/encoding"),
        ("two encodings", with("Transfer-Encoding: gzip, chunked"), "http/encoding"),
        ("a body too large", with("Content-Length: 524289"), "http/body-too-large"),
        ("the largest body", with("Content-Length: 524288"), "ok"),
        ("two hosts", with(&format!("Host: {HOST}")), "http/repeated-field"),
        ("another host", with("a: b").replace(HOST, "evil.test"), "http/host"),
        ("another host behind the port", with("a: b").replace(HOST, &format!("{HOST}:1@evil.test")), "http/host"),
        ("a port that is none", with("a: b").replace(HOST, &format!("{HOST}:")), "http/host"),
        ("no host", with("a: b").replace("Host", "Hostess"), "http/host"),
        ("a folded line", with("a: b\r\n c"), "http/malformed"),
        ("a blank before the colon", with("Content-Length : 5"), "http/malformed"),
        ("no name", with(": 5"), "http/malformed"),
        ("no colon", with("a"), "http/malformed"),
        ("a bare line feed", with("a: b\nContent-Length: 5"), "http/malformed"),
        ("a bare carriage return", with("a: b\rc"), "http/malformed"),
        ("a NUL", with("a: b\0"), "http/malformed"),
        ("HTTP/1.0", with("a: b").replace("HTTP/1.1", "HTTP/1.0"), "http/version"),
        ("HTTP/2", with("a: b").replace("POST /sso/saml2 HTTP/1.1", "PRI /* HTTP/2.0"), "http/version"),
        ("a blank in the target", with("a: b").replace("/saml2", "/sa ml2"), "http/malformed"),
        ("a whole address", with("a: b").replace("/sso/saml2", "https://evil.test/"), "http/malformed"),
        ("CONNECT", with("a: b").replace("POST /sso/saml2", "CONNECT evil.test:443"), "http/malformed"),
        ("a small method", with("a: b").replace("POST", "post"), "http/malformed"),
        ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n".into(), "http/malformed"),
        ("no end", "GET / HTTP/1.1\r\n".into(), "http/malformed"),
    ];
    for (what, head, code) in cases {
        assert_eq!(verdict(head), *code, "{what}");
    }
}

#[test]
fn a_head_ends_with_its_blank_line() {
    assert_eq!(length(b"GET / HTTP/1.1\r\n\r\nbody"), Some(18));
    assert_eq!(length(b"GET / HTTP/1.1\r\n\n"), None);
    assert_eq!(length(b""), None);
}
