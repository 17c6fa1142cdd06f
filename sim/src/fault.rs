//! Errors of our own making: a panic anywhere is told with what to do about it, and ends the command with code 70.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// `EX_SOFTWARE` of sysexits.h.
pub const INTERNAL: u8 = 70;

thread_local! {
    /// Set while a panic is somebody else's and becomes an error.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `act` answers, or what it panicked with.
pub(crate) fn guarded<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    let before = QUIET.replace(true);
    let done = catch_unwind(AssertUnwindSafe(act));
    QUIET.set(before);
    done.map_err(|panic| told(&*panic))
}

/// Runs the command; a panic is reported and answered with [`INTERNAL`].
pub(crate) fn or_report(command: impl FnOnce() -> ExitCode) -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        if QUIET.get() {
            return;
        }
        let place = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        eprintln!(
            "fedsim: internal error at {place}: {}\n  this is a bug in fedsim {}, not in your scenario; please report it with \
             this text,\n  the command line and the scenario file (exit code {INTERNAL})",
            told(info.payload()),
            env!("CARGO_PKG_VERSION"),
        );
    }));
    catch_unwind(AssertUnwindSafe(command)).unwrap_or(ExitCode::from(INTERNAL))
}

fn told(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without words".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guarded_panic_is_an_answer() {
        assert_eq!(guarded(|| 7), Ok(7));
        assert_eq!(guarded(|| -> u8 { panic!("no {}", 1) }), Err("no 1".into()));
        assert!(!QUIET.get());
    }
}
