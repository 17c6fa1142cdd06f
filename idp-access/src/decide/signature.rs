//! Whether a request counts whose signature is by SHA-1.

use federation::tenant::SignatureAlgorithm;
use federation::tenant::access::Assumptions;
use federation::{Finding, Why};

/// No source says whether Access takes the SHA-1 that Okta offers for its requests.
pub fn admits_sha1(assumptions: &Assumptions, why: &mut impl Why) -> bool {
    let at = "access.assumptions.request_algorithm";
    why.note(|| Finding::new("assumes/request-algorithm").rule(at).saw("sha1"));
    assumptions.request_algorithm == SignatureAlgorithm::Sha1
}
