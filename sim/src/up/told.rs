//! What `fedsim up` says at its start: hosts, people with their passwords, a walk to copy.

use crate::curl::quote;
use crate::net::Listening;
use crate::style::Style;
use crate::world::Running;
use federation::World;
use federation::tenant::okta::Factor;
use scenarios::Scenario;
use std::fmt::Write as _;
use std::path::Path;

pub(super) fn head(scenario: &Scenario) -> String {
    let steps = match scenario.steps.len() {
        0 => String::new(),
        n => format!("Its {n} steps are not played: here you act.\n"),
    };
    let mut out = format!("{}\n\n", scenario.name);
    for paragraph in scenario.story.trim().split("\n\n") {
        Style::plain().put(&mut out, "", 0, paragraph);
    }
    let _ = writeln!(out, "{steps}The clock is the real one, {}.", scenario.world.start);
    out
}

pub(super) fn hosts(ports: &[Listening]) -> String {
    let width = ports.iter().map(|p| p.host.len()).max().unwrap_or_default();
    let mut out = format!("{:<width$}  {:<15}  PARTY\n", "HOST", "ADDRESS");
    for Listening { host, party, port } in ports {
        let address = format!("127.0.0.1:{port}");
        let _ = writeln!(out, "{host:<width$}  {address:<15}  {party}");
    }
    out
}

/// Who may sign in where, with what; passwords of a simulated world are no secret.
pub(super) fn people(running: &Running) -> String {
    let world = &running.world;
    let mut out = format!("{:<10}  {:<7}  {:<24}  PASSWORD\n", "PERSON", "AT", "LOGIN");
    for person in &world.people {
        for (party, login, password) in accounts(world, person) {
            let _ = writeln!(out, "{:<10}  {party:<7}  {login:<24}  {password}", person.name);
        }
        let user = world.okta.users.iter().find(|u| person.okta.as_ref() == Some(&u.name));
        let secret = user.filter(|u| u.factors.contains(&Factor::Totp)).and_then(|u| running.totp_secrets.get(&u.name));
        if let Some(secret) = secret {
            let secret = totp_rs::Secret::Raw(secret.clone()).to_encoded();
            let _ = writeln!(out, "{:<10}  {:<7}  {:<24}  {secret}", person.name, "okta", "(TOTP secret)");
        }
    }
    for client in &world.access.remote_app_access {
        let _ = writeln!(out, "{:<10}  {:<7}  {:<24}  {}", "(client)", "access", client.name, client.shared_secret);
    }
    for administrator in &world.access.provisioning.administrators {
        let (name, password) = (&administrator.name, &administrator.password);
        let _ = writeln!(out, "{:<10}  {:<7}  {name:<24}  {password}", "(admin)", "access");
    }
    out
}

pub(super) fn accounts<'a>(
    world: &'a World,
    person: &federation::world::Person,
) -> Vec<(&'static str, &'a str, &'a str)> {
    let okta = world.okta.users.iter().filter(|u| person.okta.as_ref() == Some(&u.name));
    let (directory, name) = person.access.as_deref().and_then(|a| a.split_once('/')).unwrap_or_default();
    let access = world.access.directories.iter().filter(|d| d.name == directory).flat_map(|d| &d.users);
    let access = access.filter(|u| u.name == name);
    let uem = world.uem.users.iter().filter(|u| person.uem.as_ref() == Some(&u.name));
    okta.map(|u| ("okta", &u.login[..], &u.password[..]))
        .chain(access.map(|u| ("access", &u.username[..], &u.password[..])))
        .chain(uem.map(|u| ("uem", &u.username[..], &u.password[..])))
        .collect()
}

/// A walk to copy, line by line.
pub(super) fn walk(running: &Running, folder: &Path) -> String {
    let phone =
        |h: &&crate::device::Handset| h.device.kind == federation::DeviceKind::Iphone && !h.profiles().is_empty();
    let devices = || running.handsets.values();
    let device = devices().find(phone).or(devices().next()).map_or("DEVICE", |h| h.device.name.as_str());
    let url = running.world.apps.first().map(|app| quote(&format!("https://{}/", app.host))).unwrap_or_default();
    let device = quote(device);
    let mut out = format!("In another shell, curl as the browser of {device}:\n");
    for line in [
        format!("cd {}", quote(&folder.to_string_lossy())),
        format!("./open {device} {url}"),
        format!("./submit {device}    # again, as long as a page is submitted at once"),
        format!("curl --config {device}/curl.conf {url}"),
        format!("cat {device}/page.html"),
    ] {
        let _ = writeln!(out, "  {line}");
    }
    let devices: Vec<&str> = running.handsets.keys().map(String::as_str).collect();
    Style::plain().put(&mut out, "Devices: ", 2, &format!("{}.", devices.join(", ")));
    Style::plain().put(
        &mut out,
        "",
        0,
        "Each has a curl.conf in a directory of its name, with its user agent, cookies and certificate.",
    );
    out
}
