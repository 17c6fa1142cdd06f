//! The classic interface at `/SAAS/jersey/manager/api/scim`, core 1.0 with the workspace extensions; Okta's app speaks it.

use super::commit::Audit;
use super::gate::{Face, admit, note};
use super::{MANAGER, json};
use crate::decide::scim::Rules;
use crate::decide::scim::fault::Fault;
use crate::decide::scim::project::Wanted;
use crate::decide::scim::query::Query;
use crate::decide::scim::view::{View, etag};
use crate::http::{Ctx, pages};
use crate::people::{Group, People, User};
use federation::tenant::access::{ClassicPut, DirectoryKind};
use federation::{Finding, Response};
use serde_json::{Value, json};
use wire::scim::classic::{self, Told};
use wire::scim::message::{self, Page, Search};
use wire::scim::{Object, Resource};

const FACE: Face = Face::Classic;
const JSON: &str = "application/json";

fn resource(segment: &str) -> Option<Resource> {
    [Resource::User, Resource::Group].into_iter().find(|r| r.endpoint() == segment)
}

fn base(ctx: &Ctx<'_>) -> String {
    ctx.url(&format!("{MANAGER}/scim"))
}

pub fn route(ctx: &Ctx<'_>, method: &str, segments: &[&str]) -> Response {
    let actor = match admit(ctx, FACE) {
        Ok(actor) => actor,
        Err(response) => return *response,
    };
    let asked = ctx.header("x-http-method-override").to_ascii_uppercase();
    let overrides = method == "POST" && ["PATCH", "PUT", "DELETE"].contains(&asked.as_str());
    let method = if overrides { asked.as_str() } else { method };
    let nothing = || Err(Fault::NotFound("there is nothing here".into()));
    let answer = match segments {
        ["Schemas"] if method == "GET" => Ok(schemas(ctx)),
        ["Schemas"] => return json::not_allowed(FACE, method, "GET"),
        [endpoint, rest @ ..] => match (resource(endpoint), method, rest) {
            (None, ..) => nothing(),
            (Some(resource), "GET", []) => list(ctx, resource, &query(ctx)),
            (Some(resource), "POST", []) => create(ctx, &actor, resource),
            (Some(_), _, []) => return json::not_allowed(FACE, method, "GET, POST"),
            (Some(resource), "POST", [".search"]) => {
                let search = body(ctx).map(|b| Search::from_body(&b, false).unwrap_or_default());
                search.and_then(|search| list(ctx, resource, &search))
            }
            (Some(_), _, [".search"]) => return json::not_allowed(FACE, method, "POST"),
            (Some(resource), "GET", [id]) => get(ctx, resource, id),
            (Some(_), "PUT", [_]) if !puts(ctx) => return json::not_allowed(FACE, method, "GET, PATCH, DELETE"),
            (Some(resource), "PUT" | "PATCH", [id]) => change(ctx, &actor, resource, id, method == "PUT"),
            (Some(resource), "DELETE", [id]) => delete(ctx, &actor, resource, id),
            (Some(_), _, [_]) => return json::not_allowed(FACE, method, "GET, PATCH, DELETE"),
            _ => nothing(),
        },
        [] => nothing(),
    };
    answer.unwrap_or_else(|fault| json::fault(FACE, &fault))
}

fn puts(ctx: &Ctx<'_>) -> bool {
    note(ctx, "assumes/scim-classic-put", "PUT");
    ctx.settings.assumptions.scim_classic_put == ClassicPut::Accepted
}

fn query(ctx: &Ctx<'_>) -> Search {
    Search::from_query(ctx.request.uri().query().unwrap_or_default())
}

fn body(ctx: &Ctx<'_>) -> Result<Object, Fault> {
    message::read_object(ctx.request.body()).map_err(|e| Fault::Syntax(e.detail))
}

/// A resource of 2.0, cut to what is wanted, in classic words.
fn told(people: &People, view: &View<'_>, wanted: &Wanted, directory: &str, told: Told) -> Value {
    let directory = people.directory(directory);
    let told = Told {
        domain: view.domain().into(),
        user_store: directory.map(|d| d.user_store.clone()).unwrap_or_default(),
        ..told
    };
    let mut core = view.render();
    let kept: Vec<(String, Value)> =
        ["id", "meta"].iter().filter_map(|n| core.get(*n).map(|v| (n.to_string(), v.clone()))).collect();
    core = wanted.of(core);
    ["id", "meta", "schemas", "groups", "members"].iter().for_each(|name| drop(core.remove(*name)));
    let mut out = classic::from_core(view.resource(), &core, &told);
    out.extend(kept);
    if *wanted != Wanted::Everything {
        let always = |name: &str| ["id", "schemas", "meta"].contains(&name);
        let workspace = core.contains_key(view.resource().workspace());
        out.retain(|name, _| match name.as_str() {
            classic::WORKSPACE => workspace,
            name => always(name) || core.contains_key(name) || wanted.names(name),
        });
    }
    Value::Object(out)
}

fn user(people: &People, user: &User, wanted: &Wanted, base: &str) -> Value {
    let view = View::user(people, user, base);
    let provisioned = people.directory(&user.directory).is_some_and(|d| d.kind != DirectoryKind::Local);
    let facts = Told {
        internal_type: if provisioned { "PROVISIONED" } else { "LOCAL" },
        user_status: Some(if user.active() { "1" } else { "2" }),
        groups: view.groups(),
        ..Told::default()
    };
    told(people, &view, wanted, &user.directory, facts)
}

fn group(people: &People, group: &Group, wanted: &Wanted, base: &str) -> Value {
    let view = View::group(people, group, base);
    let external = people.directory(&group.directory).is_some_and(|d| d.kind == DirectoryKind::Ad);
    let facts = Told {
        internal_type: if external { "EXTERNAL" } else { "INTERNAL" },
        members: view.members(),
        ..Told::default()
    };
    told(people, &view, wanted, &group.directory, facts)
}

fn list(ctx: &Ctx<'_>, resource: Resource, search: &Search) -> Result<Response, Fault> {
    let query = Query::read(resource, search, false)?;
    let wanted = Wanted::read(resource, search, false)?;
    let (people, base) = (ctx.people(), base(ctx));
    let rules = ctx.rules(&people, false);
    let (total, resources) = match resource {
        Resource::User => {
            let found = rules.list_users(&query);
            (found.total, found.items.iter().map(|u| user(&people, u, &wanted, &base)).collect())
        }
        Resource::Group => {
            let found = rules.list_groups(&query);
            (found.total, found.items.iter().map(|g| group(&people, g, &wanted, &base)).collect())
        }
    };
    Ok(json::json(200, JSON, &Page { total, start: query.start, resources }.classic()))
}

/// Name, body and version of a record as it is now.
fn rendered(
    people: &People,
    resource: Resource,
    id: &str,
    wanted: &Wanted,
    base: &str,
) -> Option<(String, (Value, u64))> {
    Some(match resource {
        Resource::User => {
            let found = people.user(id)?;
            (found.user_name().into(), (user(people, found, wanted, base), found.version))
        }
        Resource::Group => {
            let found = people.group(id)?;
            (found.display_name().into(), (group(people, found, wanted, base), found.version))
        }
    })
}

fn respond(status: u16, body: &Value, version: u64, location: Option<&str>) -> Response {
    let mut response = json::json(status, JSON, body);
    pages::set(&mut response, "etag", &etag(version));
    if let Some(location) = location {
        pages::set(&mut response, "location", location);
    }
    response
}

fn get(ctx: &Ctx<'_>, resource: Resource, id: &str) -> Result<Response, Fault> {
    let wanted = Wanted::read(resource, &query(ctx), false)?;
    let found = rendered(&ctx.people(), resource, id, &wanted, &base(ctx));
    let missing = || Fault::NotFound(format!("there is no {} {id}", resource.name().to_lowercase()));
    let (_, (body, version)) = found.ok_or_else(missing)?;
    Ok(respond(200, &body, version, None))
}

fn create(ctx: &Ctx<'_>, actor: &str, resource: Resource) -> Result<Response, Fault> {
    let wanted = Wanted::read(resource, &query(ctx), false)?;
    let body = classic::to_core(resource, &body(ctx)?);
    let (id, base) = (wire::ids::uuid(&ctx.outside.fresh_id("scim")), base(ctx));
    let audit = Audit { actor, action: "CREATE", object: resource.name() };
    let decide = |rules: &Rules<'_>, why: &mut Vec<Finding>| match resource {
        Resource::User => rules.create_user(id, &body, why).map(|o| (o.record.id.clone(), o.changes)),
        Resource::Group => rules.create_group(id, &body, why).map(|o| (o.record.id.clone(), o.changes)),
    };
    let (location, (body, version)) = ctx.commit(false, audit, decide, |people, id| {
        let (name, shown) = rendered(people, resource, id, &wanted, &base).unwrap_or_default();
        (name, (format!("{base}/{}/{id}", resource.endpoint()), shown))
    })?;
    Ok(respond(201, &body, version, Some(&location)))
}

fn change(ctx: &Ctx<'_>, actor: &str, resource: Resource, id: &str, replaces: bool) -> Result<Response, Fault> {
    let wanted = Wanted::read(resource, &query(ctx), false)?;
    let if_match = Some(ctx.header("if-match")).filter(|h| !h.is_empty());
    let (raw, base) = (body(ctx)?, base(ctx));
    let core = classic::to_core(resource, &raw);
    let audit = Audit { actor, action: "UPDATE", object: resource.name() };
    let decide = |rules: &Rules<'_>, why: &mut Vec<Finding>| match (resource, replaces) {
        (Resource::User, true) => rules.replace_user(id, &core, if_match, why).map(|o| ((), o.changes)),
        (Resource::User, false) => rules.merge_user(id, &raw, if_match, why).map(|o| ((), o.changes)),
        (Resource::Group, true) => rules.replace_group(id, &core, if_match, why).map(|o| ((), o.changes)),
        (Resource::Group, false) => rules.merge_group(id, &raw, if_match, why).map(|o| ((), o.changes)),
    };
    let (body, version) = ctx.commit(false, audit, decide, |people, ()| {
        rendered(people, resource, id, &wanted, &base).unwrap_or_default()
    })?;
    Ok(respond(200, &body, version, None))
}

fn delete(ctx: &Ctx<'_>, actor: &str, resource: Resource, id: &str) -> Result<Response, Fault> {
    let if_match = Some(ctx.header("if-match")).filter(|h| !h.is_empty());
    let audit = Audit { actor, action: "DELETE", object: resource.name() };
    let decide = |rules: &Rules<'_>, why: &mut Vec<Finding>| {
        let changes = match resource {
            Resource::User => rules.delete_user(id, if_match, why),
            Resource::Group => rules.delete_group(id, if_match, why),
        };
        changes.map(|changes| ((), changes))
    };
    ctx.commit(false, audit, decide, |_, ()| (id.to_string(), ()))?;
    Ok(json::no_content())
}

/// `Schemas`, with the filter that is published: `name eq "User"`.
fn schemas(ctx: &Ctx<'_>) -> Response {
    let filter = ctx.query("filter").unwrap_or_default();
    let named = filter.split('"').nth(1);
    let all = [Resource::User, Resource::Group].into_iter().filter(|r| named.is_none_or(|n| n == r.name()));
    let each = all.map(|r| {
        let attributes: Vec<Value> = r.core().attributes.iter().map(|a| json!({ "name": a.name, "type": if a.subs().is_empty() { "string" } else { "complex" }, "multiValued": a.multi, "readOnly": a.mutability == wire::scim::schema::Mutability::ReadOnly, "required": a.required, "caseExact": a.case_exact, "schema": classic::CORE })).collect();
        json!({ "id": format!("{}:{}", classic::CORE, r.name()), "name": r.name(), "description": r.core().about, "schema": classic::CORE, "endpoint": format!("/{}", r.endpoint()), "attributes": attributes })
    });
    let resources: Vec<Value> = each.collect();
    json::json(200, JSON, &Page { total: resources.len(), start: 1, resources }.classic())
}
