//! The directory interface of Access (`…/connectormanagement/directoryconfigs`): vendor media types and JSON.
//!
//! What a directory of type *Other* is answered with is not published; this is the union of what its siblings show.

use crate::Refusal;
use crate::scim::Object;
use federation::tenant::access::DirectoryKind;
use serde_json::{Value, json};

pub const PATH: &str = "/SAAS/jersey/manager/api/connectormanagement/directoryconfigs";
pub const LIST_MEDIA_TYPE: &str = "application/vnd.vmware.horizon.manager.connector.management.directory.list+json";

/// Kind, media type and the word in `type`.
const KINDS: [(DirectoryKind, &str, &str); 3] = [
    (
        DirectoryKind::Other,
        "application/vnd.vmware.horizon.manager.connector.management.directory.other+json",
        "OTHER_DIRECTORY",
    ),
    (
        DirectoryKind::Local,
        "application/vnd.vmware.horizon.manager.connector.management.directory.local+json",
        "LOCAL_DIRECTORY",
    ),
    (
        DirectoryKind::Jit,
        "application/vnd.vmware.horizon.manager.connector.management.directory.jit+json",
        "JIT_DIRECTORY",
    ),
];
const AD: &str = "ACTIVE_DIRECTORY_LDAP";
const AD_MEDIA_TYPE: &str = "application/vnd.vmware.horizon.manager.connector.management.directory.ad.over.ldap+json";

pub fn type_word(kind: DirectoryKind) -> &'static str {
    KINDS.iter().find(|(k, ..)| *k == kind).map_or(AD, |(.., word)| word)
}

pub fn media_type(kind: DirectoryKind) -> &'static str {
    KINDS.iter().find(|(k, ..)| *k == kind).map_or(AD_MEDIA_TYPE, |(_, media, _)| media)
}

/// A directory that somebody wants to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub kind: DirectoryKind,
    pub name: String,
    pub domains: Vec<String>,
}

/// Reads a request; its kind stands in the media type, and in `type` where that is given.
pub fn read(content_type: &str, body: &[u8]) -> Result<Wanted, Refusal> {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let Some((kind, _, word)) = KINDS.iter().find(|(_, media, _)| media.eq_ignore_ascii_case(essence)) else {
        let saw = if essence.is_empty() { "there is none".to_string() } else { format!("not `{essence}`") };
        let known: Vec<&str> = KINDS.iter().map(|(_, media, _)| *media).collect();
        return Err(Refusal::new(
            "directory/media-type",
            format!("Content-Type says which kind of directory is made; {saw}; use one of {}", known.join(", ")),
        ));
    };
    let object = crate::scim::message::read_object(body)?;
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    if let Some(said) = text("type").filter(|said| said != word) {
        return Err(Refusal::new("directory/type", format!("`type` is `{said}`, but the Content-Type says `{word}`")));
    }
    if *kind == DirectoryKind::Other && text("type").is_none() {
        return Err(Refusal::new("directory/type", format!("`type` is missing: `{word}`")));
    }
    Ok(Wanted { kind: *kind, name: text("name").unwrap_or_default().into(), domains: domains(&object)? })
}

fn domains(object: &Object) -> Result<Vec<String>, Refusal> {
    let bad = || Refusal::new("directory/domains", "`domains` must be a list of domain names");
    let Some(value) = object.get("domains") else { return Ok(Vec::new()) };
    let list = value.as_array().ok_or_else(bad)?;
    list.iter().map(|v| v.as_str().map(Into::into).ok_or_else(bad)).collect()
}

/// What is told of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<'a> {
    pub id: &'a str,
    pub user_store: &'a str,
    pub name: &'a str,
    pub kind: DirectoryKind,
    pub domains: &'a [String],
    pub address: String,
}

impl Told<'_> {
    pub fn json(&self) -> Value {
        json!({
            "directoryId": self.id,
            "directoryConfigurationId": self.id,
            "userStoreId": self.user_store,
            "userstoreId": self.user_store,
            "name": self.name,
            "type": type_word(self.kind),
            "domains": self.domains,
            "countDomains": self.domains.len(),
            "deleteInProgress": false,
            "syncConfigurationEnabled": self.kind == DirectoryKind::Ad,
            "_links": { "self": { "href": self.address } },
        })
    }
}
