//! The schemas that describe schemas, resource types and the service itself (RFC 7643 8.7.2); served, never stored.

use super::schema::Kind::{Boolean, Complex, Integer, Reference, Text};
use super::schema::{Attribute, Kind, Schema};

const fn ro(name: &'static str, kind: Kind, about: &'static str) -> Attribute {
    Attribute::new(name, kind, about).read_only()
}

const SUPPORTED: &[Attribute] = &[ro("supported", Boolean, "Whether it is.").required()];
const BULK: &[Attribute] = &[
    ro("supported", Boolean, "Whether it is.").required(),
    ro("maxOperations", Integer, "Most operations.").required(),
    ro("maxPayloadSize", Integer, "Most bytes.").required(),
];
const FILTER: &[Attribute] = &[
    ro("supported", Boolean, "Whether it is.").required(),
    ro("maxResults", Integer, "Most resources of one answer.").required(),
];
const AUTHENTICATION: &[Attribute] = &[
    ro("type", Text, "Kind of the scheme.").required(),
    ro("name", Text, "Its name.").required(),
    ro("description", Text, "What it is.").required(),
    ro("specUri", Reference(&["external"]), "Where it is specified."),
    ro("documentationUri", Reference(&["external"]), "Where it is explained."),
    ro("primary", Boolean, "The preferred one."),
];

pub const SERVICE_PROVIDER_CONFIG: Schema = Schema {
    urn: super::SERVICE_PROVIDER_CONFIG,
    name: "ServiceProviderConfig",
    about: "What the service can do.",
    attributes: &[
        ro("documentationUri", Reference(&["external"]), "Where it is explained."),
        ro("patch", Complex(SUPPORTED), "PATCH.").required(),
        ro("bulk", Complex(BULK), "Bulk.").required(),
        ro("filter", Complex(FILTER), "Filters.").required(),
        ro("changePassword", Complex(SUPPORTED), "Changing passwords.").required(),
        ro("sort", Complex(SUPPORTED), "Sorting.").required(),
        ro("etag", Complex(SUPPORTED), "ETags.").required(),
        ro("authenticationSchemes", Complex(AUTHENTICATION), "How clients authenticate.").multi().required(),
    ],
};

const EXTENSIONS: &[Attribute] = &[
    ro("schema", Reference(&["uri"]), "URN of the extension.").exact().required(),
    ro("required", Boolean, "Whether each resource has it.").required(),
];

pub const RESOURCE_TYPE: Schema = Schema {
    urn: super::RESOURCE_TYPE,
    name: "ResourceType",
    about: "A kind of resource.",
    attributes: &[
        ro("id", Text, "Its id."),
        ro("name", Text, "Its name.").required(),
        ro("description", Text, "What it is."),
        ro("endpoint", Reference(&["uri"]), "Where it is.").required(),
        ro("schema", Reference(&["uri"]), "URN of its schema.").exact().required(),
        ro("schemaExtensions", Complex(EXTENSIONS), "Its extensions.").multi(),
    ],
};

const SUB_ATTRIBUTE: &[Attribute] = &[
    ro("name", Text, "Its name.").exact().required(),
    ro("type", Text, "Its type.").required().one_of(&[
        "string",
        "complex",
        "boolean",
        "decimal",
        "integer",
        "dateTime",
        "reference",
        "binary",
    ]),
    ro("multiValued", Boolean, "Whether it has several values.").required(),
    ro("description", Text, "What it is.").exact(),
    ro("required", Boolean, "Whether it must be there."),
    ro("canonicalValues", Text, "Its usual values.").exact().multi(),
    ro("caseExact", Boolean, "Whether case counts."),
    ro("mutability", Text, "Who may change it.").exact().one_of(&["readOnly", "readWrite", "immutable", "writeOnly"]),
    ro("returned", Text, "When it is told.").exact().one_of(&["always", "never", "default", "request"]),
    ro("uniqueness", Text, "How unique it is.").exact().one_of(&["none", "server", "global"]),
    ro("referenceTypes", Text, "What it may refer to.").exact().multi(),
];

const fn with_sub_attributes() -> [Attribute; 12] {
    let [a, b, c, d, e, f, g, h, i, j, k] = match SUB_ATTRIBUTE {
        [a, b, c, d, e, f, g, h, i, j, k] => [*a, *b, *c, *d, *e, *f, *g, *h, *i, *j, *k],
        _ => panic!("eleven attributes"),
    };
    [a, b, c, d, e, f, g, h, i, j, k, ro("subAttributes", Complex(SUB_ATTRIBUTE), "Its parts.").multi()]
}

const ATTRIBUTES: &[Attribute] = &with_sub_attributes();

pub const SCHEMA: Schema = Schema {
    urn: super::SCHEMA,
    name: "Schema",
    about: "A description of attributes.",
    attributes: &[
        ro("id", Text, "Its URN.").exact().required(),
        ro("name", Text, "Its name.").exact(),
        ro("description", Text, "What it is."),
        ro("attributes", Complex(ATTRIBUTES), "Its attributes.").multi().required(),
    ],
};
