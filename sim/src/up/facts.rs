//! All that a program needs to know of a world that is up, as files and as environment variables: `docs/up.md` lists both.

use super::folder::Folder;
use super::told::accounts;
use crate::curl::{certificate_pem, quote};
use crate::device;
use crate::world::Running;
use federation::Client;
use federation::tenant::okta::Factor;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Writes certificates, metadata, `world.json` and last `env`; says the variables.
pub(super) async fn write(running: &Running, name: &str, folder: &Folder) -> Result<BTreeMap<String, String>, String> {
    let mut facts = Facts { folder, variables: BTreeMap::new() };
    facts.set("FEDSIM_WORLD", name);
    facts.set("FEDSIM_DIR", folder.path().to_string_lossy());
    facts.set("FEDSIM_CA", folder.path().join("ca.pem").to_string_lossy());
    let world = json!({
        "version": 1,
        "name": name,
        "ca": "ca.pem",
        "hosts": facts.hosts(running),
        "saml": facts.saml(running).await?,
        "devices": facts.devices(running),
        "people": facts.people(running),
        "clients": facts.clients(running),
    });
    let text = serde_json::to_string_pretty(&world).map_err(|e| e.to_string())? + "\n";
    let path = folder.write_private("world.json", &text)?;
    facts.set("FEDSIM_WORLD_JSON", path.to_string_lossy());
    let lines = facts.variables.iter().map(|(name, value)| format!("export {name}={}\n", quote(value)));
    folder.write_private("env", &lines.collect::<String>())?;
    Ok(facts.variables)
}

struct Facts<'a> {
    folder: &'a Folder,
    variables: BTreeMap<String, String>,
}

/// A name as part of a variable's name.
fn word(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
}

impl Facts<'_> {
    fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.variables.insert(name.into(), value.into());
    }

    /// A file of ours by its path in the directory; the variable has the whole path.
    fn file(&mut self, variable: &str, name: &str) -> String {
        let path = self.folder.path().join(name).to_string_lossy().into_owned();
        self.set(variable, path);
        name.into()
    }

    fn hosts(&mut self, running: &Running) -> Value {
        let world = &running.world;
        let named = |host: &str| match host {
            host if host == world.okta.host => "OKTA".to_string(),
            host if host == world.access.host => "ACCESS".to_string(),
            host if host == world.uem.host => "UEM".to_string(),
            host if host == world.uem.enrollment_host => "ENROLLMENT".to_string(),
            host => match world.apps.iter().find(|app| app.host == host) {
                Some(app) => format!("APP_{}", word(&app.name)),
                None => format!("HOST_{}", word(host)),
            },
        };
        let mut all = Vec::new();
        let (mut connect, mut rules) = (Vec::new(), Vec::new());
        for at in running.net.ports() {
            let (name, address) = (named(&at.host), format!("127.0.0.1:{}", at.port));
            self.set(format!("FEDSIM_{name}_URL"), format!("https://{}", at.host));
            self.set(format!("FEDSIM_{name}_ADDRESS"), address.clone());
            connect.push(format!("{}:443:{address}", at.host));
            rules.push(format!("MAP {}:443 {address}", at.host));
            all.push(json!({ "host": at.host, "party": at.party, "port": at.port }));
        }
        self.set("FEDSIM_CONNECT_TO", connect.join(" "));
        self.set("FEDSIM_CHROMIUM_RULES", rules.join(","));
        all.into()
    }

    /// Metadata as the parties themselves publish it, and the certificates that their messages are signed for.
    async fn saml(&mut self, running: &Running) -> Result<Value, String> {
        let world = &running.world;
        let mut out = Map::new();
        let access = |role: &str| format!("https://{}/SAAS/API/1.0/GET/metadata/{role}.xml", world.access.host);
        let mut publish = vec![
            ("ACCESS_METADATA".to_string(), "access".to_string(), access("idp")),
            ("ACCESS_SP_METADATA".to_string(), "access-as-sp".to_string(), access("sp")),
        ];
        for app in world.okta.apps.iter().filter(|app| world.apps.iter().any(|own| own.name == app.name)) {
            let url = format!("https://{}/app/{}/metadata", world.okta.host, app.name);
            publish.push((format!("APP_{}_METADATA", word(&app.name)), format!("okta-for-{}", app.name), url));
            let sso = format!("https://{}/app/{}/sso/saml", world.okta.host, app.name);
            self.set(format!("FEDSIM_APP_{}_SSO", word(&app.name)), sso);
        }
        for idp in &world.okta.identity_providers {
            let url = format!("https://{}/api/v1/idps/{}/metadata.xml", world.okta.host, idp.id);
            publish.push((format!("IDP_{}_METADATA", word(&idp.name)), format!("okta-as-sp-of-{}", idp.name), url));
        }
        for (variable, file, url) in publish {
            let answer = running.get(&url).await.map_err(|e| format!("{url}: {e}"))?;
            let name = format!("metadata/{}.xml", super::folder::file_name(&file)?);
            self.folder.write(&name, &String::from_utf8_lossy(answer.body()))?;
            out.insert(file, self.file(&format!("FEDSIM_{variable}"), &name).into());
        }
        let (okta, access) = running.saml_certificates();
        let uem = running.uem.ca_certificate();
        for (variable, name, der) in [
            ("FEDSIM_OKTA_SAML_CERT", "okta-saml.pem", okta),
            ("FEDSIM_ACCESS_SAML_CERT", "access-saml.pem", access),
            ("FEDSIM_DEVICE_CA", "device-ca.pem", &uem),
        ] {
            self.folder.write(name, &certificate_pem(der))?;
            out.insert(name.trim_end_matches(".pem").into(), self.file(variable, name).into());
        }
        Ok(out.into())
    }

    fn devices(&mut self, running: &Running) -> Value {
        let mut out = Map::new();
        for (name, handset) in &running.handsets {
            let prefix = format!("FEDSIM_DEVICE_{}", word(name));
            let agent = device::user_agent(handset.device.kind, Client::Browser);
            self.set(format!("{prefix}_UDID"), &handset.udid);
            self.set(format!("{prefix}_AGENT"), &agent);
            let conf = self.file(&format!("{prefix}_CURL"), &format!("{name}/curl.conf"));
            let mut profiles = Map::new();
            for (index, profile) in handset.profiles().into_iter().enumerate() {
                let place = |file: &str| format!("{name}/{profile}/{file}.pem");
                let files = json!({ "certificate": place("cert"), "key": place("key") });
                if index == 0 {
                    self.file(&format!("{prefix}_CERT"), &place("cert"));
                    self.file(&format!("{prefix}_KEY"), &place("key"));
                }
                profiles.insert(profile, files);
            }
            let facts = json!({ "udid": handset.udid, "agent": agent, "curl": conf, "profiles": profiles });
            out.insert(name.clone(), facts);
        }
        out.into()
    }

    fn people(&mut self, running: &Running) -> Value {
        let world = &running.world;
        let mut out = Map::new();
        for person in &world.people {
            let prefix = format!("FEDSIM_PERSON_{}", word(&person.name));
            let mut known = Map::new();
            for (party, login, password) in accounts(world, person) {
                self.set(format!("{prefix}_{}_LOGIN", word(party)), login);
                self.set(format!("{prefix}_{}_PASSWORD", word(party)), password);
                known.insert(party.into(), json!({ "login": login, "password": password }));
            }
            let user = world.okta.users.iter().find(|u| person.okta.as_ref() == Some(&u.name));
            let user = user.filter(|u| u.factors.contains(&Factor::Totp));
            if let Some(secret) = user.and_then(|u| running.totp_secrets.get(&u.name)) {
                let secret = totp_rs::Secret::Raw(secret.clone()).to_encoded().to_string();
                self.set(format!("{prefix}_TOTP"), &secret);
                known.insert("totp".into(), secret.into());
            }
            out.insert(person.name.clone(), known.into());
        }
        out.into()
    }

    /// Programs and administrators that Access knows.
    fn clients(&mut self, running: &Running) -> Value {
        let access = &running.world.access;
        let mut out = Map::new();
        for client in &access.remote_app_access {
            self.set(format!("FEDSIM_CLIENT_{}_SECRET", word(&client.name)), &client.shared_secret);
            out.insert(client.name.clone(), json!({ "secret": client.shared_secret }));
        }
        for admin in &access.provisioning.administrators {
            self.set(format!("FEDSIM_ADMIN_{}_PASSWORD", word(&admin.name)), &admin.password);
            out.insert(admin.name.clone(), json!({ "password": admin.password }));
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_variables() {
        for (name, wanted) in [("alices-iphone", "ALICES_IPHONE"), ("Box 2", "BOX_2"), ("a.b", "A_B"), ("ü", "_")] {
            assert_eq!(super::word(name), wanted);
        }
    }
}
