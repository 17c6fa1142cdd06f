//! UEM's objects as its REST API writes them, and the enrolment page.

use crate::decide::compliance;
use crate::engine::State;
use crate::inventory::DeviceRecord;
use federation::tenant::uem::{ActionKind, CompliancePolicy};
use federation::{DeviceKind, Platform};
use serde_json::{Value, json};

/// Where an enrolment link on the web leads.
pub fn enrolment_page() -> String {
    let main = "<main data-page=\"uem/enroll\"><h1>Enroll this device</h1><p>Open Workspace ONE Intelligent Hub on this device and sign \
                in with your work account. It then asks this server for its profiles.</p></main>";
    wire::look::page("Enroll this device", "Workspace ONE UEM", main)
}

/// The device object; absent facts of the product (IMEI and the like) are left out.
pub fn device(state: &State, device: &DeviceRecord) -> Value {
    let user = state.user(&device.user);
    let group_name = user.and_then(|user| user.organization_group.clone());
    let groups = &state.settings.organization_groups;
    let group = groups.iter().position(|g| Some(&g.name) == group_name.as_ref()).or(if groups.is_empty() {
        None
    } else {
        Some(0)
    });
    let group_name = group.and_then(|index| groups.get(index)).map(|g| g.name.clone()).unwrap_or_default();
    let user_id = state.user_id(&device.user);
    let username = user.map(|user| user.username.clone()).unwrap_or_default();
    json!({
        "Id": { "Value": device.id },
        "Uuid": uuid(device),
        "Udid": device.udid,
        "DeviceFriendlyName": format!("{username} {}", device.device_name),
        "LocationGroupId": { "Id": { "Value": group.map_or(0, |index| index + 1) }, "Name": group_name, "Uuid": group_uuid(group) },
        "LocationGroupName": group_name,
        "UserId": { "Id": { "Value": user_id }, "Name": username },
        "UserName": username,
        "UserEmailAddress": user.map(|user| user.email.clone()).unwrap_or_default(),
        "Ownership": "C",
        "PlatformId": { "Id": { "Value": platform_id(device.platform()) }, "Name": platform(device.platform()) },
        "Platform": platform(device.platform()),
        "Model": model(device.kind),
        "OperatingSystem": device.os_version,
        "LastSeen": device.last_seen.to_string(),
        "EnrollmentStatus": device.enrollment.name(),
        "ComplianceStatus": device.compliance.name(),
        "CompromisedStatus": device.facts.compromised,
        "LastEnrolledOn": device.enrolled_at.to_string(),
        "LastComplianceCheckOn": device.last_check.map(|at| at.to_string()),
        "LastCompromisedCheckOn": device.last_seen.to_string(),
        "ComplianceSummary": { "DeviceCompliance": policies(state, device, true) },
    })
}

/// The answer of `/devices/{id}/compliance`: every policy that applies.
pub fn compliance(state: &State, device: &DeviceRecord) -> Value {
    json!({ "DeviceCompliance": policies(state, device, false) })
}

fn policies(state: &State, device: &DeviceRecord, broken_only: bool) -> Vec<Value> {
    let all = state.settings.compliance_policies.iter().enumerate();
    let shown = all.filter(|(_, policy)| device.is_enrolled() && compliance::applies(policy, device.platform()));
    let shown = shown.filter(|(_, policy)| !broken_only || device.violations.contains_key(&policy.name));
    shown.map(|(index, policy)| policy_of(state, device, index, policy)).collect()
}

fn policy_of(state: &State, device: &DeviceRecord, index: usize, policy: &CompliancePolicy) -> Value {
    let violation = device.violations.get(&policy.name);
    let taken = violation.into_iter().flat_map(|v| &v.taken).filter_map(|index| policy.actions.get(*index));
    let taken: Vec<Value> = taken.map(|action| json!({ "ActionType": action_type(&action.what) })).collect();
    json!({
        "CompliantStatus": violation.is_none(),
        "PolicyName": policy.name,
        "PolicyDetail": policy.rules.iter().map(|rule| format!("{rule:?}")).collect::<Vec<_>>().join(", "),
        "LastComplianceCheck": device.last_check.map(|at| at.to_string()),
        "NextComplianceCheck": state.next_sweep.to_string(),
        "ActionTaken": taken,
        "Id": { "Value": index + 1 },
    })
}

/// Numbers of actions are unknown; these are ours.
fn action_type(what: &ActionKind) -> u32 {
    match what {
        ActionKind::Notify => 1,
        ActionKind::RemoveProfile(_) => 2,
        ActionKind::EnterpriseWipe => 3,
    }
}

/// Numbers of platforms are ours.
fn platform_id(platform: Platform) -> u32 {
    match platform {
        Platform::Ios => 2,
        Platform::Android => 5,
        Platform::Macos => 10,
        Platform::Windows => 12,
        Platform::OtherMobile | Platform::OtherDesktop => 0,
    }
}

fn group_uuid(group: Option<usize>) -> String {
    format!("00000000-0000-4000-9000-{:012x}", group.map_or(0, |index| index + 1))
}

fn uuid(device: &DeviceRecord) -> String {
    format!("00000000-0000-4000-8000-{:012x}", device.id)
}

pub fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Ios => "Apple",
        Platform::Android => "Android",
        Platform::Windows => "WinRT",
        Platform::Macos => "AppleOsX",
        Platform::OtherMobile | Platform::OtherDesktop => "Other",
    }
}

pub fn model(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Iphone => "iPhone",
        DeviceKind::Ipad => "iPad",
        DeviceKind::AndroidPhone => "Android phone",
        DeviceKind::WindowsPc => "Windows PC",
        DeviceKind::Mac => "Mac",
        DeviceKind::LinuxPc => "Linux PC",
    }
}
