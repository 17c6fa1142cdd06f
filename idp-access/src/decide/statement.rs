//! What an answer says of the person: the NameID, and the attributes that the application source maps.

use federation::tenant::access::{ApplicationSource, Assumptions, NameIdPolicy, User};
use federation::{Finding, Why};

/// Values of an attribute mapping.
pub const VALUES: [&str; 4] = ["${user.userName}", "${user.email}", "${user.userPrincipalName}", "${groupNames}"];

/// Her address as the NameID; nothing: her user name. `asked`: the request's NameIDPolicy wants the address.
pub fn address(assumptions: &Assumptions, user: &User, asked: bool, why: &mut impl Why) -> Option<String> {
    if !asked {
        return None;
    }
    why.note(|| Finding::new("assumes/name-id-policy").rule("access.assumptions.name_id_policy"));
    match assumptions.name_id_policy {
        NameIdPolicy::AsConfigured => None,
        NameIdPolicy::AsRequested => Some(user.email.clone()),
    }
}

/// An attribute without a value is not stated.
pub fn attributes(source: &ApplicationSource, user: &User) -> Vec<(String, Vec<String>)> {
    let values = |expression: &str| match expression {
        "${user.userName}" => vec![user.username.clone()],
        "${user.email}" => vec![user.email.clone()],
        "${user.userPrincipalName}" => vec![user.upn.clone().unwrap_or_else(|| user.email.clone())],
        "${groupNames}" => user.groups.clone(),
        _ => Vec::new(),
    };
    let stated = source.attributes.iter().map(|(name, expression)| (name.clone(), values(expression)));
    stated.filter(|(_, values)| values.iter().any(|value| !value.is_empty())).collect()
}
