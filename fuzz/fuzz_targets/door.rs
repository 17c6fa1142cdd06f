//! libFuzzer's way into the front door of XML; the target itself stands in the library, where every test run replays its seeds.

#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = targets::door(data);
});
