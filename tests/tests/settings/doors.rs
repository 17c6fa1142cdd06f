//! Doors that open to a password, and what lies behind UEM's: the same is typed whatever the settings say.

use federation::World;
use fedsim::browser::{Answers, Browser};
use fedsim::device::{Way, When};
use fedsim::net::Caller;
use fedsim::{Options, world::Running};

/// Routed to Access.
const IPHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1";

/// Nobody routes it: Okta asks for the password itself.
const LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// What is said at each door.
pub fn said(world: &World) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let Ok(mut running) = Running::start(world, &Options::default()).await else { return Vec::new() };
        let mut said = vec![inventory(&running).await];
        for device in [IPHONE, LINUX] {
            said.push(page(&running, device).await);
        }
        let proof = running.get("https://cert.acme.workspaceoneaccess.test/").await;
        said.push(format!("{:?}", proof.map(|answer| answer.status())));
        let way = Way {
            net: running.net.clone(),
            enrollment_host: "enroll.awmdm.test".into(),
            ip: running.default_ip,
            when: When::InTheStory,
        };
        let credentials = serde_json::json!({ "username": "bob", "password": "battery staple" });
        let bobs = running.handsets.get_mut("bobs-iphone").expect("Bob has a phone");
        said.push(format!("{:?}", bobs.enrol(&way, credentials).await));
        said
    })
}

/// UEM's list of devices.
async fn inventory(running: &Running) -> String {
    let request = http::Request::get("https://as1.awmdm.test/api/mdm/devices/search")
        .header("aw-tenant-code", "tenant-code-of-acme")
        .header("authorization", "Basic YWNjZXNzLWFwaTphcGkgcGFzc3dvcmQ=")
        .body(bytes::Bytes::new())
        .expect("a request");
    let answer = running.send(request).await;
    answer.map_or_else(|e| format!("{e:?}"), |answer| String::from_utf8_lossy(answer.body()).into_owned())
}

/// Where Alice's credentials get her to the lunch menu from such a device.
async fn page(running: &Running, user_agent: &str) -> String {
    let alice = || Some(("alice@acme.test".to_string(), "correct horse".to_string()));
    let browser = Browser {
        net: running.net.clone(),
        core: running.core.clone(),
        caller: Caller { name: "phone".into(), ip: running.default_ip, keys: Vec::new(), timeout_ms: 60_000 },
        keys: Vec::new(),
        user_agent: user_agent.into(),
        cookies: fedsim::browser::Cookies::default(),
        attack: None,
    };
    let answers = Answers { okta: alice(), access: alice(), ..Answers::default() };
    let visit = browser.visit("https://lunch.test/", &answers).await;
    format!("{} {}", visit.page.name, visit.page.text)
}
