//! Whether a second factor counts.

use federation::tenant::okta::{Factor, User};

/// Wrong codes in one sign-in, and wrong passwords in a row, after which nothing counts any more.
pub const TRIES: u8 = 5;

/// `push`: what the phone answered, where a push was asked for. `code_is_right`: of the code that was typed, if one was.
pub fn passes(user: &User, failures: u8, push: Option<&str>, code_is_right: impl FnOnce() -> bool) -> bool {
    let has = |factor| user.factors.contains(&factor);
    if failures >= TRIES {
        return false;
    }
    match push.filter(|_| has(Factor::Push)) {
        Some(answer) => answer == "approve",
        None => has(Factor::Totp) && code_is_right(),
    }
}
