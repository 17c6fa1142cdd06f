//! Reading SAML: door, parse, verify, then read only from verified nodes of the same tree.

use crate::Refusal;
use crate::checks::refuse_by;
use crate::door::{self, attribute, named, only, value};
use crate::dsig;
use crate::saml::*;
use federation::Time;
use std::time::Duration;
use uppsala::{Document, NodeId};

/// A request older than this is refused: for so long its id is remembered.
pub const REQUEST_LIFE: Duration = Duration::from_secs(3600);

/// What a message claims before anything is verified; good for choosing a configured key and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peek {
    pub issuer: Option<String>,
    pub in_response_to: Option<String>,
}

pub fn peek(xml: &[u8]) -> Result<Peek, Refusal> {
    let document = door::parse(door::text(xml)?)?;
    let root = root(&document)?;
    let known = ["Response", "AuthnRequest"];
    if !document.element(root).is_some_and(|e| known.iter().any(|name| e.matches_name_ns(PROTOCOL, name))) {
        refuse_by!("saml/root", "neither a response nor a request");
    }
    let issuer = only(&document, root, ASSERTION, "Issuer")?.map(|n| value(&document, n)).transpose()?;
    Ok(Peek { issuer, in_response_to: attribute(&document, root, "InResponseTo") })
}

fn refuse(code: &'static str, detail: impl Into<String>) -> Refusal {
    Refusal::new(code, detail)
}

fn root(document: &Document<'_>) -> Result<NodeId, Refusal> {
    document.document_element().ok_or_else(|| refuse("saml/malformed", "no root"))
}

fn required(document: &Document<'_>, of: NodeId, namespace: &str, name: &'static str) -> Result<NodeId, Refusal> {
    only(document, of, namespace, name)?.ok_or_else(|| refuse("saml/missing-element", name))
}

fn required_attribute(document: &Document<'_>, of: NodeId, name: &str) -> Result<String, Refusal> {
    attribute(document, of, name).ok_or_else(|| refuse("saml/missing-attribute", name))
}

fn time(text: &str) -> Result<Time, Refusal> {
    Time::parse(text).ok_or_else(|| refuse("saml/time", text))
}

fn boolean(text: Option<String>) -> Result<bool, Refusal> {
    match text.as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => {
            refuse_by!("saml/boolean", other);
            Ok(false)
        }
    }
}

/// Name, namespace, version and id of a protocol message.
fn envelope(document: &Document<'_>, name: &str) -> Result<(NodeId, String), Refusal> {
    let root = root(document)?;
    if !document.element(root).is_some_and(|e| e.matches_name_ns(PROTOCOL, name)) {
        refuse_by!("saml/root", format!("not a {name}"));
    }
    version(document, root)?;
    Ok((root, required_attribute(document, root, "ID")?))
}

fn version(document: &Document<'_>, of: NodeId) -> Result<(), Refusal> {
    match attribute(document, of, "Version").as_deref() {
        Some("2.0") => Ok(()),
        other => {
            refuse_by!("saml/version", other.unwrap_or("none"));
            Ok(())
        }
    }
}

/// Reads a request that came by POST.
pub fn read_request(xml: &[u8], check: &RequestCheck<'_>) -> Result<Verified<AuthnRequest>, Refusal> {
    let document = door::parse(door::text(xml)?)?;
    let keys = keys_of(&document, check)?;
    let covered = dsig::verify(&document, keys, check.floor)?;
    match covered[..] {
        [] if check.require_signature => refuse_by!("saml/signature-missing", "the request"),
        [] => {}
        [one] if one == root(&document)? => {}
        _ => refuse_by!("saml/signature-place", "something inside the request is signed"),
    }
    let request = request(&document, check)?;
    if !covered.is_empty() {
        addressed(&request)?;
    }
    Ok(Verified(request))
}

/// A signed request must say where it goes (bindings 3.4.5.2, 3.5.5.2).
pub(crate) fn addressed(request: &AuthnRequest) -> Result<(), Refusal> {
    if request.destination.is_none() {
        refuse_by!("saml/destination", "none");
    }
    Ok(())
}

/// Keys of the issuer that the message claims; an unknown issuer is refused.
pub(crate) fn keys_of<'a>(
    document: &Document<'_>,
    check: &RequestCheck<'a>,
) -> Result<&'a [dsig::TrustedKey], Refusal> {
    let (root, _) = envelope(document, "AuthnRequest")?;
    let issuer = value(document, required(document, root, ASSERTION, "Issuer")?)?;
    let found = check.expected_issuer_keys.iter().find(|(known, _)| *known == issuer);
    match found {
        Some((_, keys)) => Ok(keys),
        None => {
            refuse_by!("saml/issuer", issuer);
            Ok(&[])
        }
    }
}

/// The request's content, read once its signature, where it has one, is verified.
pub(crate) fn request(document: &Document<'_>, check: &RequestCheck<'_>) -> Result<AuthnRequest, Refusal> {
    let (root, id) = envelope(document, "AuthnRequest")?;
    let text = |node: Option<NodeId>| node.map(|n| value(document, n)).transpose();
    let destination = attribute(document, root, "Destination");
    if destination.as_deref().is_some_and(|d| d != check.destination) {
        refuse_by!("saml/destination", destination.unwrap_or_default());
    }
    let issue_instant = time(&required_attribute(document, root, "IssueInstant")?)?;
    issued(issue_instant, check.now, check.skew_seconds)?;
    if check.now >= issue_instant + REQUEST_LIFE + skew(check.skew_seconds) {
        refuse_by!("saml/expired", issue_instant.to_string());
    }
    let subject = match only(document, root, ASSERTION, "Subject")? {
        Some(subject) => text(only(document, subject, ASSERTION, "NameID")?)?,
        None => None,
    };
    let policy = only(document, root, PROTOCOL, "NameIDPolicy")?;
    Ok(AuthnRequest {
        id,
        issue_instant,
        destination,
        issuer: value(document, required(document, root, ASSERTION, "Issuer")?)?,
        acs_url: attribute(document, root, "AssertionConsumerServiceURL"),
        force_authn: boolean(attribute(document, root, "ForceAuthn"))?,
        is_passive: boolean(attribute(document, root, "IsPassive"))?,
        name_id_format: policy.and_then(|n| attribute(document, n, "Format")),
        subject,
        requested_context: requested_context(document, root)?,
    })
}

fn requested_context(document: &Document<'_>, root: NodeId) -> Result<Option<RequestedAuthnContext>, Refusal> {
    let Some(node) = only(document, root, PROTOCOL, "RequestedAuthnContext")? else { return Ok(None) };
    let comparison = attribute(document, node, "Comparison").unwrap_or_else(|| "exact".into());
    if !["exact", "minimum", "maximum", "better"].contains(&comparison.as_str()) {
        refuse_by!("saml/comparison", comparison);
    }
    let refs = named(document, node, ASSERTION, "AuthnContextClassRef").into_iter();
    let class_refs = refs.map(|n| value(document, n)).collect::<Result<_, _>>()?;
    Ok(Some(RequestedAuthnContext { comparison, class_refs }))
}

/// Reads a response with every check of profiles 4.1.4.3. A failure status comes back without an assertion.
pub fn read_response(xml: &[u8], check: &ResponseCheck<'_>) -> Result<Verified<Response>, Refusal> {
    if check.keys.is_empty() {
        refuse_by!("key/none", "no key is configured for this issuer");
    }
    let document = door::parse(door::text(xml)?)?;
    let (root, id) = envelope(&document, "Response")?;
    let assertions = document.get_elements_by_tag_name_ns(ASSERTION, "Assertion");
    let encrypted = document.get_elements_by_tag_name_ns(ASSERTION, "EncryptedAssertion");
    if !encrypted.is_empty() {
        refuse_by!("saml/encrypted", "encryption is not offered");
    }
    let covered = dsig::verify(&document, check.keys, check.floor)?;
    let status = read_status(&document, root)?;
    let succeeded = status.code == SUCCESS;
    match (succeeded, assertions.len()) {
        (true, 1) if document.parent(assertions[0]) == Some(root) => {}
        (false, 0) => {}
        (true, 1) => refuse_by!("saml/assertion-place", "the assertion is not a child of the response"),
        (_, n) => refuse_by!("saml/assertion-count", n.to_string()),
    }
    let whole = covered.contains(&root);
    let part = assertions.first().is_some_and(|a| covered.contains(a));
    let enough = match check.must_sign {
        MustSign::Response => whole,
        // A failure has no assertion that could be signed.
        MustSign::Assertion => part || (!succeeded && whole),
        MustSign::Any => whole || part,
    };
    if !enough {
        let what = match check.must_sign {
            MustSign::Response => "the response",
            MustSign::Assertion => "the assertion",
            MustSign::Any => "the response or its assertion",
        };
        refuse_by!("saml/signature-missing", format!("{what} must be signed"));
    }
    let issuer = value(&document, required(&document, root, ASSERTION, "Issuer")?)?;
    if issuer != check.issuer {
        refuse_by!("saml/issuer", issuer);
    }
    let destination = attribute(&document, root, "Destination");
    match &destination {
        Some(d) if d == check.acs_url => {}
        other => refuse_by!("saml/destination", other.clone().unwrap_or_else(|| "none".into())),
    }
    let in_response_to = attribute(&document, root, "InResponseTo");
    if in_response_to.as_deref() != check.in_response_to {
        refuse_by!("saml/in-response-to", in_response_to.unwrap_or_else(|| "none".into()));
    }
    let assertion = assertions.first().map(|a| read_assertion(&document, *a, check)).transpose()?;
    let issue_instant = time(&required_attribute(&document, root, "IssueInstant")?)?;
    issued(issue_instant, check.now, check.skew_seconds)?;
    Ok(Verified(Response { id, in_response_to, destination, issuer, issue_instant, status, assertion }))
}

fn read_status(document: &Document<'_>, root: NodeId) -> Result<Status, Refusal> {
    let status = required(document, root, PROTOCOL, "Status")?;
    let code = required(document, status, PROTOCOL, "StatusCode")?;
    let text = |name| only(document, status, PROTOCOL, name)?.map(|n| value(document, n)).transpose();
    Ok(Status {
        code: required_attribute(document, code, "Value")?,
        sub_code: only(document, code, PROTOCOL, "StatusCode")?.and_then(|n| attribute(document, n, "Value")),
        message: text("StatusMessage")?,
        detail: text("StatusDetail")?,
    })
}

fn skew(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

/// Nothing is said before its time.
fn issued(at: Time, now: Time, skew_seconds: u32) -> Result<(), Refusal> {
    if at > now + skew(skew_seconds) {
        refuse_by!("saml/not-yet-valid", at.to_string());
    }
    Ok(())
}

/// Valid iff `not_before - skew <= now < not_on_or_after + skew`, as far as either is stated.
fn in_time(not_before: Option<Time>, not_on_or_after: Option<Time>, check: &ResponseCheck<'_>) -> Result<(), Refusal> {
    let skew = skew(check.skew_seconds);
    if not_before.is_some_and(|start| check.now < start - skew) {
        refuse_by!("saml/not-yet-valid", check.now.to_string());
    }
    if let Some(end) = not_on_or_after.filter(|end| check.now >= *end + skew) {
        refuse_by!("saml/expired", end.to_string());
    }
    Ok(())
}

fn read_assertion(document: &Document<'_>, node: NodeId, check: &ResponseCheck<'_>) -> Result<Assertion, Refusal> {
    version(document, node)?;
    let issuer = value(document, required(document, node, ASSERTION, "Issuer")?)?;
    if issuer != check.issuer {
        refuse_by!("saml/issuer", issuer);
    }
    let subject = required(document, node, ASSERTION, "Subject")?;
    let name_id = required(document, subject, ASSERTION, "NameID")?;
    if value(document, name_id)?.trim().is_empty() {
        refuse_by!("saml/name-id", "empty");
    }
    let confirmation = required(document, subject, ASSERTION, "SubjectConfirmation")?;
    if attribute(document, confirmation, "Method").as_deref() != Some(BEARER) {
        refuse_by!("saml/confirmation", "not bearer");
    }
    let data = required(document, confirmation, ASSERTION, "SubjectConfirmationData")?;
    let recipient = attribute(document, data, "Recipient").unwrap_or_default();
    if recipient != check.acs_url {
        refuse_by!("saml/recipient", recipient);
    }
    let in_response_to = attribute(document, data, "InResponseTo");
    if in_response_to.as_deref() != check.in_response_to {
        refuse_by!("saml/in-response-to", in_response_to.unwrap_or_else(|| "none".into()));
    }
    if attribute(document, data, "NotBefore").is_some() {
        refuse_by!("saml/confirmation", "NotBefore is forbidden there");
    }
    let confirmation_end = time(&required_attribute(document, data, "NotOnOrAfter")?)?;
    in_time(None, Some(confirmation_end), check)?;
    let (not_before, not_on_or_after, audience) = conditions(document, node, check)?;
    let statement =
        only(document, node, ASSERTION, "AuthnStatement")?.ok_or_else(|| refuse("saml/authn-statement", "none"))?;
    let session_end = attribute(document, statement, "SessionNotOnOrAfter").map(|t| time(&t)).transpose()?;
    in_time(None, session_end, check)?;
    let authn_instant = time(&required_attribute(document, statement, "AuthnInstant")?)?;
    let issue_instant = time(&required_attribute(document, node, "IssueInstant")?)?;
    issued(authn_instant, check.now, check.skew_seconds)?;
    issued(issue_instant, check.now, check.skew_seconds)?;
    let context = required(document, statement, ASSERTION, "AuthnContext")?;
    let class_ref =
        only(document, context, ASSERTION, "AuthnContextClassRef")?.map(|n| value(document, n)).transpose()?;
    Ok(Assertion {
        id: required_attribute(document, node, "ID")?,
        issuer,
        issue_instant,
        name_id: value(document, name_id)?,
        name_id_format: attribute(document, name_id, "Format").unwrap_or_else(|| NAMEID_UNSPECIFIED.into()),
        name_qualifier: attribute(document, name_id, "NameQualifier"),
        recipient,
        in_response_to,
        confirmation_not_on_or_after: confirmation_end,
        not_before,
        not_on_or_after,
        audience,
        authn_instant,
        session_index: attribute(document, statement, "SessionIndex").unwrap_or_default(),
        session_not_on_or_after: session_end,
        class_ref: class_ref.unwrap_or_default(),
        posture: posture(document, context)?,
        attributes: attributes(document, node)?,
    })
}

fn conditions(
    document: &Document<'_>,
    assertion: NodeId,
    check: &ResponseCheck<'_>,
) -> Result<(Option<Time>, Option<Time>, String), Refusal> {
    let node = required(document, assertion, ASSERTION, "Conditions")?;
    let limit = |name| attribute(document, node, name).map(|t| time(&t)).transpose();
    let (not_before, not_on_or_after) = (limit("NotBefore")?, limit("NotOnOrAfter")?);
    if not_before.zip(not_on_or_after).is_some_and(|(start, end)| start >= end) {
        refuse_by!("saml/time", "NotBefore is not before NotOnOrAfter");
    }
    in_time(not_before, not_on_or_after, check)?;
    let restrictions = named(document, node, ASSERTION, "AudienceRestriction");
    let known = restrictions.len()
        + named(document, node, ASSERTION, "OneTimeUse").len()
        + named(document, node, ASSERTION, "ProxyRestriction").len();
    if known != door::elements(document, node).len() {
        refuse_by!("saml/condition", "an unknown condition");
    }
    if restrictions.is_empty() {
        refuse_by!("saml/audience", "none");
    }
    // Several restrictions must all hold (core 2.5.1.4).
    for restriction in restrictions {
        let audiences = named(document, restriction, ASSERTION, "Audience");
        let audiences = audiences.into_iter().map(|n| value(document, n)).collect::<Result<Vec<_>, _>>()?;
        if !audiences.iter().any(|a| a == check.audience) {
            refuse_by!("saml/audience", audiences.join(" "));
        }
    }
    Ok((not_before, not_on_or_after, check.audience.to_string()))
}

fn posture(document: &Document<'_>, context: NodeId) -> Result<Option<DevicePosture>, Refusal> {
    let Some(decl) = only(document, context, ASSERTION, "AuthnContextDecl")? else { return Ok(None) };
    let [declaration] = door::elements(document, decl)[..] else { return Ok(None) };
    let Some(element) = document.element(declaration) else { return Ok(None) };
    let namespace = element.name.namespace_uri.as_deref().unwrap_or_default().to_string();
    if element.name.local_name != "AuthenticationContextDeclaration" {
        return Ok(None);
    }
    // Whatever is there twice is read twice: a doubled fact counts for nothing.
    let below = |of: Vec<NodeId>, name: &str| -> Vec<NodeId> {
        of.into_iter().flat_map(|n| named(document, n, &namespace, name)).collect()
    };
    let devices = below(below(vec![declaration], "Extension"), "Device");
    let Some(device) = devices.first().copied() else { return Ok(None) };
    let text = |name| attribute(document, device, name).unwrap_or_default();
    let facts = below(below(devices, "Posture"), "Fact");
    // A fact without a value still counts: dropping it would make a doubled fact look single.
    let fact =
        |n: &NodeId| Some((attribute(document, *n, "Name")?, attribute(document, *n, "Value").unwrap_or_default()));
    Ok(Some(DevicePosture {
        device_id: text("ID"),
        vendor: text("Vendor"),
        model: text("Model"),
        os: text("OS"),
        os_version: text("OSVersion"),
        facts: facts.iter().filter_map(fact).collect(),
        namespace,
    }))
}

fn attributes(document: &Document<'_>, assertion: NodeId) -> Result<Vec<(String, Vec<String>)>, Refusal> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    for statement in named(document, assertion, ASSERTION, "AttributeStatement") {
        for node in named(document, statement, ASSERTION, "Attribute") {
            let values = named(document, node, ASSERTION, "AttributeValue");
            let values = values.into_iter().map(|n| value(document, n)).collect::<Result<Vec<_>, _>>()?;
            let name = required_attribute(document, node, "Name")?;
            if found.iter().any(|(other, _)| *other == name) {
                refuse_by!("saml/repeated-attribute", name);
            }
            found.push((name, values));
        }
    }
    Ok(found)
}
