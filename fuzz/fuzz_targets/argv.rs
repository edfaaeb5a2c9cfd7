//! The law `command_line`: command lines, their words with NULs between them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use s6_instance_maker_core::laws;

fuzz_target!(|bytes: &[u8]| {
    if let Err(broken) = laws::command_line(bytes) {
        panic!("{broken}");
    }
});
