//! Rules for the directory interface: which kinds can be made, and what a directory needs.

use super::Rules;
use super::fault::Fault;
use crate::people::{Change, Directory};
use federation::tenant::access::{DirectoryKind, OnPremisesPart};
use federation::tenant::provisioning::Deployment;
use federation::{Finding, Why};
use std::sync::Arc;

/// A new directory as an administrator describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDirectory {
    pub kind: DirectoryKind,
    pub name: String,
    pub domains: Vec<String>,
}

impl Rules<'_> {
    /// Makes a directory under `id`, its user store under `user_store`.
    pub fn create_directory(
        &self,
        id: String,
        user_store: String,
        new: NewDirectory,
        why: &mut impl Why,
    ) -> Result<(Arc<Directory>, Change), Fault> {
        let provisioning = &self.settings.provisioning;
        if new.kind == DirectoryKind::Other && provisioning.deployment == Deployment::OnPremises {
            why.note(|| Finding::new("assumes/on-premises-part").rule("access.assumptions.on_premises_part"));
            if self.settings.assumptions.on_premises_part == OnPremisesPart::NoOtherDirectory {
                why.note(|| {
                    Finding::new("directory/refused").rule("access.provisioning.deployment").saw("on-premises")
                });
                return Err(Fault::Directory(
                    "directories of type OTHER_DIRECTORY need Workspace ONE Access SaaS".into(),
                ));
            }
        }
        if new.name.trim().is_empty() {
            return Err(Fault::Directory("`name` is missing".into()));
        }
        if new.domains.is_empty() || new.domains.iter().any(|d| d.trim().is_empty()) {
            return Err(Fault::Directory("`domains` must list at least one domain".into()));
        }
        if self.people.directory_named(&new.name).is_some() {
            return Err(Fault::DirectoryConflict(format!("a directory with the name {} exists already", new.name)));
        }
        if let Some(domain) = new.domains.iter().find(|d| self.people.directory_of_domain(d).is_some()) {
            return Err(Fault::DirectoryConflict(format!("the domain {domain} belongs to another directory already")));
        }
        why.note(|| Finding::new("directory/created").saw(format!("{} for {}", new.name, new.domains.join(", "))));
        let directory = Arc::new(Directory { id, name: new.name, kind: new.kind, domains: new.domains, user_store });
        Ok((directory.clone(), Change::PutDirectory(directory)))
    }

    /// Takes a directory away with its people and groups. The System Directory stays.
    pub fn delete_directory(&self, id: &str, why: &mut impl Why) -> Result<Change, Fault> {
        let directory =
            self.people.directory(id).ok_or_else(|| Fault::NotFound(format!("there is no directory {id}")))?;
        if directory.has_domain(crate::people::SYSTEM_DOMAIN) {
            return Err(Fault::Directory("the System Directory cannot be deleted".into()));
        }
        why.note(|| Finding::new("directory/deleted").saw(&directory.name));
        Ok(Change::RemoveDirectory(id.into()))
    }
}
