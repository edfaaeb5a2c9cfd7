//! The law `record_document`: records of templates as documents.

#![no_main]

use libfuzzer_sys::fuzz_target;
use s6_instance_maker_core::laws;

fuzz_target!(|bytes: &[u8]| {
    if let Err(broken) = laws::record_document(bytes) {
        panic!("{broken}");
    }
});
