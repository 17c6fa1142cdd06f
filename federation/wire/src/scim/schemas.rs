//! The schemas that Access serves: users and groups of RFC 7643, with the Workspace ONE extensions (`ws1b`).

use super::schema::Kind::{Binary, Boolean, Complex, DateTime, Reference, Text};
use super::schema::{Attribute, Kind, Schema};

pub const USER_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The extension of the newer service, as its integrations with other providers map it.
pub const WS1B_USER_URN: &str = "urn:ietf:params:scim:schemas:extension:ws1b:2.0:User";
pub const WS1B_GROUP_URN: &str = "urn:ietf:params:scim:schemas:extension:ws1b:2.0:Group";

const fn at(name: &'static str, kind: Kind, about: &'static str) -> Attribute {
    Attribute::new(name, kind, about)
}

const NAME: &[Attribute] = &[
    at("formatted", Text, "The whole name as it is shown."),
    at("familyName", Text, "Last name."),
    at("givenName", Text, "First name."),
    at("middleName", Text, "Middle name."),
    at("honorificPrefix", Text, "Title before the name."),
    at("honorificSuffix", Text, "Suffix after the name."),
];

const DISPLAY: Attribute = at("display", Text, "How it is shown.");
const TYPE: Attribute = at("type", Text, "What it is for.");
const PRIMARY: Attribute = at("primary", Boolean, "The preferred one; at most one is.");
const VALUE: Attribute = at("value", Text, "The value.");

const EMAILS: &[Attribute] =
    &[at("value", Text, "The address.").required(), DISPLAY, TYPE.one_of(&["work", "home", "other"]), PRIMARY];
const PHONES: &[Attribute] =
    &[VALUE, DISPLAY, TYPE.one_of(&["work", "home", "mobile", "fax", "pager", "other"]), PRIMARY];
const IMS: &[Attribute] = &[VALUE, DISPLAY, TYPE, PRIMARY];
const PHOTOS: &[Attribute] = &[
    at("value", Reference(&["external"]), "Address of the picture.").exact(),
    DISPLAY,
    TYPE.one_of(&["photo", "thumbnail"]),
    PRIMARY,
];
const ADDRESSES: &[Attribute] = &[
    at("formatted", Text, "The whole address."),
    at("streetAddress", Text, "Street and number."),
    at("locality", Text, "City."),
    at("region", Text, "State or region."),
    at("postalCode", Text, "Postal code."),
    at("country", Text, "Country."),
    TYPE.one_of(&["work", "home", "other"]),
    PRIMARY,
];
const CERTIFICATES: &[Attribute] = &[at("value", Binary, "A certificate, DER.").exact(), DISPLAY, TYPE, PRIMARY];
const GROUPS: &[Attribute] = &[
    at("value", Text, "Id of the group.").exact().read_only(),
    at("$ref", Reference(&["Group"]), "Address of the group.").exact().read_only(),
    at("display", Text, "Name of the group.").read_only(),
];

pub const USER: Schema = Schema {
    urn: USER_URN,
    name: "User",
    about: "A person of a directory.",
    attributes: &[
        at("userName", Text, "What the person signs in with; unique in its directory, whatever the case.")
            .required()
            .unique(),
        at("name", Complex(NAME), "The person's name."),
        at("displayName", Text, "The name that is shown."),
        at("nickName", Text, "The name that friends use."),
        at("profileUrl", Reference(&["external"]), "A page about the person.").exact(),
        at("title", Text, "The person's title."),
        at("userType", Text, "Relation to the organisation."),
        at("preferredLanguage", Text, "Preferred languages."),
        at("locale", Text, "For dates, numbers and currency."),
        at("timezone", Text, "Time zone."),
        at("active", Boolean, "Whether the person may sign in."),
        at("password", Text, "Kept as a hash, never told.").exact().write_only(),
        at("emails", Complex(EMAILS), "E-mail address; Access keeps one.").multi(),
        at("phoneNumbers", Complex(PHONES), "Telephone numbers.").multi(),
        at("ims", Complex(IMS), "Messenger addresses.").multi(),
        at("photos", Complex(PHOTOS), "Pictures.").multi(),
        at("addresses", Complex(ADDRESSES), "Postal addresses.").multi(),
        at("groups", Complex(GROUPS), "Groups the person is in; changed at the group.").multi().read_only(),
        at("entitlements", Complex(IMS), "Entitlements.").multi(),
        at("roles", Complex(IMS), "Roles.").multi(),
        at("x509Certificates", Complex(CERTIFICATES), "Certificates.").multi(),
    ],
};

const MANAGER: &[Attribute] = &[
    at("value", Text, "Id of the manager.").exact(),
    at("$ref", Reference(&["User"]), "Address of the manager.").exact(),
];

pub const ENTERPRISE: Schema = Schema {
    urn: ENTERPRISE_URN,
    name: "EnterpriseUser",
    about: "The person in the organisation.",
    attributes: &[
        at("employeeNumber", Text, "Number of the employee."),
        at("costCenter", Text, "Cost centre."),
        at("organization", Text, "Organisation."),
        at("division", Text, "Division."),
        at("department", Text, "Department."),
        at("manager", Complex(MANAGER), "The person's manager."),
    ],
};

pub const WS1B_USER: Schema = Schema {
    urn: WS1B_USER_URN,
    name: "WorkspaceUser",
    about: "The person in Workspace ONE.",
    attributes: &[
        at("domain", Text, "Domain of the directory that the person belongs to.").immutable(),
        at("userPrincipalName", Text, "The person's UPN."),
        at("distinguishedName", Text, "Name in the directory of origin."),
        at("adSourceAnchor", Text, "Source anchor in the directory of origin.").exact(),
        at("customAttribute1", Text, "At the tenant's disposal."),
        at("customAttribute2", Text, "At the tenant's disposal."),
        at("customAttribute3", Text, "At the tenant's disposal."),
        at("customAttribute4", Text, "At the tenant's disposal."),
        at("customAttribute5", Text, "At the tenant's disposal."),
    ],
};

const MEMBERS: &[Attribute] = &[
    at("value", Text, "Id of the member.").exact().immutable(),
    at("$ref", Reference(&["User"]), "Address of the member.").exact().immutable(),
    at("type", Text, "What the member is.").one_of(&["User"]).immutable(),
];

pub const GROUP: Schema = Schema {
    urn: GROUP_URN,
    name: "Group",
    about: "A group of people.",
    attributes: &[
        at("displayName", Text, "Name of the group; unique in its directory, whatever the case.").required().unique(),
        at("members", Complex(MEMBERS), "People in the group.").multi(),
    ],
};

pub const WS1B_GROUP: Schema = Schema {
    urn: WS1B_GROUP_URN,
    name: "WorkspaceGroup",
    about: "The group in Workspace ONE.",
    attributes: &[
        at("domain", Text, "Domain of the directory that the group belongs to.").immutable(),
        at("description", Text, "What the group is for."),
        at("distinguishedName", Text, "Name in the directory of origin."),
    ],
};

const META: &[Attribute] = &[
    at("resourceType", Text, "Type of the resource.").exact().read_only(),
    at("created", DateTime, "When it was made.").read_only(),
    at("lastModified", DateTime, "When it was last changed.").read_only(),
    at("location", Reference(&["uri"]), "Its address.").exact().read_only(),
    at("version", Text, "Its version, as in the ETag.").exact().read_only(),
];

/// Attributes that every resource has beside its schemas (RFC 7643 3.1).
pub const COMMON: &[Attribute] = &[
    Attribute {
        returned: super::schema::Returned::Always,
        ..at("id", Text, "Given by the server.").exact().read_only()
    },
    at("externalId", Text, "Given by the client.").exact(),
    at("meta", Complex(META), "About the resource.").read_only(),
];

/// What kind of resource, with its schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    User,
    Group,
}

impl Resource {
    pub fn core(self) -> &'static Schema {
        match self {
            Resource::User => &USER,
            Resource::Group => &GROUP,
        }
    }
    pub fn extensions(self) -> &'static [Schema] {
        match self {
            Resource::User => &[ENTERPRISE, WS1B_USER],
            Resource::Group => &[WS1B_GROUP],
        }
    }
    pub fn extension(self, urn: &str) -> Option<&'static Schema> {
        self.extensions().iter().find(|s| s.urn.eq_ignore_ascii_case(urn))
    }
    pub fn name(self) -> &'static str {
        self.core().name
    }
    /// The last segment of its address.
    pub fn endpoint(self) -> &'static str {
        match self {
            Resource::User => "Users",
            Resource::Group => "Groups",
        }
    }
    /// The extension that holds `domain`.
    pub fn workspace(self) -> &'static str {
        match self {
            Resource::User => WS1B_USER_URN,
            Resource::Group => WS1B_GROUP_URN,
        }
    }
}
