//! The interfaces of provisioning: OAuth, directories, clients and both dialects of SCIM.
//!
//! Every path but the token endpoint, the keys and the log-in of administrators wants a token, whether it exists or not.

mod classic;
mod clients;
mod commit;
mod console;
mod directories;
mod discovery;
mod gate;
mod json;
mod newer;
mod oauth;

pub use console::Sessions;

use super::Ctx;
use federation::Response;
use gate::Face;

const MANAGER: &str = "/SAAS/jersey/manager/api";

/// The path after `base`, in segments without their percent-encoding; `None` where it is another path.
fn under<'p>(base: &str, path: &'p str) -> Option<Vec<&'p str>> {
    let rest = path.strip_prefix(base)?;
    if !rest.is_empty() && !rest.starts_with('/') {
        return None;
    }
    Some(rest.split('/').filter(|s| !s.is_empty()).collect())
}

/// Answers what belongs to provisioning.
pub fn route(ctx: &Ctx<'_>, method: &str, path: &str) -> Option<Response> {
    if let Some(response) = oauth::route(ctx, method, path).or_else(|| console::route(ctx, method, path)) {
        return Some(response);
    }
    if let Some(segments) = under(&newer::base_path(ctx), path) {
        return Some(newer::route(ctx, method, &segments));
    }
    let segments = under(MANAGER, path)?;
    Some(match segments.split_first() {
        Some((&"scim", rest)) => classic::route(ctx, method, rest),
        Some((&"oauth2clients", rest)) => clients::route(ctx, method, rest),
        Some((&"connectormanagement", [])) => gate::nothing_here(ctx, Face::Manager),
        Some((&"connectormanagement", ["directoryconfigs", rest @ ..])) => directories::route(ctx, method, rest),
        _ => gate::nothing_here(ctx, Face::Manager),
    })
}
