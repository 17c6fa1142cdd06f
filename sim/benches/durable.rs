//! What it costs to keep what is answered: people created over SCIM by 16 writers at once, each on disk before its answer,
//! and beside it the floor: rows of the same size in batches of 16 with one flush each.
//!
//! `cargo bench -p fedsim --bench durable`; the interface is called as the gate calls it, without TLS.

use divan::Bencher;
use divan::counter::ItemsCount;
use federation::{Party, Request};
use fedsim::Options;
use fedsim::core::Door;
use fedsim::durable::{Disk, Row};
use fedsim::store::Store;
use fedsim::store::rows::SledRows;
use fedsim::world::Running;
use serde_json::json;
use std::cell::Cell;
use std::rc::Rc;
use tokio::task::LocalSet;

const WRITERS: usize = 16;
const EACH: usize = 100;
const ACCESS: &str = "https://acme.workspaceoneaccess.test";

fn main() {
    divan::main();
}

struct Kept {
    running: Rc<Running>,
    token: String,
    made: Rc<Cell<usize>>,
}

async fn world(log: Option<fedsim::durable::Log>) -> Kept {
    let (file, text) =
        scenarios::baselines().into_iter().find(|(f, _)| f.ends_with("/provisioning.toml")).expect("is there");
    let scenario = scenarios::load_str(file, text).expect("reads");
    let running = Running::start(&scenario.world, &Options { log, ..Options::default() }).await.expect("starts");
    let form = "grant_type=client_credentials&client_id=OktaSCIM&client_secret=shared-secret-of-OktaSCIM";
    let request = http::Request::post(format!("{ACCESS}/SAAS/auth/oauthtoken"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into());
    let answer = running.send(request.expect("a request")).await.expect("an answer");
    let body: serde_json::Value = serde_json::from_slice(answer.body()).expect("JSON");
    let token = body["access_token"].as_str().expect("a token").to_string();
    Kept { running: Rc::new(running), token, made: Rc::default() }
}

fn create(token: &str, n: usize) -> Request {
    let body = json!({
        "schemas": ["urn:scim:schemas:core:1.0"],
        "userName": format!("user{n}"),
        "name": { "givenName": "Carol", "familyName": "Danvers" },
        "emails": [{ "value": format!("user{n}@acme.test"), "type": "work", "primary": true }],
        "externalId": format!("00u{n:017}"),
        "active": true,
        "urn:scim:schemas:extension:workspace:1.0": { "domain": "okta.acme.test" },
    });
    let request = http::Request::post(format!("{ACCESS}/SAAS/jersey/manager/api/scim/Users"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    request.body(body.to_string().into()).expect("a request")
}

async fn writer(kept: Rc<Running>, token: String, made: Rc<Cell<usize>>) {
    let door = Door { party: "access".into(), core: kept.core.clone(), net: kept.net.clone() };
    for _ in 0..EACH {
        let n = made.replace(made.get() + 1);
        let answer = kept.access.handle(&door, create(&token, n)).await;
        kept.core.settled().await.expect("on disk");
        assert_eq!(answer.status(), 201);
    }
    kept.core.drain();
}

fn creates(bencher: Bencher<'_, '_>, log: Option<fedsim::durable::Log>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let kept = runtime.block_on(world(log));
    bencher.counter(ItemsCount::new(WRITERS * EACH)).bench_local(|| {
        let all = LocalSet::new();
        for _ in 0..WRITERS {
            all.spawn_local(writer(kept.running.clone(), kept.token.clone(), kept.made.clone()));
        }
        runtime.block_on(all);
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn creates_of_16_writers_kept(bencher: Bencher<'_, '_>) {
    let home = tempfile::tempdir().expect("a directory");
    let store = Store::keep(&home.path().join("store")).expect("opens");
    creates(bencher, store.log().expect("opens"));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn creates_of_16_writers_in_memory(bencher: Bencher<'_, '_>) {
    creates(bencher, None);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn the_bare_store_in_batches_of_16(bencher: Bencher<'_, '_>) {
    let home = tempfile::tempdir().expect("a directory");
    let store = Store::keep(&home.path().join("store")).expect("opens");
    let Store::Kept(kept) = &store else { return };
    let disk = SledRows::open(kept).expect("opens");
    let last = Cell::new(0);
    bencher.counter(ItemsCount::new(WRITERS * EACH)).bench_local(|| {
        for _ in 0..EACH {
            let from = last.replace(last.get() + WRITERS as u64);
            let row = |number| Row { number, party: "access".into(), change: vec![7; 700], audit: vec![7; 200] };
            let rows: Vec<Row> = (from + 1..=from + WRITERS as u64).map(row).collect();
            disk.write(&rows).expect("on disk");
        }
    });
}
