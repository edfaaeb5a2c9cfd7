//! Standard output as it is: std's own says that a descriptor which was not opened for writing takes everything.

use std::io::{self, Stdout, Write};

/// Standard output, unbuffered.
#[derive(Debug)]
pub(crate) struct Output(Stdout);

impl Output {
    /// Returns this process's standard output.
    #[expect(clippy::disallowed_methods, reason = "the one writer of standard output")]
    pub(crate) fn standard() -> Self {
        Self(io::stdout())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.0, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
