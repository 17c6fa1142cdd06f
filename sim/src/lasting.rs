//! What a world takes with it into its next run: keys, devices, and what each party remembers.
//!
//! What was committed after it was written is in the log (`durable`) and is done again. Used assertions and requests are not
//! here: they are in the store, which is written before each answer.

use crate::core::Core;
use crate::device::Keepsake;
use crate::durable::Log;
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
    /// Number of the last row of the log that is in it.
    pub committed: u64,
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
        // First: what is committed meanwhile may be in it or not, and doing it again changes nothing.
        let committed = self.core.log.as_ref().map_or(0, Log::last);
        let three = [("okta", self.okta.remember()), ("access", self.access.remember()), ("uem", self.uem.remember())];
        let three = three.into_iter().map(|(name, memory)| (name.to_string(), memory));
        let apps = self.apps.iter().map(|(name, app)| (app_key(name), app.remember()));
        Lasting {
            began: self.began,
            committed,
            authority: self.net.authority().key(),
            device_ca: self.insider.key_pkcs8.clone(),
            device_ca_certificate: self.uem.ca_certificate(),
            ports: self.net.ports().into_iter().map(|l| (l.host, l.port)).collect(),
            handsets: self.handsets.iter().map(|(name, handset)| (name.clone(), handset.remember())).collect(),
            parties: three.chain(apps).collect(),
        }
    }

    /// Gives each app back what it knew.
    pub(crate) fn recall_apps(&self, kept: &Lasting) -> Result<(), BuildError> {
        for (name, app) in &self.apps {
            let memory = kept.parties.get(&app_key(name)).cloned();
            memory.map_or(Ok(()), |m| app.recall(m)).map_err(|e| unreadable(name, &e))?;
        }
        Ok(())
    }
}

/// Gives each party back what it knew when that was written, and what it has committed since.
pub(crate) fn recall(
    (okta, access, uem): (&idp_okta::Okta, &idp_access::Access, &uem_mock::Uem),
    kept: Option<&Lasting>,
    core: &Core,
) -> Result<(), BuildError> {
    let memory = |name: &str| kept.and_then(|kept| kept.parties.get(name).cloned());
    let left = core.log.as_ref().map(|log| log.left().clone()).unwrap_or_default();
    let committed = kept.map_or(0, |kept| kept.committed);
    if kept.is_none() && left.forgotten > 0 {
        return Err(BuildError(format!(
            "what was kept of this world is damaged: its log begins with change {}, and the snapshot before it is gone\n  \
             name a new directory, or remove this one",
            left.forgotten + 1
        )));
    }
    if kept.is_some() && (committed < left.forgotten || committed > left.last()) {
        return Err(BuildError(format!(
            "what was kept of this world is damaged: its snapshot ends with change {committed}, its log has {} to {}\n  \
             name a new directory, or remove this one",
            left.forgotten + 1,
            left.last()
        )));
    }
    let mut rows: BTreeMap<&str, Vec<&[u8]>> = BTreeMap::new();
    for row in left.rows.iter().filter(|row| row.number > committed) {
        rows.entry(&row.party).or_default().push(&row.change);
    }
    let mut of = |name: &str| rows.remove(name).unwrap_or_default();
    okta.recall(memory("okta"), &of("okta")).map_err(|e| unreadable("okta", &e))?;
    access.recall(memory("access"), &of("access"), core.clock.now()).map_err(|e| unreadable("access", &e))?;
    uem.recall(memory("uem"), &of("uem")).map_err(|e| unreadable("uem", &e))?;
    match rows.keys().next() {
        Some(party) => Err(unreadable(party, "there is no such party")),
        None => Ok(()),
    }
}

fn unreadable(party: &str, why: &str) -> BuildError {
    BuildError(format!("what `{party}` knew cannot be read: {why}\n  name a new directory, or remove this one"))
}

/// An app may be called as one of the three.
fn app_key(name: &str) -> String {
    format!("app/{name}")
}
