//! RSA-2048 and P-256, TLS 1.2 and 1.3: the stories go the same way with each, client certificates included.

use fedsim::tls::TlsVersions;
use fedsim::world::SamlKeys;
use fedsim::{Fabric, Options};
use fedsim_tests::cases;

#[test]
fn stories_go_the_same_way_with_every_key_and_version() {
    // SHA-1 goes with RSA alone.
    let any_key = |id: &str| id.starts_with("device-trust/") && !id.contains('~') && !id.contains("sha-1");
    let told: Vec<_> = cases().into_iter().filter(|c| any_key(&c.id)).collect();
    assert!(told.len() > 3, "{}", told.len());
    for case in told {
        let play = |options: Options| fedsim::replay(&case, &options).transcript();
        let usual = play(Options::default());
        let both = |saml_keys, tls, fabric| Options { saml_keys, tls, fabric, ..Options::default() };
        for options in [
            both(SamlKeys::P256, TlsVersions::Tls12, Fabric::Memory),
            both(SamlKeys::Rsa2048, TlsVersions::Tls12, Fabric::Loopback),
            both(SamlKeys::P256, TlsVersions::Tls13, Fabric::Loopback),
        ] {
            let what = format!("{}: {options:?}", case.id);
            assert_eq!(play(options), usual, "{what}");
        }
    }
}
