//! Replaying many cases on threads of their own, told in a stable order, with a progress bar where a run takes long.

use crate::cli::say;
use crate::core::locked;
use crate::runner::CaseResult;
use crate::world::Options;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scenarios::Case;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A run that lasts longer shows how far it is, on a terminal.
const PATIENCE: Duration = Duration::from_secs(1);

/// Replays on `jobs` threads and says what `told` makes of each case, in the order of `cases`, as soon as it and all
/// before it are done.
pub(crate) fn replay_all(
    cases: &[Case],
    options: &Options,
    jobs: usize,
    told: impl FnMut(&Case, &CaseResult) -> Option<String> + Send,
) -> Vec<CaseResult> {
    let next = AtomicUsize::new(0);
    let progress = Progress::new(cases.len());
    let done = Mutex::new(Done { results: vec![None; cases.len()], told: 0, tell: told });
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(cases.len()) {
            scope.spawn(|| {
                while let Some((index, case)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, cases.get(i)?)))
                {
                    let result = crate::replay(case, options);
                    locked(&done).take(index, result, cases, &progress);
                }
            });
        }
    });
    progress.bar.finish_and_clear();
    let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.results.into_iter().flatten().collect()
}

struct Done<T> {
    results: Vec<Option<CaseResult>>,
    /// How many are told already.
    told: usize,
    tell: T,
}

impl<T: FnMut(&Case, &CaseResult) -> Option<String>> Done<T> {
    fn take(&mut self, index: usize, result: CaseResult, cases: &[Case], progress: &Progress) {
        self.results[index] = Some(result);
        while let Some(result) = self.results.get(self.told).and_then(Option::as_ref) {
            if let Some(text) = (self.tell)(&cases[self.told], result) {
                progress.bar.suspend(|| say(&text));
            }
            self.told += 1;
        }
        progress.step();
    }
}

/// Hidden until patience ends; drawn on standard error where that is a terminal.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new(cases: usize) -> Progress {
        let bar = ProgressBar::with_draw_target(u64::try_from(cases).ok(), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} of {len} cases, {eta} to go") {
            bar.set_style(style);
        }
        Progress { bar }
    }

    fn step(&self) {
        if self.bar.is_hidden() && self.bar.elapsed() > PATIENCE {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }
}
