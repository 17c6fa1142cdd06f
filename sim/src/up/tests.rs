//! `fedsim up` without its process: worlds, files, words.

use super::*;

#[test]
fn the_chronicle_tells_each_event_once_and_keeps_names_until_it_is_quiet() {
    let at = |ms| Event {
        at: Time(ms),
        party: "wiki".into(),
        kind: federation::EventKind::Message {
            to: "okta".into(),
            what: "AuthnRequest".into(),
            id: ms.to_string(),
            in_response_to: None,
            flags: Vec::new(),
            xml: String::new(),
        },
    };
    let mut chronicle = Chronicle::default();
    let rows = [(vec![at(0)], 0, "request-1"), (vec![], 10, ""), (vec![at(20)], 20, "request-2")];
    for (events, now, wanted) in rows.into_iter().chain([(vec![], 61_000, ""), (vec![at(70_000)], 70_000, "request-1")])
    {
        let news = chronicle.news(events, Time(now));
        assert_eq!(news.lines().count(), usize::from(!wanted.is_empty()), "{news}");
        assert!(news.contains(wanted), "{news}");
    }
}

#[test]
fn an_unknown_baseline_is_told_with_a_neighbour() {
    let told = load("device-trust-mobil").expect_err("there is none");
    assert!(told.contains("did you mean `device-trust-mobile`?"), "{told}");
    assert!(load("zzz").is_err_and(|told| !told.contains("did you mean")));
    assert!(load("nowhere.toml").is_err_and(|told| told.contains("there is no such file")));
}

#[test]
fn every_baseline_comes_up_and_writes_its_files() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut worlds = 0;
    for (file, _) in scenarios::baselines() {
        let Ok(scenario) = load(stem(file)) else { continue };
        worlds += 1;
        let folder = Folder::make(None, false).unwrap();
        let options = Options { fabric: Fabric::Loopback, ..Options::default() };
        runtime.block_on(async {
            let running = Running::start(&scenario.world, &options).await.unwrap();
            curl::write_files(&running, &folder).unwrap();
            assert!(!running.net.ports().is_empty(), "{file}");
            assert!(people(&running).contains("correct horse"), "{file}");
            let told = [head(&scenario), hosts(&running.net.ports()), people(&running), walk(&running, folder.path())];
            let told = told.join("\n");
            assert!(told.lines().all(|l| l.chars().count() <= 80), "{told}");
            for (device, handset) in &running.handsets {
                for profile in handset.pems().keys() {
                    let place = folder.path().join(device).join(profile);
                    let (key, cert) = (place.join("key.pem"), place.join("cert.pem"));
                    assert!(std::fs::read_to_string(&key).unwrap().contains("PRIVATE KEY"));
                    assert!(std::fs::read_to_string(cert).unwrap().contains("BEGIN CERTIFICATE"));
                    #[cfg(unix)]
                    {
                        use std::os::unix::fs::PermissionsExt as _;
                        assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
                    }
                }
            }
            curl::write_files(&running, &folder).expect("a second run over the same directory");
        });
        let path = folder.path().to_path_buf();
        folder.clear();
        assert!(!path.exists());
    }
    assert!(worlds >= 2, "device-trust-mobile and routing-only stand alone");
}
