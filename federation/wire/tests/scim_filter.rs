//! The filter language: every filter that can be written reads back as itself; what is wrong is pointed at.

#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

use proptest::prelude::*;
use wire::scim::{AttrPath, Filter, Literal, Op, PatchPath};

fn name() -> impl Strategy<Value = String> {
    // `not` is a name too; only `not (` is the operator.
    prop_oneof!["[a-zA-Z][a-zA-Z0-9_-]{0,8}", Just("$ref".to_string()), Just("not".to_string())]
}

fn path() -> impl Strategy<Value = AttrPath> {
    let urn = prop_oneof![Just(None), Just(Some("urn:ietf:params:scim:schemas:core:2.0:User".to_string()))];
    (urn, name(), proptest::option::of(name())).prop_map(|(urn, name, sub)| AttrPath { urn, name, sub })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Bool),
        any::<i64>().prop_map(|n| Literal::Number(n.into())),
        any::<String>().prop_map(Literal::Text),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    use Op::*;
    proptest::sample::select(vec![Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le])
}

fn tree(leaf: BoxedStrategy<Filter>) -> impl Strategy<Value = Filter> {
    leaf.prop_recursive(5, 24, 2, |inner| {
        let two = || (inner.clone(), inner.clone()).prop_map(|(a, b)| (Box::new(a), Box::new(b)));
        prop_oneof![
            inner.clone().prop_map(|f| Filter::Not(Box::new(f))),
            two().prop_map(|(a, b)| Filter::And(a, b)),
            two().prop_map(|(a, b)| Filter::Or(a, b)),
        ]
    })
}

fn simple() -> BoxedStrategy<Filter> {
    prop_oneof![
        (path(), op(), literal()).prop_map(|(path, op, value)| Filter::Compare { path, op, value }),
        path().prop_map(Filter::Present),
    ]
    .boxed()
}

fn filter() -> impl Strategy<Value = Filter> {
    let element = (path(), tree(simple())).prop_map(|(path, f)| Filter::Element { path, filter: Box::new(f) });
    tree(prop_oneof![3 => simple(), 1 => element].boxed())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back(filter in filter()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = (Filter::parse(&text), PatchPath::parse(&text));
    }

    #[test]
    fn almost_filters_do_not_panic(text in "[a-c.:$\\[\\]() \"\\\\]{0,40}( eq | and | or |not |pr)?[a-c\\[\\]() \"\\\\é]{0,20}") {
        let _ = (Filter::parse(&text), PatchPath::parse(&text));
    }
}

#[track_caller]
fn reads(text: &str, expected: &str) {
    assert_eq!(Filter::parse(text).map(|f| f.to_string()).map_err(|p| p.to_string()), Ok(expected.to_string()));
}

#[test]
fn examples_of_the_rfc() {
    for text in [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
        r#"title pr and userType eq "Employee""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
        r#"userType ne "Employee" and not (emails co "example.com")"#,
    ] {
        reads(text, text);
    }
    reads(r#"a EQ 1 Or b PR AND c le 2.5"#, "a eq 1 or b pr and c le 2.5");
    reads(r#"  ( ( a pr ) )  "#, "a pr");
    reads("(a pr or b pr) and c pr", "(a pr or b pr) and c pr");
    reads("NOT(a pr)", "not (a pr)");
    reads(r#"a eq "\u00e9 \" \\""#, r#"a eq "é \" \\""#);
}

#[track_caller]
fn points_at(text: &str, at: &str, message: &str) {
    let problem = Filter::parse(text).expect_err(text);
    assert_eq!((&text[problem.at.clone()], problem.message.contains(message)), (at, true), "{problem}");
}

#[test]
fn what_is_wrong_is_pointed_at() {
    points_at("RANDOMNAME", "", "expected a space and an operator");
    points_at("userName = \"x\"", "=", "is no operator");
    points_at("userName eq bob", "bob", "text stands in quotes");
    points_at("userName eq \"bob", "\"bob", "not closed");
    points_at("a pr b pr", "b", "nothing may follow");
    points_at("(a pr", "", "expected `)`");
    points_at("emails[type eq \"work\"", "", "expected `]`");
    points_at("a[b[c pr]]", "[", "inside brackets");
    points_at("1a pr", "1a", "expected an attribute");
    points_at("http://x:a pr", "http:", "expected an attribute");
    points_at("", "", "found the end");
    points_at(&"(".repeat(100_000), &"(".repeat(100_000), "longer than");
    points_at(&format!("{}a pr", "(".repeat(40)), "(", "nested parentheses");
    points_at(&vec!["a pr"; 300].join(" or "), "a", "terms");
}

#[test]
fn paths_of_patch() {
    for text in
        ["members", "name.familyName", r#"addresses[type eq "work"]"#, r#"members[value eq "2819c223"].displayName"#]
    {
        assert_eq!(PatchPath::parse(text).map(|p| p.to_string()), Ok(text.to_string()));
    }
    assert_eq!(PatchPath::parse("a[b pr].c").unwrap().sub_attribute(), Some("c"));
    assert_eq!(PatchPath::parse("a.c").unwrap().sub_attribute(), Some("c"));
    for text in ["", "a b", "a[b pr", "a[b pr].c.d", "a[]", "a[b pr]c", "[a pr]"] {
        assert!(PatchPath::parse(text).is_err(), "{text}");
    }
}
