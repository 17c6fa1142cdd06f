//! Verdicts in the words that a transcript shows.

use super::chain::Next;
use super::compliance;
use super::person::{Answering, Found};
use super::posture::{Failure, Force, Posture};
use std::fmt::{Display, Formatter, Result};

impl Display for Force {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Force::NotAsked => "no ForceAuthn asked",
            Force::Honoured => "honour ForceAuthn",
            Force::Ignored => "ignore ForceAuthn",
            Force::Refused => "refuse ForceAuthn",
        })
    }
}

impl Display for Posture {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Posture::Nothing => f.write_str("state no posture"),
            Posture::IsManaged(managed) => write!(f, "state IsManaged={managed}"),
            Posture::FailInstead => f.write_str("answer with a failure"),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Failure::Notify => "tell Okta of the failure",
            Failure::OwnPage => "keep the person on Access's own page",
        })
    }
}

impl Display for Next {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Next::Ask { method, .. } => write!(f, "ask for {}", method.name()),
            Next::Passed { chain } => write!(f, "passed by chain {}", chain + 1),
            Next::Exhausted => f.write_str("no method is left"),
        }
    }
}

impl Display for compliance::Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            compliance::Verdict::Pass => "compliant",
            compliance::Verdict::Fail => "not compliant",
        })
    }
}

impl Display for Answering {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Answering::SamePerson => "the same person",
            Answering::Instead => "another person instead",
            Answering::Refused => "refuse another person",
        })
    }
}

impl Display for Found {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Found::Person(_) => "one person found",
            Found::Nobody => "nobody found",
            Found::Several => "several people found",
            Found::NoIdentityProvider => "no identity provider offers the method",
        })
    }
}
