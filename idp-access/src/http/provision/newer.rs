//! SCIM 2.0 of the newer service (RFC 7644) at `/usergroup/t/{tenant}/scim/v2`.

use super::commit::Audit;
use super::gate::{self, Face, admit};
use super::{discovery, json};
use crate::decide::scim::fault::Fault;
use crate::decide::scim::project::Wanted;
use crate::decide::scim::query::Query;
use crate::decide::scim::view::{View, etag};
use crate::decide::scim::{Rules, names_version};
use crate::http::{Ctx, pages};
use crate::people::{Change, People};
use federation::{Finding, Response};
use serde_json::Value;
use wire::scim::message::{self, Page, PatchOperation, Search, Unreadable};
use wire::scim::{MEDIA_TYPE, Object, Resource};

const FACE: Face = Face::Newer;

/// The tenant's name in addresses: the first label of its host.
pub fn tenant(ctx: &Ctx<'_>) -> String {
    ctx.settings.host.split('.').next().unwrap_or_default().to_string()
}

pub fn base_path(ctx: &Ctx<'_>) -> String {
    format!("/usergroup/t/{}/scim/v2", tenant(ctx))
}

pub fn base(ctx: &Ctx<'_>) -> String {
    ctx.url(&base_path(ctx))
}

fn resource(segment: &str) -> Option<Resource> {
    [Resource::User, Resource::Group].into_iter().find(|r| r.endpoint() == segment)
}

pub fn route(ctx: &Ctx<'_>, method: &str, segments: &[&str]) -> Response {
    let actor = match admit(ctx, FACE) {
        Ok(actor) => actor,
        Err(response) => return *response,
    };
    if !ctx.settings.provisioning.scim2 {
        return json::error(FACE, 404, None, "this tenant has no SCIM 2.0 interface");
    }
    if let Some(response) = discovery::route(ctx, method, segments) {
        return response;
    }
    let answer = match (method, segments) {
        ("POST", [".search"]) => search_all(ctx),
        (_, [".search"]) => return json::not_allowed(FACE, method, "POST"),
        (_, ["Me"]) => return json::error(FACE, 501, None, "/Me is not supported: a service client is nobody"),
        (_, ["Bulk"]) => return json::error(FACE, 501, None, "bulk operations are not supported"),
        (_, [endpoint, rest @ ..]) if resource(endpoint).is_some() => {
            let Some(resource) = resource(endpoint) else { return gate::nothing_here(ctx, FACE) };
            match (method, rest) {
                ("GET", []) => list(ctx, resource, &query(ctx)),
                ("POST", []) => create(ctx, &actor, resource),
                (_, []) => return json::not_allowed(FACE, method, "GET, POST"),
                ("POST", [".search"]) => searched(ctx).and_then(|search| list(ctx, resource, &search)),
                (_, [".search"]) => return json::not_allowed(FACE, method, "POST"),
                ("GET", [id]) => get(ctx, resource, id),
                ("PUT" | "PATCH" | "DELETE", [id]) => change(ctx, &actor, resource, id, method),
                (_, [_]) => return json::not_allowed(FACE, method, "GET, PUT, PATCH, DELETE"),
                _ => Err(Fault::NotFound("there is nothing here".into())),
            }
        }
        _ => Err(Fault::NotFound("there is nothing here".into())),
    };
    answer.unwrap_or_else(|fault| json::fault(FACE, &fault))
}

fn query(ctx: &Ctx<'_>) -> Search {
    Search::from_query(ctx.request.uri().query().unwrap_or_default())
}

fn unreadable(e: Unreadable) -> Fault {
    match e.scim_type {
        "invalidPath" => Fault::Path(e.detail),
        "noTarget" => Fault::NoTarget(e.detail),
        "invalidValue" => Fault::Invalid(e.detail),
        "tooMany" => Fault::TooMany(e.detail),
        _ => Fault::Syntax(e.detail),
    }
}

fn body(ctx: &Ctx<'_>) -> Result<Object, Fault> {
    message::read_object(ctx.request.body()).map_err(|e| Fault::Syntax(e.detail))
}

fn searched(ctx: &Ctx<'_>) -> Result<Search, Fault> {
    Search::from_body(&body(ctx)?, true).map_err(unreadable)
}

/// A body that says what it is.
fn resource_body(ctx: &Ctx<'_>, resource: Resource) -> Result<Object, Fault> {
    let body = body(ctx)?;
    let urn = resource.core().urn;
    if !message::names_schema(&body, urn) {
        return Err(Fault::Syntax(format!("`schemas` must name {urn}")));
    }
    Ok(body)
}

fn list(ctx: &Ctx<'_>, resource: Resource, search: &Search) -> Result<Response, Fault> {
    let query = Query::read(resource, search, true)?;
    let wanted = Wanted::read(resource, search, true)?;
    let (people, base) = (ctx.people(), base(ctx));
    let rules = ctx.rules(&people, true);
    let (total, resources) = match resource {
        Resource::User => {
            let found = rules.list_users(&query);
            let each = found.items.iter().map(|u| wanted.of(View::user(&people, u, &base).render()).into());
            (found.total, each.collect())
        }
        Resource::Group => {
            let found = rules.list_groups(&query);
            let each = found.items.iter().map(|g| wanted.of(View::group(&people, g, &base).render()).into());
            (found.total, each.collect())
        }
    };
    let page = Page { total, start: query.start, resources };
    Ok(json::json(200, MEDIA_TYPE, &page.list_response()))
}

/// Over users and groups together (RFC 7644 3.4.2.1): the pages of both, one after the other.
fn search_all(ctx: &Ctx<'_>) -> Result<Response, Fault> {
    let search = searched(ctx)?;
    let (people, base) = (ctx.people(), base(ctx));
    let rules = ctx.rules(&people, true);
    let users = Query::read(Resource::User, &search, true);
    let groups = Query::read(Resource::Group, &search, true);
    // An attribute that only one of them has narrows the search to it.
    let start = match (&users, &groups) {
        (Err(fault), Err(_)) => return Err(fault.clone()),
        (Ok(q), _) | (_, Ok(q)) => q.start,
    };
    let mut total = 0;
    let mut resources: Vec<Value> = Vec::new();
    if let Ok(query) = users {
        let wanted = Wanted::read(Resource::User, &search, true)?;
        let found = rules.list_users(&query);
        total += found.total;
        resources.extend(found.items.iter().map(|u| wanted.of(View::user(&people, u, &base).render()).into()));
    }
    if let Ok(query) = groups {
        let wanted = Wanted::read(Resource::Group, &search, true)?;
        let query = query.after(total, resources.len());
        let found = rules.list_groups(&query);
        total += found.total;
        resources.extend(found.items.iter().map(|g| wanted.of(View::group(&people, g, &base).render()).into()));
    }
    Ok(json::json(200, MEDIA_TYPE, &Page { total, start, resources }.list_response()))
}

fn respond(status: u16, body: Object, version: u64, location: Option<&str>) -> Response {
    let mut response = json::json(status, MEDIA_TYPE, &Value::Object(body));
    pages::set(&mut response, "etag", &etag(version));
    if let Some(location) = location {
        pages::set(&mut response, "location", location);
    }
    response
}

fn get(ctx: &Ctx<'_>, resource: Resource, id: &str) -> Result<Response, Fault> {
    let wanted = Wanted::read(resource, &query(ctx), true)?;
    let (people, base) = (ctx.people(), base(ctx));
    let missing = || Fault::NotFound(format!("there is no {} {id}", resource.name().to_lowercase()));
    let view = match resource {
        Resource::User => View::user(&people, people.user(id).ok_or_else(missing)?, &base),
        Resource::Group => View::group(&people, people.group(id).ok_or_else(missing)?, &base),
    };
    let known = ctx.header("if-none-match");
    if !known.is_empty() && names_version(known, view.version()) {
        let mut response = json::no_content();
        *response.status_mut() = http::StatusCode::NOT_MODIFIED;
        pages::set(&mut response, "etag", &etag(view.version()));
        return Ok(response);
    }
    Ok(respond(200, wanted.of(view.render()), view.version(), None))
}

/// What is answered to a write: the view of the record as it then is.
type Rendered = (Object, u64, String);

fn rendered(people: &People, resource: Resource, id: &str, base: &str, wanted: &Wanted) -> (String, Rendered) {
    let view = match resource {
        Resource::User => people.user(id).map(|u| View::user(people, u, base)),
        Resource::Group => people.group(id).map(|g| View::group(people, g, base)),
    };
    let name = match resource {
        Resource::User => people.user(id).map(|u| u.user_name().to_string()),
        Resource::Group => people.group(id).map(|g| g.display_name().to_string()),
    };
    let out = view.map(|v| (wanted.of(v.render()), v.version(), v.location()));
    (name.unwrap_or_default(), out.unwrap_or_default())
}

fn create(ctx: &Ctx<'_>, actor: &str, resource: Resource) -> Result<Response, Fault> {
    let wanted = Wanted::read(resource, &query(ctx), true)?;
    let body = resource_body(ctx, resource)?;
    let (id, base) = (wire::ids::uuid(&ctx.outside.fresh_id("scim")), base(ctx));
    let audit = Audit { actor, action: "CREATE", object: resource.name() };
    let decide = |rules: &Rules<'_>, why: &mut Vec<Finding>| match resource {
        Resource::User => rules.create_user(id, &body, why).map(|o| (o.record.id.clone(), o.changes)),
        Resource::Group => rules.create_group(id, &body, why).map(|o| (o.record.id.clone(), o.changes)),
    };
    let (body, version, location) =
        ctx.commit(true, audit, decide, |people, id| rendered(people, resource, id, &base, &wanted))?;
    Ok(respond(201, body, version, Some(&location)))
}

fn change(ctx: &Ctx<'_>, actor: &str, resource: Resource, id: &str, method: &str) -> Result<Response, Fault> {
    let wanted = Wanted::read(resource, &query(ctx), true)?;
    let if_match = Some(ctx.header("if-match")).filter(|h| !h.is_empty());
    let base = base(ctx);
    let action = if method == "DELETE" { "DELETE" } else { "UPDATE" };
    let audit = Audit { actor, action, object: resource.name() };
    if method == "DELETE" {
        let decide = |rules: &Rules<'_>, why: &mut Vec<Finding>| -> Result<((), Vec<Change>), Fault> {
            let changes = match resource {
                Resource::User => rules.delete_user(id, if_match, why),
                Resource::Group => rules.delete_group(id, if_match, why),
            };
            changes.map(|changes| ((), changes))
        };
        ctx.commit(true, audit, decide, |_, ()| (id.to_string(), ()))?;
        return Ok(json::no_content());
    }
    let (body, operations): (Object, Vec<PatchOperation>) = match method {
        "PATCH" => (Object::new(), message::read_patch(&body(ctx)?).map_err(unreadable)?),
        _ => (resource_body(ctx, resource)?, Vec::new()),
    };
    let decide = |rules: &Rules<'_>, why: &mut Vec<Finding>| {
        let patching = method == "PATCH";
        match resource {
            Resource::User if patching => rules.patch_user(id, &operations, if_match, why).map(|o| ((), o.changes)),
            Resource::User => rules.replace_user(id, &body, if_match, why).map(|o| ((), o.changes)),
            Resource::Group if patching => rules.patch_group(id, &operations, if_match, why).map(|o| ((), o.changes)),
            Resource::Group => rules.replace_group(id, &body, if_match, why).map(|o| ((), o.changes)),
        }
    };
    let (body, version, location) =
        ctx.commit(true, audit, decide, |people, ()| rendered(people, resource, id, &base, &wanted))?;
    Ok(respond(200, body, version, Some(&location)))
}
