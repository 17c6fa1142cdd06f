//! What a world may have that the model leaves out.

use federation::World;
use federation::tenant::access::NameIdPolicy;
use federation::tenant::okta::{GroupAssignments, IdentityProvider, NameIdFormat};
use federation::world::AppRequest;

/// The first of it, in words.
pub fn beyond(world: &World) -> Option<&'static str> {
    let (okta, access) = (&world.okta, &world.access);
    let any = |has: fn(&IdentityProvider) -> bool| okta.identity_providers.iter().any(has);
    if access.provisioning.airwatch.is_some() || okta.workspace_one_app.is_some() {
        return Some("people who are provisioned");
    }
    if any(|i| !["idpuser.subjectNameId", "saml.subjectNameId"].contains(&i.username.as_str())) {
        return Some("usernames that are made of assertions");
    }
    if access.assumptions.name_id_policy == NameIdPolicy::AsRequested
        && any(|i| i.name_id_format == NameIdFormat::EmailAddress)
    {
        return Some("people whom Access states by address");
    }
    if any(|i| i.reactivate || i.unsuspend || i.profile_source || i.group_assignments != GroupAssignments::None) {
        return Some("accounts that a sign-in changes");
    }
    if world.apps.iter().any(|app| app.request != AppRequest::default()) {
        return Some("what apps ask of Okta");
    }
    None
}
