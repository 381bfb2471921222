#![no_main]
#![allow(missing_docs, reason = "a program")]
#![forbid(unsafe_code)]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| xray_fuzz::run("dicom", bytes));
