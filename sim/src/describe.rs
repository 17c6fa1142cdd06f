//! Steps in plain words.

use federation::Client;
use scenarios::{Action, BreakHow, PlantKind, Start};

/// `alice opens salesforce on alices-iphone`.
pub fn action(action: &Action) -> String {
    match action {
        Action::SignIn(s) => {
            let mut text = format!("{} opens {} on {}", s.who, s.app, s.on);
            if s.client != Client::Browser {
                text += &format!(" ({:?})", s.client);
            }
            if let Some(network) = &s.network {
                text += &format!(" from {network}");
            }
            if s.start == Start::Dashboard {
                text += ", from Okta's dashboard";
            }
            text
        }
        Action::Enrol(e) => format!("{} is enrolled as {}", e.device, e.as_user),
        Action::FollowLink(f) => format!("{} follows the enrolment link on {}", f.who, f.on),
        Action::Wipe(d) => format!("UEM wipes {}", d.device),
        Action::DeviceFacts(f) => format!("{} changes", f.device),
        Action::Sweep => "UEM checks compliance".into(),
        Action::CheckIn(d) => format!("{} checks in with UEM", d.device),
        Action::RemoveProfile(p) => format!("profile {} is removed from {}", p.profile, p.device),
        Action::RevokeCertificate(p) => format!("the certificate of {} on {} is revoked", p.profile, p.device),
        Action::PlantCertificate(p) => {
            let kind = match p.kind {
                PlantKind::ForeignCa => "another CA's",
                PlantKind::SelfMade => "a self-made",
                PlantKind::NotYetValid => "a not yet valid",
                PlantKind::NoClientAuth => "a server's",
                PlantKind::Nobody => "a nameless",
            };
            format!("{} gets {kind} certificate in place of {}", p.device, p.profile)
        }
        Action::Change(c) => {
            let at: Vec<&str> = c.patches.iter().map(|p| p.at.as_str()).collect();
            format!("an administrator changes {}", at.join(", "))
        }
        Action::SignOut(s) => format!("{} signs out at {}", s.on, s.at),
        Action::Wait(w) => format!("{} minutes pass", w.minutes),
        Action::Break(b) => match b.how {
            BreakHow::Unreachable => format!("{} goes down", b.party),
            BreakHow::Slow => format!("{} answers only after {} ms", b.party, b.delay_ms),
            BreakHow::Nonsense => format!("{} answers nonsense", b.party),
        },
        Action::Mend(p) => format!("{} works again", p.party),
    }
}
