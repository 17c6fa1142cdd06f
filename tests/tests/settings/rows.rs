//! Where each setting should matter.

/// Settings, by the longest path that they begin with, and the stories in which they are turned, one after the other.
/// `own/…` are the small worlds beside this file.
pub const STORIES: &[(&str, &[&str])] = &[
    ("access", &[UNMANAGED_1]),
    ("access.application_sources", &[MANAGED_2, UNMANAGED_2]),
    ("access.application_sources.*.signature_algorithm", &["device-trust/access-signs-by-sha-1"]),
    ("access.application_sources.*.attributes", &["accounts/the-profile-follows-access~take-the-profile-from-there"]),
    ("access.assumptions.adapter_delete", &[TOUR]),
    ("access.assumptions.compliance_pending", &["assumptions/compliance-pending"]),
    ("access.assumptions.device_sso_response_off", &["assumptions/device-sso-response-off"]),
    ("access.assumptions.fallback_person", &["own/fallbacks"]),
    ("access.assumptions.force_authn_toggle_off", &["assumptions/force-authn-toggle-off"]),
    ("access.assumptions.group_rule_before_identity", &["assumptions/group-rule-before-identity"]),
    ("access.assumptions.is_compliant_emitted", &["assumptions/is-compliant-emitted"]),
    ("access.assumptions.name_id_policy", &["assumptions/name-id-policy"]),
    ("access.assumptions.oauth_strictness", &[TOUR]),
    ("access.assumptions.on_premises_part", &[CELLAR]),
    ("access.assumptions.posture_unrequested", &["assumptions/posture-unrequested"]),
    ("access.assumptions.request_algorithm", &["assumptions/request-algorithm"]),
    ("access.assumptions.response_class_ref", &[MANAGED_2]),
    ("access.assumptions.scim", &[TOUR]),
    ("access.assumptions.token_after_client", &[TOUR]),
    ("access.assumptions.udid_location", &["assumptions/udid-location"]),
    ("access.assumptions.unsupported_under_force_authn", &["assumptions/unsupported-under-force-authn"]),
    ("access.certificate_host", &[DOORS]),
    ("access.directories", &[TOUR]),
    ("access.directories.*.users", &[TOUR]),
    ("access.directories.*.users.*.password", &[DOORS]),
    ("access.identity_providers", &["accounts/idp-not-found"]),
    ("access.identity_providers.*.third_party", &["force-authn/breaks-okta-as-fallback~without-forceauthn-it-loops"]),
    ("access.methods.certificate", &["desktop/certificate-and-compliance"]),
    ("access.methods.mobile_sso_android", &["own/android"]),
    ("access.methods.mobile_sso_ios", &[MANAGED_2]),
    ("access.methods.password", &["own/fallbacks"]),
    ("access.network_ranges", &["accounts/idp-not-found"]),
    ("access.policies", &["order/the-browser-rule-comes-first", "own/fallbacks"]),
    ("access.policies.*.rules.*.groups", &["assumptions/group-rule-before-identity"]),
    ("access.policies.*.rules.*.reauthenticate_after_minutes", &["session-age/a-live-session-hides-non-compliance"]),
    ("access.provisioning", &[TOUR]),
    ("access.provisioning.airwatch.provisioned_groups", &["provisioning/only-listed-groups-reach-uem"]),
    ("access.remote_app_access", &[TOUR]),
    ("access.uem", &[MANAGED_1]),
    ("access.uem.timeout_ms", &["uem-down/slow-fails-closed"]),
    ("okta", &[MANAGED_2]),
    ("okta.apps", &["own/who-and-where"]),
    ("okta.apps.*.assigned.everyone", &[MANAGED_2]),
    ("okta.apps.*.rules", &[UNMANAGED_2]),
    ("okta.apps.*.rules.*.location", &["own/who-and-where"]),
    ("okta.apps.*.rules.*.people", &["own/who-and-where"]),
    ("okta.apps.*.rules.*.reauthenticate_after_minutes", &["session-age/two-clocks-for-one-question"]),
    ("okta.assumptions.not_trusted_is_remembered", &["assumptions/not-trusted-is-remembered"]),
    ("okta.assumptions.provisioning.late_assignment", &["provisioning/groups-before-people"]),
    ("okta.assumptions.provisioning.match_by", &["provisioning/linked-to-the-ad-user"]),
    ("okta.assumptions.provisioning.push_now", &["provisioning/push-now-fails-and-retry-all-groups-helps"]),
    ("okta.assumptions.provisioning.same_group", &["provisioning/one-group-for-both"]),
    ("okta.assumptions.provisioning.server_error", &["provisioning/access-is-down-meanwhile"]),
    ("okta.assumptions.provisioning.update_with", &["provisioning/an-update-that-is-not-published"]),
    ("okta.assumptions.routing_regex", &["assumptions/routing-regex"]),
    ("okta.assumptions.subject_hint", &["assumptions/subject-hint"]),
    ("okta.assumptions.trust_evaluation", &["assumptions/trust-evaluation"]),
    ("okta.assumptions.trust_without_integration", &["device-trust/no-integration-no-trust"]),
    ("okta.assumptions.username_filter_mismatch", &["own/filtered"]),
    ("okta.device_trust.android", &["own/android"]),
    ("okta.device_trust.ios", &[UNMANAGED_2]),
    ("okta.identity_providers", &[MANAGED_2]),
    ("okta.identity_providers.*.account_link", &["accounts/linked-or-not"]),
    ("okta.identity_providers.*.account_link_groups", &["accounts/linked-or-not~link-contractors-only"]),
    (
        "okta.identity_providers.*.group_assignments",
        &[
            "accounts/groups-that-access-states",
            "accounts/groups-that-access-states~add-her-to-the-groups-she-misses",
            "accounts/groups-that-access-states~everybody-who-comes-that-way",
            "accounts/groups-that-access-states~a-full-sync-takes-her-out-of-one-and-into-another",
        ],
    ),
    ("okta.identity_providers.*.match_against", &["accounts/two-names-for-one-person"]),
    (
        "okta.identity_providers.*.match_attribute",
        &["accounts/two-names-for-one-person~match-against-an-attribute-that-keeps-the-old-name"],
    ),
    ("okta.identity_providers.*.max_clock_skew_seconds", &["clock/access-runs-ahead"]),
    ("okta.identity_providers.*.profile_source", &["accounts/the-profile-follows-access"]),
    (
        "okta.identity_providers.*.reactivate",
        &["accounts/suspended-and-vouched-for~deactivated-and-reactivated-on-the-spot"],
    ),
    ("okta.identity_providers.*.unsuspend", &["accounts/suspended-and-vouched-for"]),
    ("okta.identity_providers.*.username", &["accounts/a-name-made-of-the-assertion"]),
    ("okta.identity_providers.*.username_filter", &["own/filtered"]),
    ("okta.identity_providers.*.no_match", &["accounts/made-just-in-time"]),
    ("okta.identity_providers.*.request_algorithm", &["assumptions/request-algorithm"]),
    ("okta.identity_providers.*.response_algorithm", &["device-trust/access-signs-by-sha-1"]),
    ("okta.network_zones", &["own/who-and-where"]),
    ("okta.routing_rules", &["own/where-to"]),
    ("okta.routing_rules.*.user", &["own/where-to"]),
    ("okta.session_rules", &["own/who-and-where"]),
    ("okta.session_rules.*.idle_minutes", &["session-age/a-session-has-a-lifetime"]),
    ("okta.session_rules.*.lifetime_minutes", &["session-age/a-session-has-a-lifetime"]),
    ("okta.users", &["own/who-and-where"]),
    ("okta.users.*.attributes", &["own/where-to"]),
    ("okta.users.*.email", &["accounts/two-names-for-one-person~match-against-the-email"]),
    ("okta.users.*.factors", &["mfa/once-per-session-is-not-every-sign-in"]),
    ("okta.users.*.password", &[DOORS]),
    ("okta.workspace_one_app", &[PROVISIONS]),
    ("okta.workspace_one_app.api_token.literal", &["own/a-pasted-text"]),
    ("okta.workspace_one_app.api_token.of-client", &["own/two-clients"]),
    ("okta.workspace_one_app.deactivate_users", &["provisioning/suspending-sends-nothing"]),
    ("okta.workspace_one_app.mappings", &["provisioning/an-attribute-that-everybody-must-have~okta-sends-one"]),
    ("okta.workspace_one_app.update_user_attributes", &["provisioning/a-rename-stays-behind"]),
    ("uem", &[MANAGED_1]),
    ("uem.api", &[MANAGED_1]),
    ("uem.assumptions", &["assumptions/compliance-pending"]),
    ("uem.assumptions.before_19_09", &[OLD_UEM]),
    ("uem.ca", &["certificate/renewed-in-time"]),
    ("uem.ca.crl_minutes", &["certificate/revoked-but-not-yet-published"]),
    ("uem.ca.publish_at_once", &["certificate/revoked-but-not-yet-published"]),
    (
        "uem.ca.revoke_on_removal",
        &["certificate/a-lost-phone-keeps-its-certificate~revoke-on-removal-and-look-at-the-list"],
    ),
    ("uem.compliance_policies", &["own/strict-phones"]),
    (
        "uem.compliance_policies.*.rules.*.not-seen-for-minutes",
        &["routing-only/uem-knows-what-it-was-told~a-policy-against-silence"],
    ),
    ("uem.compliance_sweep_minutes", &["routing-only/uem-knows-what-it-was-told~a-policy-against-silence"]),
    ("uem.delivery_minutes", &["device-trust/non-compliance-removes-the-profile"]),
    ("uem.enrollment_host", &[DOORS]),
    ("uem.organization_groups", &[DOORS]),
    ("uem.organization_groups.*.group_id", &[TOUR]),
    ("uem.profiles.*.name", &["own/strict-phones"]),
    ("uem.profiles.*.template", &["assumptions/udid-location~only-in-the-alternative-names"]),
    ("uem.saml", &[OLD_UEM]),
    ("uem.users.*.email", &[DOORS]),
    ("uem.users.*.organization_group", &[DOORS]),
    ("uem.users.*.password", &[DOORS]),
    ("uem.version", &[OLD_UEM]),
];

/// Method 1 and method 2, a phone in order and one that nobody knows.
const MANAGED_1: &str = "routing-only/managed-compliant-gets-in";
const UNMANAGED_1: &str = "routing-only/unmanaged-is-stopped-at-access";
const MANAGED_2: &str = "device-trust/managed-gets-in";
const UNMANAGED_2: &str = "device-trust/unmanaged-sees-enrolment-page";
/// Okta's app at work, and a UEM of before 19.09.
const PROVISIONS: &str = "own/okta-provisions";
const OLD_UEM: &str = "provisioning/uem-before-19-09";
/// These are toured instead of played: see `tour.rs` and `doors.rs`.
pub const TOUR: &str = "own/provisioned";
pub const CELLAR: &str = "own/on-premises";
pub const DOORS: &str = "own/every-door";

/// Other values, as JSON, where none comes from the kind of value.
pub const VALUES: &[(&str, &str)] = &[
    ("access.provisioning.airwatch.entitled_groups", r#"["Sales"]"#),
    ("okta.identity_providers.*.group_assignments", r#"{"specific": ["sales"]}"#),
    ("okta.workspace_one_app.api_token.of-client", r#""Other""#),
    ("okta.workspace_one_app.assigned.groups", r#"["staff"]"#),
    ("okta.workspace_one_app.assigned.users", r#"["bob"]"#),
    ("okta.routing_rules.*.user", r#"{"domains": ["nowhere.test"]}"#),
    ("uem.compliance_sweep_minutes", "200"),
];

/// Turned, these make a file of the story that does not load; nothing else speaks of them.
pub const AT_LOAD: &[(&str, &str, &str)] =
    &[("uem.users.*.name", MANAGED_1, "devices and people refer to the account by it; UEM itself knows the username")];

/// These do nothing.
pub const LABELS: &[(&str, &str)] =
    &[("access.identity_providers.*.name", "changes and complaints find the provider by it; no setting refers to it")];
