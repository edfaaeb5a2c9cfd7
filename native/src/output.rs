//! Standard output as it is: std's own says that a descriptor which was not opened for writing takes everything.

use crate::palette::Palette;
use s6_instance_maker_core::cli::{Action, Audience, Comparison, Format};
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

/// An output in the colors of what an action prints there: text for people, as a whole; anything else stays as it is.
pub(crate) struct Painted<W> {
    output: W,
    paint: Option<fn(Palette, &str) -> String>,
    palette: Palette,
    /// The text that was not yet flushed.
    text: Vec<u8>,
}

impl<W: Write> Painted<W> {
    /// Takes the colors of `palette`, which is asked for them only where `action` prints something that has colors.
    pub(crate) fn new(output: W, palette: impl FnOnce() -> Palette, action: &Action) -> Self {
        let paint = match action {
            Action::Print(Format::Text) => Some(Palette::preview as fn(Palette, &str) -> String),
            Action::Compare(Comparison { audience: Audience::Reader(Format::Text), .. }) => {
                Some(Palette::differences as fn(Palette, &str) -> String)
            }
            _ => None,
        };
        let palette = paint.map_or(Palette::Plain, |_| palette());
        Self { output, paint: paint.filter(|_| palette == Palette::Ansi), palette, text: Vec::new() }
    }
}

impl<W: Write> Write for Painted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.paint {
            None => self.output.write(bytes),
            Some(_) => self.text.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(paint) = self.paint {
            let text = String::from_utf8_lossy(&self.text).into_owned();
            self.text.clear();
            self.output.write_all(paint(self.palette, &text).as_bytes())?;
        }
        self.output.flush()
    }
}
