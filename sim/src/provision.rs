//! What administrators do about provisioning: at Access by its interfaces, as Postman would; at Okta in the app's console.

use crate::browser::{Answers, Browser};
use crate::core::Door;
use crate::net::Caller;
use crate::runner::Stage;
use crate::world::{BuildError, Running};
use bytes::Bytes;
use federation::tenant::scim_client::ApiToken;
use federation::{Client, EventKind, Party};
use idp_okta::Administer;
use scenarios::{Deletion, NewDirectory, NewDirectoryKind, NewGroup, Pasted, Place, Provision, Provisioning, TokenOf};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const MANAGER: &str = "/SAAS/jersey/manager/api";
const OTHER: &str = "application/vnd.vmware.horizon.manager.connector.management.directory.other+json";
const LOCAL: &str = "application/vnd.vmware.horizon.manager.connector.management.directory.local+json";
const WORKSPACE: &str = "urn:scim:schemas:extension:workspace:1.0";

/// What an administrator has written down.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Shared secrets of clients that steps have made.
    secrets: BTreeMap<String, String>,
    /// The token that was got last, by client.
    tokens: BTreeMap<String, String>,
}

/// An HTTPS request of an administrator's tool.
struct Asked<'a> {
    method: &'a str,
    url: String,
    headers: Vec<(&'a str, String)>,
    body: String,
}

impl Stage {
    /// Does the step, and then lets the parties do what it asks of them.
    pub(crate) async fn provision(&mut self, provision: &Provision) -> Result<(), String> {
        if let Some(world) = &provision.world {
            self.change(world)?;
        }
        match &provision.step {
            Provisioning::CreateClient(new) => {
                let session = self.administrator().await?;
                let body = json!({ "clientId": new.id, "scope": "admin", "authGrantTypes": "client_credentials",
                    "accessTokenTTL": new.ttl_minutes, "refreshTokenTTL": 43_200, "refreshTokenIdleTTL": 4_320 });
                let kind = "application/vnd.vmware.horizon.manager.oauth2client+json";
                let answer = self.manager("POST", "/oauth2clients", session, kind, body).await?;
                if let Some(secret) = answer.get("secret").and_then(Value::as_str) {
                    self.notes.secrets.insert(new.id.clone(), secret.into());
                }
            }
            Provisioning::GetToken(wish) => self.get_token(wish).await?,
            Provisioning::CreateDirectory(new) => self.create_directory(new).await?,
            Provisioning::CreateGroup(new) => self.create_group(new).await?,
            Provisioning::ConfigureProvisioning(pasted) => {
                let token = match pasted {
                    Pasted::TokenOf(client) => self.token(client)?,
                    Pasted::SecretOf(client) => self.secret(client)?,
                };
                self.at_okta(Administer::Configure { token }).await?;
            }
            Provisioning::TestCredentials => self.at_okta(Administer::TestCredentials).await?,
            Provisioning::PushNow(push) => self.at_okta(Administer::PushNow { group: push.group.clone() }).await?,
            Provisioning::RetryAllGroups => self.at_okta(Administer::RetryAllGroups).await?,
            Provisioning::RetryTasks => self.at_okta(Administer::RetryTasks).await?,
            Provisioning::Delete(deletion) => self.delete(deletion).await?,
            _ => {}
        }
        Ok(())
    }

    async fn at_okta(&self, act: Administer) -> Result<(), String> {
        self.running.okta.administer(&self.door("okta"), act).await
    }

    fn token(&self, client: &str) -> Result<String, String> {
        let token = self.notes.tokens.get(client).cloned();
        token.ok_or_else(|| {
            format!("nobody has a token of `{client}`: add a step `get_token`, and see that it succeeds")
        })
    }

    fn secret(&self, client: &str) -> Result<String, String> {
        let configured = self.running.world.access.remote_app_access.iter().find(|c| c.name == client);
        let known = self.notes.secrets.get(client).cloned().or_else(|| configured.map(|c| c.shared_secret.clone()));
        known.ok_or_else(|| format!("nobody knows the shared secret of `{client}`: see that its creation succeeds"))
    }

    /// A call as the administrator's tool makes it; an answer that is no JSON is `null`.
    async fn ask(&self, asked: Asked<'_>) -> Result<(u16, Value), String> {
        let mut request = http::Request::builder().method(asked.method).uri(&asked.url);
        for (name, value) in asked.headers {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(asked.body)).map_err(|e| e.to_string())?;
        let ip = self.running.default_ip;
        let caller = Caller { name: "administrator".into(), ip, keys: Vec::new(), timeout_ms: 60_000 };
        match self.running.net.call(&caller, request).await {
            Ok(answer) => Ok((answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or(Value::Null))),
            Err(e) => {
                let what = format!("nothing: {e}");
                self.running.core.note("administrator", EventKind::Changed { what });
                Ok((0, Value::Null))
            }
        }
    }

    /// A call to Access's management interface.
    async fn manager(
        &self,
        method: &str,
        path: &str,
        authorization: String,
        media_type: &str,
        body: Value,
    ) -> Result<Value, String> {
        let url = format!("https://{}{MANAGER}{path}", self.running.world.access.host);
        let headers = vec![("authorization", authorization), ("content-type", media_type.to_string())];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask(Asked { method, url, headers, body }).await.map(|(_, answer)| answer)
    }

    /// The session of an administrator of Access, as an `Authorization` header.
    async fn administrator(&self) -> Result<String, String> {
        let access = &self.running.world.access;
        let who = access.provisioning.administrators.first().ok_or("Access has no administrator")?;
        let url = format!("https://{}/SAAS/API/1.0/REST/auth/system/login", access.host);
        let body = json!({ "username": who.name, "password": who.password, "issueToken": true }).to_string();
        let headers = vec![("content-type", "application/json".to_string())];
        let (_, answer) = self.ask(Asked { method: "POST", url, headers, body }).await?;
        let token = answer.get("sessionToken").and_then(Value::as_str).unwrap_or_default();
        Ok(format!("HZN {token}"))
    }

    async fn get_token(&mut self, wish: &TokenOf) -> Result<(), String> {
        let secret = self.secret(&wish.client)?;
        let basic = wire::form::encode_post(&format!("{}:{secret}", wish.client));
        let url = format!("https://{}/SAAS/auth/oauthtoken", self.running.world.access.host);
        let headers = vec![
            ("authorization", format!("Basic {basic}")),
            ("content-type", "application/x-www-form-urlencoded".to_string()),
        ];
        let body = format!("grant_type=client_credentials&scope={}", wish.scope);
        let (_, answer) = self.ask(Asked { method: "POST", url, headers, body }).await?;
        match answer.get("access_token").and_then(Value::as_str) {
            Some(token) => self.notes.tokens.insert(wish.client.clone(), token.into()),
            None => self.notes.tokens.remove(&wish.client),
        };
        Ok(())
    }

    async fn create_directory(&self, new: &NewDirectory) -> Result<(), String> {
        let bearer = format!("Bearer {}", self.token(&new.token_of)?);
        let (media_type, kind) = match new.kind {
            NewDirectoryKind::Other => (OTHER, "OTHER_DIRECTORY"),
            NewDirectoryKind::Local => (LOCAL, "LOCAL_DIRECTORY"),
            NewDirectoryKind::Unsaid => ("application/json", "OTHER_DIRECTORY"),
        };
        let body = json!({ "type": kind, "domains": [new.domain], "name": new.name });
        self.manager("POST", "/connectormanagement/directoryconfigs", bearer, media_type, body).await.map(drop)
    }

    async fn create_group(&self, new: &NewGroup) -> Result<(), String> {
        let bearer = format!("Bearer {}", self.token(&new.token_of)?);
        let body = json!({ "schemas": ["urn:scim:schemas:core:1.0", WORKSPACE], "displayName": new.name,
            WORKSPACE: { "domain": new.domain } });
        self.manager("POST", "/scim/Groups", bearer, "application/json", body).await.map(drop)
    }

    async fn delete(&self, deletion: &Deletion) -> Result<(), String> {
        let user = self.running.world.okta.users.iter().find(|u| u.name == deletion.who);
        let login = user.map(|u| u.login.clone()).ok_or_else(|| format!("Okta has no user `{}`", deletion.who))?;
        match deletion.at {
            Place::Okta => self.at_okta(Administer::Forget { user: deletion.who.clone() }).await,
            Place::Access => {
                let domain = self.running.world.okta.workspace_one_app.as_ref().map(|a| a.domain.clone());
                let id = self.running.access.look(|people| {
                    let of_domain = |u: &&std::sync::Arc<idp_access::people::User>| {
                        people.directory(&u.directory).is_some_and(|d| domain.iter().any(|name| d.has_domain(name)))
                    };
                    people.by_login(&login).find(of_domain).map(|u| u.id.clone())
                });
                let id = id.ok_or_else(|| format!("Access has nobody called `{login}` to delete"))?;
                let session = self.administrator().await?;
                self.manager("DELETE", &format!("/scim/Users/{id}"), session, "application/json", Value::Null)
                    .await
                    .map(drop)
            }
            Place::Uem => {
                let found = self.uem_rest("GET", &format!("users/search?username={login}")).await;
                let id = found.pointer("/Users/0/Id/Value").and_then(Value::as_u64);
                let id = id.ok_or_else(|| format!("UEM has nobody called `{login}` to delete"))?;
                self.uem_rest("DELETE", &format!("users/{id}/delete")).await;
                Ok(())
            }
        }
    }

    /// The Hub asks for her login; UEM sends her to its identity provider, and takes the device from there.
    pub(crate) async fn enrol_person(&mut self, who: &str, on: &str) -> Result<(), String> {
        let world = self.running.world.clone();
        let person = world.people.iter().find(|p| p.name == who).ok_or_else(|| format!("there is no `{who}`"))?;
        let account = person.okta.as_ref().and_then(|name| world.okta.users.iter().find(|u| &u.name == name));
        let keys = self.handset(on)?.keys(&crate::device::Legs::of(&world.access));
        let browser = Browser { keys, ..self.browser(on, Client::Hub)? };
        let answers = Answers {
            okta: account.map(|u| (u.login.clone(), u.password.clone())),
            totp_secret: account.and_then(|u| self.running.totp_secrets.get(&u.name).cloned()).unwrap_or_default(),
            ..Answers::default()
        };
        let url = format!("https://{}/enroll/saml", world.uem.enrollment_host);
        let visit = browser.visit(&url, &answers).await;
        let done = match visit.page.data.get("word") {
            Some(word) => self.running.enrol_with_word(on, word).await,
            None => Err(format!("{}: {}", visit.page.name, visit.page.text)),
        };
        self.tell(on, "is not enrolled", done);
        Ok(())
    }
}

impl Running {
    /// Somebody has fetched the token that Okta's app shows, and pasted it; then the app begins its work.
    pub(crate) async fn begin_provisioning(&mut self) -> Result<(), BuildError> {
        let Some(app) = self.world.okta.workspace_one_app.clone() else { return Ok(()) };
        let token = match &app.api_token {
            Some(ApiToken::OfClient(client)) => Some(self.token_of(client).await?),
            _ => None,
        };
        let door = |party: &str| Door { party: party.into(), core: self.core.clone(), net: self.net.clone() };
        self.okta.manage(&door("okta"), idp_okta::Manage::ApiToken(token)).map_err(BuildError)?;
        let due = |party: &dyn Party| party.next_due().is_some_and(|at| at <= self.core.clock.now());
        while due(&*self.okta) || due(&*self.access) {
            self.okta.wake(&door("okta")).await;
            self.access.wake(&door("access")).await;
        }
        Ok(())
    }

    /// A token for a Remote App Access client of the world.
    async fn token_of(&self, client: &str) -> Result<String, BuildError> {
        let no = |why: String| BuildError(format!("nobody gets a token for `{client}`: {why}"));
        let access = &self.world.access;
        let known = access.remote_app_access.iter().find(|c| c.name == client);
        let secret = known.map(|c| c.shared_secret.clone()).ok_or_else(|| no("there is no such client".into()))?;
        let form = |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let body = format!(
            "grant_type=client_credentials&scope=admin&client_id={}&client_secret={}",
            form(client),
            form(&secret)
        );
        let request = http::Request::post(format!("https://{}/SAAS/auth/oauthtoken", access.host))
            .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(body))
            .map_err(|e| no(e.to_string()))?;
        let answer = self.send(request).await.map_err(|e| no(e.to_string()))?;
        let read: serde_json::Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let token = read.get("access_token").and_then(serde_json::Value::as_str);
        token.map(str::to_string).ok_or_else(|| no(String::from_utf8_lossy(answer.body()).into_owned()))
    }
}
