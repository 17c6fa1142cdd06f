//! SCIM as formats: filters, paths, schemas, messages, and the classic dialect beside 2.0. Nothing here decides.
//!
//! Between the dialects stands one shape of a resource: the JSON object of SCIM 2.0, without `id`, `meta` and `schemas`.

pub mod classic;
pub mod filter;
pub mod message;
pub mod meta_schemas;
pub mod path;
pub mod schema;
pub mod schemas;

pub use filter::{AttrPath, Filter, Literal, Op, Problem};
pub use path::PatchPath;
pub use schemas::Resource;

pub const MEDIA_TYPE: &str = "application/scim+json";
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// A JSON object.
pub type Object = serde_json::Map<String, serde_json::Value>;
