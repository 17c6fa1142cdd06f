//! Why a request of a provisioning client is refused; how it is said depends on the dialect.

use federation::tenant::provisioning::UserAttribute;
use std::fmt;
use wire::scim::Resource;

/// One refusal. The texts that Access is known for are verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// No such resource.
    NotFound(String),
    /// Somebody else has this user name or display name.
    Taken(String),
    DomainUnknown,
    CreationUnsupported,
    RequiredMissing(Vec<UserAttribute>),
    NotLocal(Resource),
    /// A value that does not fit, with the place.
    Invalid(String),
    /// A structure that does not fit.
    Syntax(String),
    Path(String),
    NoTarget(String),
    /// An attribute that the client may not change.
    ReadOnly(String),
    Filter(String),
    TooMany(String),
    /// The resource has another version than the client thinks.
    VersionDiffers,
    /// A list parameter; the classic interface answers 404 to these.
    ListParameter(String),
    Directory(String),
    DirectoryConflict(String),
}

impl Fault {
    pub fn status(&self) -> u16 {
        match self {
            Fault::NotFound(_) => 404,
            Fault::Taken(_) | Fault::DirectoryConflict(_) => 409,
            Fault::NotLocal(_) => 403,
            Fault::VersionDiffers => 412,
            _ => 400,
        }
    }

    /// `scimType` of RFC 7644 3.12, where it has one.
    pub fn scim_type(&self) -> Option<&'static str> {
        match self {
            Fault::Taken(_) => Some("uniqueness"),
            Fault::DomainUnknown
            | Fault::CreationUnsupported
            | Fault::RequiredMissing(_)
            | Fault::Invalid(_)
            | Fault::ListParameter(_) => Some("invalidValue"),
            Fault::Syntax(_) => Some("invalidSyntax"),
            Fault::Path(_) => Some("invalidPath"),
            Fault::NoTarget(_) => Some("noTarget"),
            Fault::ReadOnly(_) => Some("mutability"),
            Fault::Filter(_) => Some("invalidFilter"),
            Fault::TooMany(_) => Some("tooMany"),
            _ => None,
        }
    }

    /// Code of the finding.
    pub fn code(&self) -> &'static str {
        match self {
            Fault::NotFound(_) => "scim/not-found",
            Fault::Taken(_) => "scim/name-taken",
            Fault::DomainUnknown => "scim/domain-unknown",
            Fault::CreationUnsupported => "scim/creation-unsupported",
            Fault::RequiredMissing(_) => "scim/required-missing",
            Fault::NotLocal(_) => "scim/not-local",
            Fault::ReadOnly(_) => "scim/read-only",
            Fault::Filter(_) => "scim/filter",
            Fault::VersionDiffers => "scim/version-differs",
            Fault::Directory(_) | Fault::DirectoryConflict(_) => "directory/refused",
            Fault::ListParameter(_) => "scim/list-parameter",
            Fault::Invalid(_) | Fault::Syntax(_) | Fault::Path(_) | Fault::NoTarget(_) | Fault::TooMany(_) => {
                "scim/invalid"
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::DomainUnknown => {
                f.write_str("User domain name specified for the user resource doesn't belong to the directory.")
            }
            Fault::CreationUnsupported => f.write_str("User creation is not supported for specified directory id"),
            Fault::RequiredMissing(names) => {
                let names: Vec<&str> = names.iter().map(|n| n.name()).collect();
                write!(f, "Required user attributes:[{}] are missing.", names.join(", "))
            }
            Fault::NotLocal(Resource::User) => f.write_str("The user is not a local user and can not be updated"),
            Fault::NotLocal(Resource::Group) => f.write_str("The group is not a local group and can not be updated"),
            Fault::VersionDiffers => f.write_str("the resource has changed: read it again before changing it"),
            Fault::NotFound(text)
            | Fault::Taken(text)
            | Fault::Invalid(text)
            | Fault::Syntax(text)
            | Fault::Path(text)
            | Fault::NoTarget(text)
            | Fault::ReadOnly(text)
            | Fault::Filter(text)
            | Fault::TooMany(text)
            | Fault::ListParameter(text)
            | Fault::Directory(text)
            | Fault::DirectoryConflict(text) => f.write_str(text),
        }
    }
}
