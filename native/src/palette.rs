//! Colors of help, messages and previews. A text without its colors is the same text.

use crate::environment::Environment;
use anstyle::{AnsiColor, Style};
use s6_instance_maker_core::cli::ColorChoice;
use s6_instance_maker_core::message::PROGRAM;

/// The colors for one output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// No colors.
    Plain,
    /// The sixteen colors of terminals.
    Ansi,
}

/// A part of the output that a reader looks for.
#[derive(Clone, Copy)]
enum Part {
    Heading,
    Name,
    Added,
    Removed,
    Replaced,
    Margin,
    Fatal,
    Warning,
    Advice,
}

impl Part {
    const fn style(self) -> Style {
        match self {
            Self::Heading => Style::new().bold().underline(),
            Self::Name => Style::new().bold(),
            Self::Added => AnsiColor::Green.on_default(),
            Self::Removed => AnsiColor::Red.on_default(),
            Self::Replaced => AnsiColor::Yellow.on_default(),
            Self::Margin => Style::new().dimmed(),
            Self::Fatal => AnsiColor::Red.on_default().bold(),
            Self::Warning => AnsiColor::Yellow.on_default().bold(),
            Self::Advice => AnsiColor::Cyan.on_default().bold(),
        }
    }

    fn paint(self, text: &str) -> String {
        if text.is_empty() { String::new() } else { format!("{0}{text}{0:#}", self.style()) }
    }
}

impl Palette {
    /// The colors for an output: those of `--color`, else of the environment, else those that a terminal has.
    #[must_use]
    pub fn choose(choice: ColorChoice, environment: &Environment, is_terminal: impl FnOnce() -> bool) -> Self {
        let has_colors = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => environment.colors().unwrap_or_else(is_terminal),
        };
        if has_colors { Self::Ansi } else { Self::Plain }
    }

    /// The help: headings, and names of options and operands.
    #[must_use]
    pub fn help(self, text: &str) -> String {
        self.lines(text, |line| {
            let name = line.trim_start();
            let indent = line.len() - name.len();
            match line.split_once(": ") {
                _ if line.ends_with(':') && indent == 0 => Part::Heading.paint(line),
                Some((start @ ("Usage" | "Exit codes"), rest)) => format!("{}: {rest}", Part::Heading.paint(start)),
                _ if name.starts_with(['-', '<']) && (1..10).contains(&indent) => {
                    // Two blanks separate it from its help.
                    let end = name.find("  ").unwrap_or(name.len());
                    let (name, help) = name.split_at_checked(end).unwrap_or((name, ""));
                    format!("{}{}{help}", " ".repeat(indent), Part::Name.paint(name))
                }
                _ => line.to_owned(),
            }
        })
    }

    /// Messages: how bad each is.
    #[must_use]
    pub fn messages(self, text: &str) -> String {
        self.lines(text, |line| {
            let parts =
                line.strip_prefix(PROGRAM).and_then(|rest| rest.strip_prefix(": ")).and_then(|rest| rest.split_once(": "));
            let Some((word, rest)) = parts else { return line.to_owned() };
            let part = match word {
                "fatal" => Part::Fatal,
                "warning" => Part::Warning,
                _ => Part::Advice,
            };
            format!("{PROGRAM}: {}: {rest}", part.paint(word))
        })
    }

    /// A preview: the margin of texts, and what is not verbatim.
    #[must_use]
    pub fn preview(self, text: &str) -> String {
        self.lines(text, |line| {
            let content = line.trim_start();
            let indent = line.len() - content.len();
            match content.split_at_checked(1) {
                Some(("|", text)) if indent > 0 => format!("{}{}{text}", " ".repeat(indent), Part::Margin.paint("|")),
                Some(("\\", text)) if indent > 0 => {
                    format!("{}{}", " ".repeat(indent), Part::Replaced.paint(&format!("\\{text}")))
                }
                _ => line.to_owned(),
            }
        })
    }

    /// Differences: what comes, goes and changes.
    #[must_use]
    pub fn differences(self, text: &str) -> String {
        self.lines(text, |line| {
            let part = match line.split(' ').next().unwrap_or_default() {
                "create" => Part::Added,
                "remove" => Part::Removed,
                "replace" | "change" => Part::Replaced,
                "---" | "+++" => Part::Name,
                "@@" => Part::Margin,
                _ if line.starts_with('+') => Part::Added,
                _ if line.starts_with('-') => Part::Removed,
                _ => return line.to_owned(),
            };
            part.paint(line)
        })
    }

    /// Each line as `paint` returns it.
    fn lines(self, text: &str, paint: impl Fn(&str) -> String) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi => text.split_inclusive('\n').fold(String::new(), |painted, line| {
                let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
                painted + &paint(line) + end
            }),
        }
    }
}
