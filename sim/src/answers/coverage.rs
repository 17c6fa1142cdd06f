//! `fedsim run --coverage`: which rules, conditions and outcomes the cases of a run exercise.

use super::{Answer, Grid};
use analysis::coverage::{Coverage, OUTCOMES};
use scenarios::Case;

/// What the cases exercise, and the least of its parts in percent.
pub(crate) fn coverage(cases: &[Case]) -> (Answer, f64, String) {
    let mut covered = Coverage::default();
    cases.iter().for_each(|case| covered.add(case));
    let mut answer = Answer::new("coverage", "");
    answer.about.push(format!("{} cases, {} of them left out by the analysis", covered.cases, covered.beyond));
    let percent = |part: usize, whole: usize| if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 };
    let mut parts =
        Grid { columns: ["part", "covered", "of", "percent"].map(String::from).to_vec(), ..Grid::default() };
    let mut least: f64 = 100.0;
    for (name, part, whole) in covered.parts() {
        least = least.min(percent(part, whole));
        parts.rows.push(vec![name.into(), part.to_string(), whole.to_string(), format!("{:.1}", percent(part, whole))]);
        answer.counts.insert(format!("{name} covered"), part as u64);
        answer.counts.insert(name.into(), whole as u64);
    }
    let mut open =
        Grid { title: "Not covered".into(), columns: ["what", "where"].map(String::from).to_vec(), ..Grid::default() };
    for ((_, path), seen) in &covered.rules {
        let place = seen.place.as_ref().map(|l| format!("{}:{}", l.file, l.line)).unwrap_or_default();
        if seen.fired == 0 {
            open.rows.push(vec![format!("{path} never decides"), place.clone()]);
        }
        for (condition, (held, not)) in &seen.conditions {
            if *held == 0 || *not == 0 {
                let way = if *held == 0 { "never holds" } else { "always holds" };
                open.rows.push(vec![format!("{path}: {condition} {way}"), place.clone()]);
            }
        }
    }
    for outcome in OUTCOMES.iter().filter(|outcome| !covered.outcomes.contains_key(outcome)) {
        open.rows.push(vec![format!("outcome {outcome}"), String::new()]);
    }
    answer.grids = vec![parts, open];
    (answer, least, covered.lcov())
}
