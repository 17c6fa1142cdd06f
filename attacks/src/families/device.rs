//! Device certificates: every row of what TLS and the certificate method must refuse, and how each ends.

use crate::certificate::{DeviceScene, Make};
use crate::certificate::{Leaf, Presented, hello, lookalike, outsider};
use crate::{Act, End, Family, On, Row, Who};

const fn fails(name: &'static str, make: Make, code: &'static str, says: &'static str) -> Row {
    Row { name, act: Act::Device(make), end: End::MethodFails(code), says }
}
const fn ends(name: &'static str, make: Make, says: &'static str) -> Row {
    Row { name, act: Act::Device(make), end: End::Handshake, says }
}
const fn passes(name: &'static str, make: Make, says: &'static str) -> Row {
    Row { name, act: Act::Device(make), end: End::Accepted, says }
}

fn issued(scene: &DeviceScene<'_>, change: impl FnOnce(&mut Leaf)) -> Option<Presented> {
    let mut leaf = Leaf::honest(scene);
    change(&mut leaf);
    leaf.issue(scene.ca)
}

pub static HANDSHAKE: Family = Family {
    name: "what ends the handshake",
    class: "TLS",
    who: Who::Device,
    on: On::Certificate,
    source: "RFC 8446 4.4.3; RFC 8996; measured behaviour of rustls as mTLS server",
    requirement: "device-possession",
    rows: &[
        ends(
            "tls-plain-http",
            |_| Some(Presented::Bytes(b"GET /certificate HTTP/1.1\r\nHost: x\r\n\r\n".to_vec())),
            "HTTP without TLS.",
        ),
        ends("tls-garbage", |_| Some(Presented::Bytes(vec![0xff; 512])), "Bytes that are no TLS."),
        ends(
            "tls-half-handshake",
            |_| Some(Presented::Bytes(hello(0x0303)[..40].to_vec())),
            "Half of a greeting, then nothing.",
        ),
        ends("tls-1-0", |_| Some(Presented::Bytes(hello(0x0301))), "A greeting of TLS 1.0."),
        ends("tls-1-1", |_| Some(Presented::Bytes(hello(0x0302))), "A greeting of TLS 1.1."),
        ends(
            "tls-certificate-without-its-key",
            |scene| {
                let Presented::Chain { chain, .. } = Leaf::honest(scene).issue(scene.ca)? else { return None };
                Some(Presented::Chain { chain, key: crate::certificate::new_key()? })
            },
            "An honest certificate whose key the device does not hold.",
        ),
        ends(
            "tls-certificate-garbage",
            |_| {
                Some(Presented::Chain {
                    chain: vec![b"not a certificate".to_vec()],
                    key: crate::certificate::new_key()?,
                })
            },
            "A certificate that is none.",
        ),
        ends(
            "tls-certificate-truncated",
            |scene| {
                let Presented::Chain { mut chain, key } = Leaf::honest(scene).issue(scene.ca)? else { return None };
                let half = chain[0].len() / 2;
                chain[0].truncate(half);
                Some(Presented::Chain { chain, key })
            },
            "Half a certificate.",
        ),
        ends(
            "tls-certificate-trailing",
            |scene| {
                let Presented::Chain { mut chain, key } = Leaf::honest(scene).issue(scene.ca)? else { return None };
                chain[0].extend(b"trailing");
                Some(Presented::Chain { chain, key })
            },
            "Bytes follow the certificate.",
        ),
        ends(
            "tls-certificate-critical-extension",
            |scene| issued(scene, |l| l.critical = true),
            "A critical extension nobody knows.",
        ),
        ends(
            "tls-certificate-rsa-1024",
            |scene| issued(scene, |l| l.small_key = true),
            "Its key is RSA of 1024 bits, and the device signs with it.",
        ),
        ends(
            "tls-certificate-version-1",
            |scene| issued(scene, |l| l.version_1 = true),
            "It is of version 1, without extensions.",
        ),
    ],
};

pub static CERTIFICATE: Family = Family {
    name: "what the certificate method refuses",
    class: "device certificates",
    who: Who::Device,
    on: On::Certificate,
    source: "RFC 5280 section 6; measured behaviour of rustls-webpki; EKU absent and no CRL are accepted there",
    requirement: "device-certificate",
    rows: &[
        fails(
            "certificate-none",
            |_| Some(Presented::Nothing),
            "certificate/missing",
            "The device shows no certificate.",
        ),
        fails(
            "certificate-in-a-header",
            |scene| {
                let Presented::Chain { chain, .. } = Leaf::honest(scene).issue(scene.ca)? else { return None };
                Some(Presented::Header(chain[0].clone()))
            },
            "certificate/missing",
            "The certificate comes in a header that proxies use, not in TLS.",
        ),
        fails(
            "certificate-self-signed",
            |scene| Leaf::honest(scene).self_issued(),
            "certificate/unknown-issuer",
            "The device signed its certificate itself.",
        ),
        fails(
            "certificate-unknown-ca",
            |scene| Leaf::honest(scene).issue(&outsider("another CA", 7)?),
            "certificate/unknown-issuer",
            "The certificate is of a CA nobody configured.",
        ),
        fails(
            "certificate-lookalike-ca",
            |scene| Leaf::honest(scene).issue(&lookalike(scene.ca)?),
            "certificate/bad-signature",
            "The certificate is of a CA with our CA's name and serial number.",
        ),
        fails(
            "certificate-lookalike-chain",
            |scene| {
                let ca = lookalike(scene.ca)?;
                let Presented::Chain { mut chain, key } = Leaf::honest(scene).issue(&ca)? else { return None };
                chain.push(ca.der()?);
                Some(Presented::Chain { chain, key })
            },
            "certificate/bad-signature",
            "The look-alike CA's own certificate is sent along.",
        ),
        fails(
            "certificate-expired",
            |scene| issued(scene, |l| (l.from, l.until) = (-172_800, -86_400)),
            "certificate/expired",
            "It expired yesterday.",
        ),
        fails(
            "certificate-expired-by-a-second",
            |scene| issued(scene, |l| l.until = -1),
            "certificate/expired",
            "It expired a second ago.",
        ),
        passes(
            "boundary-certificate-at-its-end",
            |scene| issued(scene, |l| l.until = 0),
            "It expires now: the last second counts.",
        ),
        fails(
            "certificate-not-yet-valid",
            |scene| issued(scene, |l| l.from = 86_400),
            "certificate/not-yet-valid",
            "It is valid from tomorrow.",
        ),
        fails(
            "certificate-early-by-a-second",
            |scene| issued(scene, |l| l.from = 1),
            "certificate/not-yet-valid",
            "It is valid a second from now.",
        ),
        passes("boundary-certificate-at-its-beginning", |scene| issued(scene, |l| l.from = 0), "It is valid from now."),
        fails(
            "certificate-server-usage",
            |scene| issued(scene, |l| l.usage = Some("serverAuth")),
            "certificate/key-usage",
            "It is for servers only.",
        ),
        fails(
            "certificate-any-usage",
            |scene| issued(scene, |l| l.usage = Some("anyExtendedKeyUsage")),
            "certificate/key-usage",
            "It is for anything, which is not for client authentication.",
        ),
        fails(
            "certificate-mail-usage",
            |scene| issued(scene, |l| l.usage = Some("emailProtection")),
            "certificate/key-usage",
            "It is for mail only.",
        ),
        fails(
            "certificate-no-usage",
            |scene| issued(scene, |l| l.usage = None),
            "certificate/key-usage",
            "It does not say what it is for.",
        ),
        fails(
            "certificate-no-signing",
            |scene| issued(scene, |l| l.signs = false),
            "certificate/key-usage",
            "Its key may encipher keys, and not sign.",
        ),
        fails(
            "certificate-by-a-leaf",
            |scene| {
                let (leaf, key) = Leaf::honest(scene).made(scene.ca)?;
                let Presented::Chain { mut chain, key } =
                    Leaf::honest(scene).issue(&crate::certificate::Ca::new(leaf.clone(), key)?)?
                else {
                    return None;
                };
                chain.push(leaf.to_der().ok()?);
                Some(Presented::Chain { chain, key })
            },
            "certificate/path",
            "A device's own certificate issued it.",
        ),
        fails(
            "certificate-path-too-long",
            |scene| {
                let between = crate::certificate::intermediate(scene.ca)?;
                let Presented::Chain { mut chain, key } = Leaf::honest(scene).issue(&between)? else { return None };
                chain.push(between.der()?);
                Some(Presented::Chain { chain, key })
            },
            "certificate/path",
            "A CA stands between although our CA allows none.",
        ),
        fails(
            "certificate-maze",
            |scene| {
                let cas = crate::certificate::maze(100)?;
                let Presented::Chain { mut chain, key } = Leaf::honest(scene).issue(cas.first()?)? else { return None };
                for ca in &cas {
                    chain.push(ca.der()?);
                }
                Some(Presented::Chain { chain, key })
            },
            "certificate/unknown-issuer",
            "A hundred CAs of one name and one key stand between, so that there are more roads than anybody can walk.",
        ),
        fails(
            "certificate-is-a-ca",
            |scene| issued(scene, |l| l.ca = true),
            "certificate/key-usage",
            "A CA's certificate is shown as a device's.",
        ),
        fails(
            "certificate-sha1",
            |scene| issued(scene, |l| l.digest = openssl::hash::MessageDigest::sha1()),
            "certificate/algorithm",
            "It is signed with SHA-1.",
        ),
        fails(
            "certificate-signature-flipped",
            |scene| {
                let Presented::Chain { mut chain, key } = Leaf::honest(scene).issue(scene.ca)? else { return None };
                *chain[0].last_mut()? ^= 1;
                Some(Presented::Chain { chain, key })
            },
            "certificate/bad-signature",
            "One bit of its signature is another.",
        ),
        fails(
            "certificate-name-changed",
            |scene| {
                let Presented::Chain { mut chain, key } = Leaf::honest(scene).issue(scene.ca)? else { return None };
                let name = scene.names.upn.first()?.as_bytes();
                let at = chain[0].windows(name.len()).position(|w| w == name)?;
                chain[0][at] ^= 1;
                Some(Presented::Chain { chain, key })
            },
            "certificate/bad-signature",
            "One letter of its name is another.",
        ),
        fails(
            "certificate-revoked",
            |scene| scene.revoking(true, 3600),
            "certificate/revoked",
            "It is on the list of revoked certificates.",
        ),
        fails(
            "certificate-list-expired",
            |scene| scene.revoking(false, -1),
            "certificate/crl-expired",
            "The list of revoked certificates has expired.",
        ),
        fails(
            "certificate-list-of-another",
            |scene| scene.listed_by(&outsider("another CA", 9)?, false, 3600),
            "certificate/revocation-unknown",
            "The list of revoked certificates is another CA's.",
        ),
        fails(
            "certificate-list-forged",
            |scene| scene.listed_by(&lookalike(scene.ca)?, false, 3600),
            "certificate/crl-unavailable",
            "A look-alike CA signed the list of revoked certificates.",
        ),
    ],
};

pub static PERSON: Family = Family {
    name: "whom the certificate names",
    class: "device certificates",
    who: Who::Device,
    on: On::Certificate,
    source: "The identifier that the method is set to read, whole and exactly one match",
    requirement: "device-person",
    rows: &[
        fails(
            "person-unknown",
            |scene| issued(scene, |l| l.all_names("nobody@evil.test")),
            "person/not-found",
            "It names nobody of this tenant.",
        ),
        fails(
            "person-longer",
            |scene| {
                let name = format!("{}.evil.test", scene.names.upn.first()?);
                issued(scene, |l| l.all_names(&name))
            },
            "person/not-found",
            "Its name only begins like a person's.",
        ),
        fails(
            "person-shorter",
            |scene| {
                let name = scene.names.upn.first()?.get(1..)?.to_string();
                issued(scene, |l| l.all_names(&name))
            },
            "person/not-found",
            "Its name only ends like a person's.",
        ),
        fails(
            "person-two-names",
            |scene| issued(scene, |l| l.upn.push("bob@acme.test".into())),
            "person/ambiguous",
            "It names two people.",
        ),
        fails("person-empty", |scene| issued(scene, |l| l.all_names("")), "person/not-found", "Its names are empty."),
        fails(
            "person-nul",
            |scene| {
                let name = format!("{}\0.evil.test", scene.names.upn.first()?);
                issued(scene, |l| l.all_names(&name))
            },
            "person/not-found",
            "A NUL follows the person's name.",
        ),
        fails(
            "person-spaces",
            |scene| {
                let name = format!(" {} ", scene.names.upn.first()?);
                issued(scene, |l| l.all_names(&name))
            },
            "person/not-found",
            "Spaces surround the person's name.",
        ),
        fails(
            "person-wildcard",
            |scene| issued(scene, |l| l.all_names("*")),
            "person/not-found",
            "Its name is a star.",
        ),
        fails("person-no-names", |scene| issued(scene, Leaf::no_names), "person/not-found", "It names nobody at all."),
        fails(
            "person-in-a-host-name",
            |scene| {
                let name = scene.names.upn.first()?.clone();
                issued(scene, |l| {
                    l.no_names();
                    l.hosts.push(name.replace('@', "."));
                })
            },
            "person/not-found",
            "The name stands where host names stand.",
        ),
        fails(
            "person-in-a-uri",
            |scene| {
                let name = scene.names.upn.first()?.clone();
                issued(scene, |l| {
                    l.no_names();
                    l.uris.push(format!("mailto:{name}"));
                })
            },
            "person/not-found",
            "The name stands where addresses stand.",
        ),
    ],
};

pub static UDID: Family = Family {
    name: "which device the certificate names",
    class: "device certificates",
    who: Who::Device,
    on: On::Certificate,
    source: "The UDID from where the certificate template puts it, whole; then UEM is asked for that one device",
    requirement: "device-person",
    rows: &[
        fails(
            "udid-unknown",
            |scene| issued(scene, |l| (l.cn, l.uris) = ("00".repeat(20), vec![])),
            "compliance/unknown-device",
            "It names a device that UEM does not know.",
        ),
        fails(
            "udid-longer",
            |scene| issued(scene, |l| (l.cn, l.uris) = (format!("{}00", l.cn), vec![])),
            "compliance/unknown-device",
            "Its UDID only begins like the device's.",
        ),
        fails(
            "udid-shorter",
            |scene| issued(scene, |l| (l.cn, l.uris) = (l.cn.get(..l.cn.len() - 2).unwrap_or_default().into(), vec![])),
            "compliance/unknown-device",
            "Its UDID is cut short.",
        ),
        fails(
            "udid-missing",
            |scene| issued(scene, |l| (l.cn, l.uris) = ("a device".into(), vec![])),
            "compliance/unknown-device",
            "It names no device.",
        ),
        fails(
            "udid-in-a-host-name",
            |scene| {
                issued(scene, |l| {
                    l.hosts.push(l.cn.clone());
                    (l.cn, l.uris) = ("a device".into(), vec![]);
                })
            },
            "compliance/unknown-device",
            "The UDID stands where host names stand.",
        ),
        fails(
            "udid-two-common-names",
            |scene| issued(scene, |l| (l.second_cn, l.uris) = (Some("00".repeat(20)), vec![])),
            "compliance/unknown-device",
            "It has two common names, one of which is the device's.",
        ),
        fails(
            "udid-twice",
            |scene| {
                issued(scene, |l| {
                    l.uris = vec![format!("urn:udid:{}", l.cn), format!("urn:udid:{}", "00".repeat(20))];
                    l.cn = "a device".into();
                })
            },
            "compliance/unknown-device",
            "It names two devices.",
        ),
    ],
};
