//! A browser tab that a test drives by hand: it follows redirects and auto-post forms, and can be held before one is posted.

#![allow(dead_code, reason = "each test file uses its part")]

use bytes::Bytes;
use fedsim::net::{Caller, Net};
use fedsim::page::{self, Page};
use fedsim::world::Running;
use std::collections::BTreeMap;
use url::Url;

/// An answer, read.
pub struct Seen {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub page: Page,
    pub url: Url,
}

/// A form that the browser has not posted yet.
#[derive(Clone)]
pub struct Held {
    pub url: Url,
    pub fields: Vec<(String, String)>,
}

#[derive(Clone)]
pub struct Tab {
    net: Net,
    caller: Caller,
    agent: String,
    pub cookies: BTreeMap<String, BTreeMap<String, String>>,
}

pub enum Stop {
    Rests(Box<Seen>),
    Held(Held),
}

impl Tab {
    /// A tab on a device of the world, with its certificates.
    pub fn on(running: &Running, device: &str) -> Tab {
        let handset = &running.handsets[device];
        // Unlike a device's own programs it shows any key on any leg.
        let legs = fedsim::device::Legs::of(&running.world.access);
        let keys = handset.keys(&legs).into_iter().map(|(_, key)| key).collect();
        Tab {
            net: running.net.clone(),
            caller: Caller { name: device.into(), ip: running.default_ip, keys, timeout_ms: 60_000 },
            agent: fedsim::device::user_agent(handset.device.kind, Default::default()),
            cookies: BTreeMap::new(),
        }
    }

    pub async fn get(&mut self, url: &str, headers: &[(&str, &str)]) -> Seen {
        self.send("GET", Url::parse(url).expect("an address"), headers, String::new()).await
    }

    pub async fn post(&mut self, held: &Held) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&held.fields).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send("POST", held.url.clone(), &headers, body).await
    }

    async fn send(&mut self, method: &str, url: Url, headers: &[(&str, &str)], body: String) -> Seen {
        let host = url.host_str().expect("a host").to_string();
        let mut request = http::Request::builder().method(method).uri(url.as_str()).header("user-agent", &self.agent);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let jar = self.cookies.entry(host).or_default();
        if !jar.is_empty() {
            let line = jar.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ");
            request = request.header("cookie", line);
        }
        let response = self.net.call(&self.caller, request.body(Bytes::from(body)).expect("a request")).await;
        let response = response.expect("an answer");
        for line in response.headers().get_all("set-cookie") {
            let pair = line.to_str().expect("text").split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a pair");
            jar.insert(name.into(), value.into());
        }
        let page = page::read(&String::from_utf8_lossy(response.body()));
        Seen { status: response.status().as_u16(), headers: response.headers().clone(), page, url }
    }

    /// Opens `url` and goes on by itself, but holds a form before it is posted to an address that contains `hold`.
    pub async fn open(&mut self, url: &str, hold: &str) -> Stop {
        let first = self.get(url, &[]).await;
        self.go_on(first, hold).await
    }

    /// From an answer to where the tab rests.
    pub async fn go_on(&mut self, mut seen: Seen, hold: &str) -> Stop {
        for _ in 0..20 {
            if let Some(to) = seen.headers.get("location") {
                let to = seen.url.join(to.to_str().expect("text")).expect("an address");
                seen = self.send("GET", to, &[], String::new()).await;
                continue;
            }
            let Some(form) = seen.page.form.clone().filter(|_| seen.page.auto) else {
                return Stop::Rests(Box::new(seen));
            };
            let held = Held { url: seen.url.join(&form.action).expect("an address"), fields: form.fields };
            if !hold.is_empty() && held.url.as_str().contains(hold) {
                return Stop::Held(held);
            }
            seen = self.post(&held).await;
        }
        panic!("it goes round and round");
    }

    /// Opens `url` and comes back with the form that would be posted to `hold`.
    pub async fn held(&mut self, url: &str, hold: &str) -> Held {
        match self.open(url, hold).await {
            Stop::Held(held) => held,
            Stop::Rests(seen) => panic!("rests on {}: {}", seen.page.name, seen.page.text),
        }
    }
}
