//! What machines read: JSON (docs/json.md), JUnit XML and GitHub annotations.

use crate::report;
use crate::runner::{CaseResult, Missed, StepResult};
use crate::style::Style;
use scenarios::Case;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use wire::form::html_escape as xml;

#[derive(Serialize)]
struct Document<'a> {
    /// Version of this document's shape; see docs/json.md.
    version: u32,
    cases: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    met: bool,
    #[serde(flatten)]
    result: &'a CaseResult,
    transcript: String,
}

/// All results as one JSON document.
pub fn json(results: &[CaseResult]) -> Result<String, String> {
    let entry = |result| Entry { met: CaseResult::met(result), result, transcript: result.transcript() };
    let document = Document { version: 1, cases: results.iter().map(entry).collect() };
    serde_json::to_string_pretty(&document).map_err(|e| e.to_string())
}

/// JUnit XML: a suite per family, a test case per case. `results` are those of `cases`, in their order.
pub fn junit(cases: &[Case], results: &[CaseResult]) -> String {
    let mut families: BTreeMap<&str, Vec<(&Case, &CaseResult)>> = BTreeMap::new();
    for (case, result) in cases.iter().zip(results) {
        families.entry(family(&case.id)).or_default().push((case, result));
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"fedsim\"{}>", counts(results.iter()));
    for (family, members) in families {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\"{}>",
            xml(family),
            counts(members.iter().map(|(_, result)| *result))
        );
        for (case, result) in members {
            test_case(&mut out, family, case, result);
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>");
    out
}

/// `breaks/no-crl~x` is of `breaks`.
fn family(id: &str) -> &str {
    id.split_once('/').map_or("own", |(family, _)| family)
}

/// A case that could not be played is an error, one that ended otherwise than expected a failure.
fn counts<'a>(results: impl Iterator<Item = &'a CaseResult>) -> String {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for result in results {
        tests += 1;
        errors += usize::from(result.error.is_some());
        failures += usize::from(result.error.is_none() && !result.met());
    }
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"")
}

fn test_case(out: &mut String, family: &str, case: &Case, result: &CaseResult) {
    let _ = write!(out, "    <testcase classname=\"{}\" name=\"{}\"", xml(family), xml(&result.id));
    if result.met() {
        out.push_str("/>\n");
        return;
    }
    let problems = problems(case, result);
    let element = if result.error.is_some() { "error" } else { "failure" };
    let message = problems.first().map(|p| p.text.as_str()).unwrap_or_default();
    let _ = write!(out, ">\n      <{element} message=\"{}\">", xml(message));
    for (index, Problem { line, text }) in problems.iter().enumerate() {
        let gap = if index == 0 { "" } else { "\n" };
        let _ = write!(out, "{gap}{}", xml(&format!("{}:{line}: {text}", case.file)));
    }
    let _ = writeln!(out, "</{element}>\n    </testcase>");
}

/// GitHub annotations: one per missed expectation, at the step that states it; a summary line at the end.
pub fn github(cases: &[Case], results: &[CaseResult]) -> String {
    let mut out = String::new();
    for (case, result) in cases.iter().zip(results) {
        for Problem { line, text } in problems(case, result) {
            let (file, title) = (property(&case.file), property(&result.id));
            let _ = writeln!(out, "::error file={file},line={line},title={title}::{}", data(&text));
        }
    }
    out.push_str(report::summary(results, Style::plain()).trim());
    out
}

/// One thing that went otherwise than its author expected.
struct Problem {
    line: usize,
    text: String,
}

/// What stopped the case comes first, then what was missed.
fn problems(case: &Case, result: &CaseResult) -> Vec<Problem> {
    let line = |number: usize| number.checked_sub(1).and_then(|i| case.steps.get(i)).map_or(1, |step| step.line.max(1));
    let stopped = result.error.iter().map(|e| Problem { line: line(result.steps.len() + 1), text: e.clone() });
    let missed = |step: &StepResult| -> Vec<Problem> {
        let told = |Missed { what, expected, observed }: &Missed| {
            format!("step {}, {}: {what}: expected {expected}, observed {observed}", step.number, step.action)
        };
        step.missed.iter().map(|m| Problem { line: line(step.number), text: told(m) }).collect()
    };
    stopped.chain(result.steps.iter().flat_map(missed)).collect()
}

/// The message of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> Cow<'_, str> {
    if text.contains(['%', '\r', '\n', ':', ',']) {
        data(text).replace(':', "%3A").replace(',', "%2C").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{data, github, json, junit, property, xml};
    use crate::runner::{CaseResult, Missed, StepResult};
    use scenarios::Case;

    const TEXT: &str = r#"
name = "one"
baseline = "routing-only"

[[step]]
wait = { minutes = 1 }

[[step]]
sweep = {}
"#;

    /// A case whose steps are written in lines 5 and 8.
    fn case(id: &str) -> Case {
        let mut case = scenarios::load_str("mine/one.toml", TEXT).unwrap().cases().remove(0);
        assert_eq!(case.steps.iter().map(|s| s.line).collect::<Vec<_>>(), [5, 8]);
        case.id = id.into();
        case
    }

    fn result(id: &str, missed: &[(&str, &str, &str)], error: Option<&str>) -> CaseResult {
        let missed =
            missed.iter().map(|(w, e, o)| Missed { what: (*w).into(), expected: (*e).into(), observed: (*o).into() });
        let step = |number, missed| StepResult {
            number,
            action: format!("act {number}"),
            observed: None,
            state: Default::default(),
            missed,
            events: Vec::new(),
        };
        let steps = match error {
            None => vec![step(1, vec![]), step(2, missed.collect())],
            Some(_) => vec![step(1, missed.collect())],
        };
        CaseResult {
            id: id.into(),
            steps,
            error: error.map(String::from),
            handshakes: 3,
            signatures: 2,
            verifications: 2,
        }
    }

    fn all() -> (Vec<Case>, Vec<CaseResult>) {
        let ids = ["b/good", "a/bad", "b/broken"];
        let results = vec![
            result(ids[0], &[], None),
            result(ids[1], &[("outcome", "granted", "denied"), ("page", "<a> & \"b\"", "100%\nsure\u{1}")], None),
            result(ids[2], &[], Some("step 2: no device `x,y: z`")),
        ];
        (ids.iter().map(|id| case(id)).collect(), results)
    }

    #[test]
    fn junit_has_a_suite_per_family_and_escapes() {
        let (cases, results) = all();
        let wanted = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="fedsim" tests="3" failures="1" errors="1">
  <testsuite name="a" tests="1" failures="1" errors="0">
    <testcase classname="a" name="a/bad">
      <failure message="step 2, act 2: outcome: expected granted, observed denied">mine/one.toml:8: step 2, act 2: outcome: expected granted, observed denied
mine/one.toml:8: step 2, act 2: page: expected &lt;a&gt; &amp; &quot;b&quot;, observed 100%&#10;sure</failure>
    </testcase>
  </testsuite>
  <testsuite name="b" tests="2" failures="0" errors="1">
    <testcase classname="b" name="b/good"/>
    <testcase classname="b" name="b/broken">
      <error message="step 2: no device `x,y: z`">mine/one.toml:8: step 2: no device `x,y: z`</error>
    </testcase>
  </testsuite>
</testsuites>"#;
        assert_eq!(junit(&cases, &results), wanted);
    }

    #[test]
    fn junit_of_nothing_is_an_empty_document() {
        let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                  <testsuites name=\"fedsim\" tests=\"0\" failures=\"0\" errors=\"0\">\n</testsuites>";
        assert_eq!(junit(&[], &[]), wanted);
    }

    #[test]
    fn github_annotates_the_step_and_sums_up() {
        let (cases, results) = all();
        let wanted = "\
::error file=mine/one.toml,line=8,title=a/bad::step 2, act 2: outcome: expected granted, observed denied
::error file=mine/one.toml,line=8,title=a/bad::step 2, act 2: page: expected <a> & \"b\", observed 100%25%0Asure\u{1}
::error file=mine/one.toml,line=8,title=b/broken::step 2: no device `x,y: z`
1 met, 2 missed, 3 cases";
        assert_eq!(github(&cases, &results), wanted);
        assert_eq!(github(&cases[..1], &results[..1]), "1 met, 0 missed, 1 case");
    }

    #[test]
    fn a_case_that_stopped_before_its_first_step_points_there() {
        let mut stopped = result("a/x", &[], Some("no world"));
        stopped.steps.clear();
        assert!(
            github(&[case("a/x")], &[stopped]).starts_with("::error file=mine/one.toml,line=5,title=a/x::no world\n")
        );
    }

    #[test]
    fn escapes() {
        let rows =
            [("plain", "plain"), ("a<b>&\"", "a&lt;b&gt;&amp;&quot;"), ("\t\r\n", "&#9;&#13;&#10;"), ("\0é", "é")];
        for (given, wanted) in rows {
            assert_eq!(xml(given), wanted, "{given:?}");
        }
        for (given, wanted) in [("50%\r\n", "50%25%0D%0A"), ("%0A", "%250A"), ("a:b,c", "a:b,c")] {
            assert_eq!(data(given), wanted, "{given:?}");
        }
        for (given, wanted) in [("a/b.toml", "a/b.toml"), ("C:\\a,b", "C%3A\\a%2Cb"), ("%", "%25")] {
            assert_eq!(property(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn json_has_the_fields_of_its_document() {
        let (_, results) = all();
        let value: serde_json::Value = serde_json::from_str(&json(&results).unwrap()).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["cases"][0]["met"], true);
        assert_eq!(value["cases"][1]["steps"][1]["missed"][0]["observed"], "denied");
        assert_eq!(value["cases"][2]["error"], "step 2: no device `x,y: z`");
        let mut keys: Vec<&str> = value["cases"][0].as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["error", "handshakes", "id", "met", "signatures", "steps", "transcript", "verifications"]);
    }

    /// Keys below `value`, without those of maps that people name.
    fn fields(value: &serde_json::Value, found: &mut std::collections::BTreeSet<String>) {
        match value {
            serde_json::Value::Array(items) => items.iter().for_each(|item| fields(item, found)),
            serde_json::Value::Object(map) => {
                for (key, value) in map {
                    found.insert(key.clone());
                    if !["as_whom", "state"].contains(&key.as_str()) {
                        fields(value, found);
                    }
                }
            }
            _ => {}
        }
    }

    #[test]
    fn every_field_is_documented_and_every_documented_field_is_there() {
        let (mut results, mut found) = (all().1, std::collections::BTreeSet::new());
        let (file, text) = scenarios::catalogue().remove(0);
        let case = scenarios::load_str(file, text).unwrap().cases().remove(0);
        results.push(crate::replay(&case, &crate::Options::default()));
        fields(&serde_json::from_str(&json(&results).unwrap()).unwrap(), &mut found);
        let rows = include_str!("../../docs/json.md").lines().filter_map(|l| l.strip_prefix("| `")?.split('`').next());
        assert_eq!(found, rows.map(String::from).collect());
    }
}
