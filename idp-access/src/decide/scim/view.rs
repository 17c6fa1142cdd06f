//! A record as a client sees it: its attributes and what the server alone says (id, meta, domain, groups, members).

use super::shape::Place;
use crate::people::{Group, People, User};
use serde_json::{Value, json};
use std::borrow::Cow;
use wire::scim::schema::Returned;
use wire::scim::{Object, Resource};

#[derive(Debug, Clone, Copy)]
enum Of<'a> {
    User(&'a User),
    Group(&'a Group),
}

/// A record in its surroundings. `base` is the address of the interface, without a slash at its end.
#[derive(Clone, Copy)]
pub struct View<'a> {
    people: &'a People,
    of: Of<'a>,
    base: &'a str,
}

pub fn etag(version: u64) -> String {
    format!("W/\"{version}\"")
}

impl<'a> View<'a> {
    pub fn user(people: &'a People, user: &'a User, base: &'a str) -> View<'a> {
        View { people, of: Of::User(user), base }
    }
    pub fn group(people: &'a People, group: &'a Group, base: &'a str) -> View<'a> {
        View { people, of: Of::Group(group), base }
    }

    pub fn resource(&self) -> Resource {
        match self.of {
            Of::User(_) => Resource::User,
            Of::Group(_) => Resource::Group,
        }
    }
    pub fn id(&self) -> &'a str {
        match self.of {
            Of::User(u) => &u.id,
            Of::Group(g) => &g.id,
        }
    }
    pub fn attributes(&self) -> &'a Object {
        match self.of {
            Of::User(u) => &u.attributes,
            Of::Group(g) => &g.attributes,
        }
    }
    pub fn version(&self) -> u64 {
        match self.of {
            Of::User(u) => u.version,
            Of::Group(g) => g.version,
        }
    }
    pub fn domain(&self) -> &'a str {
        let directory = match self.of {
            Of::User(u) => &u.directory,
            Of::Group(g) => &g.directory,
        };
        self.people.directory(directory).map_or("", |d| d.domain())
    }
    pub fn location(&self) -> String {
        format!("{}/{}/{}", self.base, self.resource().endpoint(), self.id())
    }

    fn meta(&self) -> Value {
        let (created, modified) = match self.of {
            Of::User(u) => (u.created, u.modified),
            Of::Group(g) => (g.created, g.modified),
        };
        json!({
            "resourceType": self.resource().name(),
            "created": created,
            "lastModified": modified,
            "location": self.location(),
            "version": etag(self.version()),
        })
    }

    /// Id and shown name of the groups of a user.
    pub fn groups(&self) -> Vec<(String, String)> {
        let Of::User(user) = self.of else { return Vec::new() };
        self.people.groups_of(&user.id).map(|g| (g.id.clone(), g.display_name().into())).collect()
    }

    /// Id and shown name of the members of a group.
    pub fn members(&self) -> Vec<(String, String)> {
        let Of::Group(group) = self.of else { return Vec::new() };
        self.people.members(&group.id).map(|u| (u.id.clone(), u.user_name().into())).collect()
    }

    fn listed(&self, what: Resource, list: Vec<(String, String)>) -> Option<Value> {
        let item = |(id, name): (String, String)| {
            let address = format!("{}/{}/{id}", self.base, what.endpoint());
            match what {
                Resource::User => json!({ "value": id, "$ref": address, "type": "User" }),
                Resource::Group => json!({ "value": id, "$ref": address, "display": name }),
            }
        };
        (!list.is_empty()).then(|| list.into_iter().map(item).collect::<Vec<_>>().into())
    }

    /// What stands at a place; its sub-attribute is the caller's to pick.
    pub fn value(&self, place: &Place) -> Option<Cow<'a, Value>> {
        let name = place.attribute.name;
        match (place.urn, name) {
            (None, "id") => Some(Cow::Owned(self.id().into())),
            (None, "meta") => Some(Cow::Owned(self.meta())),
            (None, "groups") => self.listed(Resource::Group, self.groups()).map(Cow::Owned),
            (None, "members") => self.listed(Resource::User, self.members()).map(Cow::Owned),
            (None, name) => self.attributes().get(name).map(Cow::Borrowed),
            (Some(urn), "domain") if urn == self.resource().workspace() => Some(Cow::Owned(self.domain().into())),
            (Some(urn), name) => self.attributes().get(urn)?.get(name).map(Cow::Borrowed),
        }
    }

    pub fn has_extension(&self, urn: &str) -> bool {
        self.attributes().contains_key(urn)
    }

    /// The whole resource of SCIM 2.0.
    pub fn render(&self) -> Object {
        let resource = self.resource();
        let mut out = Object::new();
        for attribute in resource.core().attributes.iter().filter(|a| a.returned != Returned::Never) {
            let place = Place { urn: None, attribute, sub: None };
            if let Some(value) = self.value(&place) {
                out.insert(attribute.name.into(), value.into_owned());
            }
        }
        let mut schemas = vec![Value::from(resource.core().urn)];
        for extension in resource.extensions().iter().filter(|e| self.has_extension(e.urn)) {
            schemas.push(extension.urn.into());
            out.insert(extension.urn.into(), self.attributes().get(extension.urn).cloned().unwrap_or_default());
        }
        if let Some(id) = self.attributes().get("externalId") {
            out.insert("externalId".into(), id.clone());
        }
        out.insert("id".into(), self.id().into());
        out.insert("meta".into(), self.meta());
        out.insert("schemas".into(), Value::Array(schemas));
        out
    }
}
