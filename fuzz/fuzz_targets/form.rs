//! libFuzzer's way into forms; the target itself stands in the library, where every test run replays its seeds.

#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = targets::form(data);
});
