//! Every check is in force. Only a test build with the feature `disable-checks` can switch one off, to see what it held back.

#[cfg(not(feature = "disable-checks"))]
pub(crate) const fn off(_: &str) -> bool {
    false
}

#[cfg(feature = "disable-checks")]
pub use switched::{off, without};

#[cfg(feature = "disable-checks")]
mod switched {
    use std::cell::RefCell;

    thread_local! {
        static OFF: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub fn off(code: &str) -> bool {
        OFF.with_borrow(|off| off.iter().any(|c| c == code))
    }

    /// Runs `run` on this thread as if these checks did not exist.
    pub fn without<T>(codes: &[&str], run: impl FnOnce() -> T) -> T {
        OFF.set(codes.iter().map(|c| c.to_string()).collect());
        let result = run();
        OFF.take();
        result
    }
}

/// Refuses by a named check.
macro_rules! refuse_by {
    ($code:expr, $detail:expr) => {
        if !$crate::checks::off($code) {
            return Err($crate::Refusal::new($code, $detail));
        }
    };
}
pub(crate) use refuse_by;
