//! What a world takes with it into its next run: keys, devices, and what each party remembers.
//!
//! Used assertions and requests are not here: they are in the store, which is written before each answer.

use crate::device::Keepsake;
use crate::tls::AuthorityKey;
use crate::world::{BuildError, Running};
use federation::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything of a run that the next one goes on from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Lasting {
    /// When the first run began: the devices' authority is as old.
    pub began: Time,
    pub authority: AuthorityKey,
    /// Key of the devices' authority, PKCS#8.
    pub device_ca: Vec<u8>,
    /// Its certificate, DER.
    pub device_ca_certificate: Vec<u8>,
    /// Where hosts listened.
    pub ports: BTreeMap<String, u16>,
    pub handsets: BTreeMap<String, Keepsake>,
    /// What each party remembers, by its name.
    pub parties: BTreeMap<String, Value>,
}

impl Running {
    /// All that another run needs to be this world.
    pub fn remember(&self) -> Lasting {
        let three = [("okta", self.okta.remember()), ("access", self.access.remember()), ("uem", self.uem.remember())];
        let three = three.into_iter().map(|(name, memory)| (name.to_string(), memory));
        let apps = self.apps.iter().map(|(name, app)| (app_key(name), app.remember()));
        Lasting {
            began: self.began,
            authority: self.net.authority().key(),
            device_ca: self.insider.key_pkcs8.clone(),
            device_ca_certificate: self.uem.ca_certificate(),
            ports: self.net.ports().into_iter().map(|l| (l.host, l.port)).collect(),
            handsets: self.handsets.iter().map(|(name, handset)| (name.clone(), handset.remember())).collect(),
            parties: three.chain(apps).collect(),
        }
    }

    /// Gives each party back what it knew.
    pub(crate) fn recall(&self, kept: &Lasting) -> Result<(), BuildError> {
        let memory = |name: &str| kept.parties.get(name).cloned();
        let wrong = |name: &str| {
            let name = name.to_string();
            move |e: String| BuildError(format!("what `{name}` knew cannot be read: {e}"))
        };
        memory("okta").map_or(Ok(()), |m| self.okta.recall(m)).map_err(wrong("okta"))?;
        memory("access").map_or(Ok(()), |m| self.access.recall(m, self.core.clock.now())).map_err(wrong("access"))?;
        memory("uem").map_or(Ok(()), |m| self.uem.recall(m)).map_err(wrong("uem"))?;
        for (name, app) in &self.apps {
            memory(&app_key(name)).map_or(Ok(()), |m| app.recall(m)).map_err(wrong(name))?;
        }
        Ok(())
    }
}

/// An app may be called as one of the three.
fn app_key(name: &str) -> String {
    format!("app/{name}")
}
