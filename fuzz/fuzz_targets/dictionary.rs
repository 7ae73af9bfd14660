//! Feeds `dictionary` whatever the fuzzer finds; what must hold is said in `src/lib.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| minsheng_fuzz::dictionary(data));
