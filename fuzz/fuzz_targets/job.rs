//! The law `job_document`: jobs as documents.

#![no_main]

use libfuzzer_sys::fuzz_target;
use s6_instance_maker_core::laws;

fuzz_target!(|bytes: &[u8]| {
    if let Err(broken) = laws::job_document(bytes) {
        panic!("{broken}");
    }
});
