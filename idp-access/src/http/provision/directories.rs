//! `directoryconfigs`: list, get, create, delete.

use super::commit::Audit;
use super::gate::{Face, admit, note};
use super::json;
use crate::decide::scim::directories::NewDirectory;
use crate::http::Ctx;
use crate::people::Directory;
use federation::Response;
use serde_json::{Value, json};
use wire::directoryconfigs::{self, LIST_MEDIA_TYPE, PATH, Told};

pub fn route(ctx: &Ctx<'_>, method: &str, rest: &[&str]) -> Response {
    let actor = match admit(ctx, Face::Manager) {
        Ok(actor) => actor,
        Err(response) => return *response,
    };
    match (method, rest) {
        ("GET", []) => {
            let items: Vec<Value> = ctx.people().directories().map(|d| told(ctx, d)).collect();
            json::json(200, LIST_MEDIA_TYPE, &json!({ "items": items }))
        }
        ("POST", []) => create(ctx, &actor),
        (_, []) => json::not_allowed(Face::Manager, method, "GET, POST"),
        ("GET", [id]) => match ctx.people().directory(id) {
            Some(directory) => json::json(200, directoryconfigs::media_type(directory.kind), &told(ctx, directory)),
            None => json::error(Face::Manager, 404, None, &format!("there is no directory {id}")),
        },
        ("DELETE", [id]) => delete(ctx, &actor, id),
        (_, [_]) => json::not_allowed(Face::Manager, method, "GET, DELETE"),
        _ => json::error(Face::Manager, 404, None, "there is nothing here"),
    }
}

fn told(ctx: &Ctx<'_>, directory: &Directory) -> Value {
    let address = ctx.url(&format!("{PATH}/{}", directory.id));
    let Directory { id, name, kind, domains, user_store } = directory;
    Told { id, user_store, name, kind: *kind, domains, address }.json()
}

fn create(ctx: &Ctx<'_>, actor: &str) -> Response {
    let wanted = match directoryconfigs::read(ctx.header("content-type"), ctx.request.body()) {
        Ok(wanted) => wanted,
        Err(e) => {
            note(ctx, e.code, &e.detail);
            let status = if e.code == "directory/media-type" { 415 } else { 400 };
            return json::error(Face::Manager, status, None, &e.detail);
        }
    };
    let new = NewDirectory { kind: wanted.kind, name: wanted.name, domains: wanted.domains };
    let fresh = |what| wire::ids::uuid(&ctx.outside.fresh_id(what));
    let (id, store) = (fresh("directory"), fresh("user-store"));
    let audit = Audit { actor, action: "CREATE", object: "Directory" };
    let made = ctx.commit(
        false,
        audit,
        |rules, why| rules.create_directory(id, store, new, why).map(|(directory, change)| (directory, vec![change])),
        |_, directory| (directory.name.clone(), (told(ctx, directory), directory.kind)),
    );
    match made {
        Ok((body, kind)) => json::json(201, directoryconfigs::media_type(kind), &body),
        Err(fault) => json::fault(Face::Manager, &fault),
    }
}

fn delete(ctx: &Ctx<'_>, actor: &str, id: &str) -> Response {
    let audit = Audit { actor, action: "DELETE", object: "Directory" };
    let gone = ctx.commit(
        false,
        audit,
        |rules, why| rules.delete_directory(id, why).map(|change| ((), vec![change])),
        |_, ()| (id.to_string(), ()),
    );
    match gone {
        Ok(()) => json::no_content(),
        Err(fault) => json::fault(Face::Manager, &fault),
    }
}
