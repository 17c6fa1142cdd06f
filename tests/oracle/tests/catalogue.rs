//! The authors of the catalogue and the oracle must agree on every sign-in.

use oracle::Oracle;

#[test]
fn authors_and_oracle_agree() {
    let mut wrong = Vec::new();
    let mut judged = 0;
    for (file, text) in scenarios::catalogue() {
        let scenario = scenarios::load_str(file, text).unwrap_or_else(|d| panic!("{file}: {d:?}"));
        for case in scenario.cases() {
            let mut oracle = Oracle::new(&case.world);
            // A try speaks of its last sign-in; those before it keep what the unchanged world expects.
            let from = if case.id.contains('~') { last_sign_in(&case.steps) } else { 0 };
            for (number, step) in case.steps.iter().enumerate() {
                let got = oracle.apply(&step.action);
                for (path, want) in step.expect.state.0.iter().filter(|_| number >= from) {
                    let got = scenarios::Thing::parse(path).and_then(|thing| oracle.state(&thing));
                    if let Some(got) = got.filter(|got| got != want) {
                        wrong.push(format!("{} line {}: {path}: author {want}, oracle {got}", case.id, step.line));
                    }
                }
                let Some(got) = got else { continue };
                if number < from {
                    continue;
                }
                let want = &step.expect;
                judged += 1;
                let whom = want.as_whom.app.as_ref().is_none_or(|w| got.as_whom.as_deref().unwrap_or_default() == w);
                let trusted = want.device_trusted.is_none_or(|t| got.device_trusted == Some(t));
                if want.outcome.is_some_and(|o| o != got.outcome)
                    || want.by.as_ref().is_some_and(|b| *b != got.by)
                    || !trusted
                    || !whom
                {
                    wrong.push(format!("{} line {}: author {want:?}\n    oracle {got:?}", case.id, step.line));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {judged} sign-ins:\n{}", wrong.len(), wrong.join("\n"));
}

fn last_sign_in(steps: &[scenarios::Step]) -> usize {
    steps.iter().rposition(|s| matches!(s.action, scenarios::Action::SignIn(_))).unwrap_or(0)
}
