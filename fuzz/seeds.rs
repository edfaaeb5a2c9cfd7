//! Writes the seeds of every fuzz target as files, one for each input, into a folder that has a folder for each target.
//!
//! `cargo run --example seeds -- FOLDER`; `fuzz/regenerate` does so before it fuzzes.

#![expect(clippy::disallowed_methods, reason = "this program writes files for the fuzzers")]

use s6_instance_maker_core::laws::ANY_BYTES;
use s6_instance_maker_workspace::corpus;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else { return Err(io::Error::other("usage: seeds FOLDER")) };
    for (target, _) in ANY_BYTES {
        let folder = Path::new(&folder).join(target);
        fs::create_dir_all(&folder)?;
        for seed in corpus::seeds(target) {
            fs::write(folder.join(&seed.name), &seed.bytes)?;
        }
    }
    Ok(())
}
