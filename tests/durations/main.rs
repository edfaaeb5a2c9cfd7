//! Runs a command that runs tests, and prints afterwards how long the tests of each module took.
//!
//! `cargo run --example durations -- cargo test ...`: the command's output appears as it comes, the table behind it; the exit code
//! is the command's. libtest prints only when a test ends, but it starts tests in the order of their names, the next one as soon as
//! one ends: that gives the time when each began. The times of a module's tests are added; several run at once, so the sum of all
//! is more than the time that passed.

#![expect(clippy::disallowed_methods, clippy::print_stdout, reason = "this program runs another one and prints")]

mod timetable;

use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::num::NonZero;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;
use timetable::Timetable;

fn main() -> ExitCode {
    let words: Vec<_> = env::args_os().skip(1).collect();
    match run(&words) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "durations: unable to run {words:?}: {error}");
            ExitCode::from(111)
        }
    }
}

fn run(words: &[std::ffi::OsString]) -> io::Result<ExitCode> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(io::Error::other("usage: durations COMMAND [ARGUMENT...]"));
    };
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn()?;
    let start = Instant::now();
    let mut timetable = Timetable::new(threads(arguments));
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line)? > 0 {
            timetable.line(&String::from_utf8_lossy(&line), start.elapsed());
            let mut shown = io::stdout().lock();
            shown.write_all(&line)?;
            shown.flush()?;
            line.clear();
        }
    }
    let status = child.wait()?;
    print!("{timetable}");
    println!("total: {:.1} s, building included", start.elapsed().as_secs_f64());
    // A signal has no code.
    Ok(status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(u8::try_from(code).unwrap_or(1))))
}

/// The number of tests that libtest runs at once.
fn threads(arguments: &[std::ffi::OsString]) -> usize {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix("--test-threads="));
    let apart = arguments.windows(2).find_map(|pair| match pair {
        [option, value] if option == "--test-threads" => Some(value.as_ref()),
        _ => None,
    });
    let variable = env::var("RUST_TEST_THREADS").ok();
    joined
        .or(apart)
        .or(variable.as_deref())
        .and_then(|value| value.parse().ok())
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get))
}
