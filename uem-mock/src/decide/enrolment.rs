//! Who of the directory may enrol, once an identity provider has said who she is.

use crate::users::Account;
use federation::tenant::Uem;
use federation::tenant::uem::Before1909;
use federation::{Finding, Why};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MayEnrol {
    /// The user, by UEM's own name.
    Yes(String),
    /// Nobody of that name has been provisioned.
    Unknown,
    Inactive,
    /// The release cannot enrol people who are known by another system's id.
    TooOld,
}

/// `19.09` as a pair that can be compared.
pub fn release(text: &str) -> Option<(u32, u32)> {
    let (year, month) = text.split_once('.')?;
    Some((year.parse().ok()?, month.split('.').next()?.parse().ok()?))
}

pub fn may_enrol(settings: &Uem, account: Option<&Account>, said: &str, why: &mut impl Why) -> MayEnrol {
    let Some(account) = account else {
        why.note(|| Finding::new("enrolment/nobody").saw(said));
        return MayEnrol::Unknown;
    };
    let version = settings.version.as_deref();
    if !account.external_id.is_empty() && version.and_then(release).is_some_and(|v| v < (19, 9)) {
        why.note(|| Finding::new("assumes/uem-before-19-09").rule("uem.assumptions.before_19_09"));
        if settings.assumptions.before_19_09 == Before1909::NoEnrolment {
            why.note(|| {
                Finding::new("enrolment/release-too-old")
                    .rule("uem.version")
                    .saw(version.unwrap_or_default())
                    .wanted("19.09")
            });
            return MayEnrol::TooOld;
        }
    }
    if !account.active {
        why.note(|| Finding::new("enrolment/inactive").saw(said));
        return MayEnrol::Inactive;
    }
    why.note(|| Finding::new("enrolment/person").saw(said));
    MayEnrol::Yes(account.user.name.clone())
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn releases_compare_as_numbers() {
        assert!(release("9.7") < release("19.07") && release("19.07") < release("19.09"));
        assert!(release("1909.0").is_some() && release("new").is_none());
        assert!(release("20.1") > release("19.09"));
    }
}
