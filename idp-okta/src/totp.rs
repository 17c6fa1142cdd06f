//! Time-based one-time passwords (RFC 6238): SHA-1, six digits, thirty seconds, one step to either side.

use federation::Time;
use totp_rs::{Algorithm, TOTP};

pub fn verify(secret: &[u8], code: &str, now: Time) -> bool {
    let totp = TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, secret.to_vec());
    u64::try_from(now.seconds()).is_ok_and(|seconds| totp.check(code, seconds))
}
