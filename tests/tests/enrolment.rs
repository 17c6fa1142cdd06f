//! People of the directory enrol with what Okta says of them, and with nothing else: a response counts once and here alone,
//! the word that it brings counts once and soon, and nobody has a password at UEM who never got one.

mod tab;

use fedsim::device::{Way, When};
use fedsim::world::Running;
use fedsim::{Fabric, Options};
use std::time::Duration;
use tab::{Held, Stop, Tab};

const START: &str = "https://enroll.awmdm.test/enroll/saml";
const ACS: &str = "/enroll/saml/acs";

struct Stage {
    runtime: tokio::runtime::Runtime,
    running: Running,
}

impl Stage {
    /// Carol has been provisioned.
    fn new() -> Stage {
        let text = "baseline = \"okta-provisions\"\n[[change]]\nat = \"okta.workspace_one_app.assigned.users\"\nset = [\"carol\"]\n";
        let scenario = scenarios::load_str("own/x.toml", text);
        let world = scenario.unwrap_or_else(|wrong| panic!("{}", wrong[0])).world;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let options = Options { fabric: Fabric::Memory, ..Options::default() };
        let running = runtime.block_on(Running::start(&world, &options)).expect("the world starts");
        Stage { runtime, running }
    }

    /// Signs Carol in from `start` on and stops before the answer is posted to `hold`.
    fn answer(&self, tab: &mut Tab, start: &str, hold: &str) -> Held {
        self.runtime.block_on(async {
            let Stop::Rests(page) = tab.open(start, hold).await else { panic!("she was not asked to sign in") };
            let form = page.page.form.clone().expect("a form to sign in with");
            let fill = |(name, value): (String, String)| match name.as_str() {
                "username" => (name, "carol@acme.test".into()),
                "password" => (name, "paper clip".into()),
                _ => (name, value),
            };
            let url = page.url.join(&form.action).expect("an address");
            let held = Held { url, fields: form.fields.into_iter().map(fill).collect() };
            let seen = tab.post(&held).await;
            match tab.go_on(seen, hold).await {
                Stop::Held(held) => held,
                Stop::Rests(seen) => panic!("rests on {}: {}", seen.page.name, seen.page.text),
            }
        })
    }

    fn tab(&self) -> Tab {
        Tab::on(&self.running, "carols-iphone")
    }

    fn word(&self) -> String {
        let mut tab = self.tab();
        let held = self.answer(&mut tab, START, ACS);
        let seen = self.runtime.block_on(tab.post(&held));
        assert_eq!(seen.page.name, "uem/signed-in", "{}", seen.page.text);
        seen.page.data.get("word").cloned().expect("a word for the Hub")
    }

    fn enrol(&mut self, device: &str, word: &str) -> Result<(), String> {
        self.runtime.block_on(self.running.enrol_with_word(device, word))
    }
}

#[test]
fn a_word_enrols_once() {
    let mut stage = Stage::new();
    let word = stage.word();
    assert_eq!(stage.enrol("carols-iphone", &word), Ok(()));
    assert!(stage.enrol("daves-android", &word).is_err(), "the word is used up");
    assert!(stage.enrol("daves-android", "no such word").is_err());
}

#[test]
fn a_word_does_not_wait_for_long() {
    let mut stage = Stage::new();
    let word = stage.word();
    stage.running.core.clock.advance(Duration::from_secs(600));
    assert!(stage.enrol("carols-iphone", &word).is_err(), "ten minutes are over");
}

#[test]
fn a_response_counts_once_and_at_its_own_place() {
    let stage = Stage::new();
    let mut tab = stage.tab();
    let held = stage.answer(&mut tab, START, ACS);
    let post = |tab: &mut Tab, held: &Held| stage.runtime.block_on(tab.post(held)).page;
    assert_eq!(post(&mut tab, &held).name, "uem/signed-in");
    let again = post(&mut tab, &held);
    assert!(again.name == "uem/refused" && again.text.contains("saml/in-response-to"), "{}", again.text);
    // Her answer in another browser is nobody's.
    let mut own = stage.tab();
    let hers = stage.answer(&mut own, START, ACS);
    let mut stranger = stage.tab();
    assert_eq!(post(&mut stranger, &hers).name, "uem/refused");
    assert_eq!(post(&mut own, &hers).name, "uem/signed-in");
    // What Okta says to an app is nothing to UEM, even in answer to UEM's own request.
    let mut other = stage.tab();
    let elsewhere = stage.answer(&mut other, "https://lunch.test/", "lunch.test/saml/acs");
    let moved = Held { url: held.url.clone(), fields: elsewhere.fields };
    let refused = post(&mut other, &moved);
    assert!(refused.name == "uem/refused", "{}: {}", refused.name, refused.text);
}

#[test]
fn a_user_of_the_directory_has_no_password_at_uem() {
    let mut stage = Stage::new();
    let way = Way {
        net: stage.running.net.clone(),
        enrollment_host: "enroll.awmdm.test".into(),
        ip: stage.running.default_ip,
        when: When::InTheStory,
    };
    for password in ["", "paper clip"] {
        let credentials = serde_json::json!({ "username": "carol@acme.test", "password": password });
        let phone = stage.running.handsets.get_mut("carols-iphone").expect("she has a phone");
        let done = stage.runtime.block_on(phone.enrol(&way, credentials));
        assert!(done.as_ref().is_err_and(|e| e.contains("401")), "`{password}`: {done:?}");
    }
}
