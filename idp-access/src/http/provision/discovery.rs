//! Discovery of SCIM 2.0 (RFC 7644 4): what the service can do, its schemas and its kinds of resources. GET only.

use super::gate::Face;
use super::{json, newer};
use crate::decide::scim::query::MAX_RESULTS;
use crate::http::Ctx;
use federation::Response;
use federation::tenant::access::DirectoryKind;
use federation::tenant::provisioning::UserAttribute;
use serde_json::{Value, json};
use wire::scim::message::{MAX_BYTES, Page};
use wire::scim::meta_schemas::{RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG};
use wire::scim::schema::{Local, Schema, schema_json};
use wire::scim::{MEDIA_TYPE, Resource};

const FACE: Face = Face::Newer;

pub fn route(ctx: &Ctx<'_>, method: &str, segments: &[&str]) -> Option<Response> {
    let (endpoint, rest) = segments.split_first()?;
    if !["ServiceProviderConfig", "Schemas", "ResourceTypes"].contains(endpoint) {
        return None;
    }
    if method != "GET" {
        return Some(json::not_allowed(FACE, method, "GET"));
    }
    // RFC 7644 4: filters over discovery are refused.
    if ctx.query("filter").is_some() {
        return Some(json::error(FACE, 403, None, "discovery is not filtered"));
    }
    let found: Option<Value> = match (*endpoint, rest) {
        ("ServiceProviderConfig", []) => Some(config(ctx)),
        ("Schemas", []) => Some(page(schemas(ctx))),
        ("Schemas", [id]) => schemas(ctx).into_iter().find(|s| s["id"].as_str().is_some_and(|i| i == decoded(id))),
        ("ResourceTypes", []) => Some(page(resource_types(ctx))),
        ("ResourceTypes", [id]) => resource_types(ctx).into_iter().find(|t| t["id"] == **id),
        _ => None,
    };
    Some(match found {
        Some(body) => json::json(200, MEDIA_TYPE, &body),
        None => json::error(FACE, 404, None, "there is nothing here"),
    })
}

/// Some clients write the colons of a URN as `%3A`.
fn decoded(id: &str) -> String {
    id.replace("%3A", ":").replace("%3a", ":")
}

fn page(resources: Vec<Value>) -> Value {
    Page { total: resources.len(), start: 1, resources }.list_response()
}

fn config(ctx: &Ctx<'_>) -> Value {
    json!({
        "schemas": [wire::scim::SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": MAX_BYTES },
        "filter": { "supported": true, "maxResults": MAX_RESULTS },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "An access token of a client with the scope admin",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{}/ServiceProviderConfig", newer::base(ctx)) },
    })
}

/// Where SCIM writes what the tenant calls by its own names.
fn scim_path(attribute: UserAttribute) -> Option<&'static str> {
    Some(match attribute {
        UserAttribute::FirstName => "name.givenName",
        UserAttribute::LastName => "name.familyName",
        UserAttribute::Email => "emails.value",
        UserAttribute::Phone => "phoneNumbers.value",
        // Extensions and what is required anyway.
        _ => return None,
    })
}

fn extension_path(attribute: UserAttribute) -> Option<&'static str> {
    Some(match attribute {
        UserAttribute::EmployeeID => "employeeNumber",
        UserAttribute::DistinguishedName => "distinguishedName",
        UserAttribute::UserPrincipalName => "userPrincipalName",
        _ => return None,
    })
}

/// The schemas, with what this tenant requires and the domains that it has.
fn schemas(ctx: &Ctx<'_>) -> Vec<Value> {
    let required = &ctx.settings.provisioning.required_attributes;
    let core =
        Local { required: required.iter().filter_map(|a| scim_path(*a)).map(Into::into).collect(), canonical: vec![] };
    let mut domains: Vec<String> = Vec::new();
    for directory in ctx.people().directories().filter(|d| d.kind == DirectoryKind::Other) {
        domains.extend(directory.domains.clone());
    }
    domains.sort();
    let local = |groups: bool| Local {
        required: if groups {
            vec![]
        } else {
            required.iter().filter_map(|a| extension_path(*a)).map(Into::into).collect()
        },
        canonical: vec![("domain".into(), domains.clone())],
    };
    let mut all: Vec<(Schema, Local)> =
        [SERVICE_PROVIDER_CONFIG, RESOURCE_TYPE, SCHEMA].into_iter().map(|s| (s, Local::default())).collect();
    for resource in [Resource::User, Resource::Group] {
        let own = if resource == Resource::User { core.clone() } else { Local::default() };
        all.push((*resource.core(), own));
        all.extend(resource.extensions().iter().map(|e| (*e, local(resource == Resource::Group))));
    }
    let base = newer::base(ctx);
    let told = |(schema, local): &(Schema, Local)| {
        Value::Object(schema_json(schema, local, &format!("{base}/Schemas/{}", schema.urn)))
    };
    all.iter().map(told).collect()
}

fn resource_types(ctx: &Ctx<'_>) -> Vec<Value> {
    let base = newer::base(ctx);
    let told = |resource: Resource| {
        let extensions: Vec<Value> =
            resource.extensions().iter().map(|e| json!({ "schema": e.urn, "required": false })).collect();
        json!({
            "schemas": [wire::scim::RESOURCE_TYPE],
            "id": resource.name(),
            "name": resource.name(),
            "description": resource.core().about,
            "endpoint": format!("/{}", resource.endpoint()),
            "schema": resource.core().urn,
            "schemaExtensions": extensions,
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", resource.name()) },
        })
    };
    [Resource::User, Resource::Group].into_iter().map(told).collect()
}
