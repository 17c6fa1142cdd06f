//! A world that is provisioned over its own wire: tokens, requests and JSON answers through the fabric.

#![allow(dead_code, reason = "each test file uses its part")]

use federation::{Outside, Party, Response, World};
use fedsim::core::Door;
use fedsim::durable::Log;
use fedsim::{Fabric, Options, world::Running};
use serde_json::Value;

pub const ACCESS: &str = "https://acme.workspaceoneaccess.test";
pub const CLASSIC: &str = "https://acme.workspaceoneaccess.test/SAAS/jersey/manager/api/scim";
pub const NEWER: &str = "https://acme.workspaceoneaccess.test/usergroup/t/acme/scim/v2";
pub const MANAGER: &str = "https://acme.workspaceoneaccess.test/SAAS/jersey/manager/api";
pub const SECRET: &str = "shared-secret-of-OktaSCIM";

/// A running world and the token of its client.
pub struct Tenant {
    runtime: tokio::runtime::Runtime,
    pub running: Running,
    pub token: String,
}

/// An answer with its JSON, `null` where there is none.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub text: String,
    pub json: Value,
}

/// The world of the baseline `provisioning`.
///
/// # Panics
/// Where the baseline does not read.
pub fn world() -> World {
    let (file, text) =
        scenarios::baselines().into_iter().find(|(f, _)| f.ends_with("/provisioning.toml")).expect("it is there");
    match scenarios::load_str(file, text) {
        Ok(scenario) => scenario.world,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

impl Tenant {
    /// Starts the baseline, changed, and gets a token.
    ///
    /// # Panics
    /// Where the world does not start.
    pub fn start(change: impl FnOnce(&mut World)) -> Tenant {
        Tenant::start_with(change, None)
    }

    /// The same in a run that keeps what is committed.
    ///
    /// # Panics
    /// Where the world does not start.
    pub fn start_with(change: impl FnOnce(&mut World), log: Option<Log>) -> Tenant {
        let mut world = world();
        change(&mut world);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let options = Options { fabric: Fabric::Memory, log, ..Options::default() };
        let running = runtime.block_on(Running::start(&world, &options)).expect("the world starts");
        let mut tenant = Tenant { runtime, running, token: String::new() };
        let body = format!("grant_type=client_credentials&scope=admin&client_id=OktaSCIM&client_secret={SECRET}");
        let answer = tenant.form("/SAAS/auth/oauthtoken", &body, None);
        tenant.token = answer.json["access_token"].as_str().unwrap_or_default().to_string();
        tenant
    }

    /// Sends a request whose headers are given.
    ///
    /// # Panics
    /// Where the request cannot be written or nobody answers.
    pub fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(bytes::Bytes::copy_from_slice(body.as_bytes())).expect("a request");
        let response: Response = self.runtime.block_on(self.running.send(request)).expect("an answer");
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), json, text }
    }

    /// With the token; JSON where there is a body.
    pub fn call(&self, method: &str, url: &str, body: Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, url, &[("authorization", &bearer), ("content-type", "application/json")], &text)
    }

    /// A form to a path of Access.
    pub fn form(&self, path: &str, body: &str, authorization: Option<&str>) -> Answer {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|a| ("authorization", a)));
        self.send("POST", &format!("{ACCESS}{path}"), &headers, body)
    }

    /// Sends many requests at once; the statuses in their order.
    ///
    /// # Panics
    /// Where one of them gets no answer.
    pub fn all(&self, many: usize, request: impl Fn(usize) -> (String, String, Value)) -> Vec<u16> {
        let bearer = format!("Bearer {}", self.token);
        let one = |n: usize| {
            let (method, url, body) = request(n);
            let request = http::Request::builder().method(method.as_str()).uri(url).header("authorization", &bearer);
            let request = request.body(bytes::Bytes::from(body.to_string())).expect("a request");
            let net = self.running.net.clone();
            let caller = fedsim::net::Caller {
                name: "tester".into(),
                ip: self.running.default_ip,
                keys: Vec::new(),
                timeout_ms: 60_000,
            };
            async move { net.call(&caller, request).await.expect("an answer").status().as_u16() }
        };
        self.runtime.block_on(async {
            let tasks: Vec<_> = (0..many).map(|n| tokio::spawn(one(n))).collect();
            let mut statuses = Vec::new();
            for task in tasks {
                statuses.push(task.await.expect("it ran"));
            }
            statuses
        })
    }

    /// Waits for what a test does in this world.
    pub fn wait_for<T>(&self, act: impl Future<Output = T>) -> T {
        self.runtime.block_on(act)
    }

    /// Lets time pass.
    pub fn wait(&self, minutes: u64) {
        self.running.core.clock.advance(std::time::Duration::from_secs(minutes * 60));
    }

    /// Lets Access do what is due by now.
    pub fn wake(&self) {
        let door = Door { party: "access".into(), core: self.running.core.clone(), net: self.running.net.clone() };
        while self.running.access.next_due().is_some_and(|due| due <= door.now()) {
            self.runtime.block_on(self.running.access.wake(&door));
        }
    }

    /// A call to UEM's REST interface with the integration's credentials.
    pub fn uem(&self, method: &str, path: &str, body: Value) -> Answer {
        let basic = format!("Basic {}", wire::form::encode_post("access-api:api password"));
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("aw-tenant-code", "tenant-code-of-acme"), ("authorization", basic.as_str())];
        self.send(method, &format!("https://as1.awmdm.test/api/system/users/{path}"), &headers, &text)
    }

    /// What happened since the last look, as lines.
    pub fn events(&self) -> Vec<federation::Event> {
        self.running.core.drain()
    }
}

/// A value for a URL's query.
pub fn quoted(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
