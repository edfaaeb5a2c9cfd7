//! The manual page: prose that is written by hand, with the options of the grammar in it.
//!
//! clap_mangen would give each family of options a section of its own, and paragraphs that formatters complain about.

use crate::cli::program::Program;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The line of a page that stands for the options.
const OPTIONS: &str = "@OPTIONS@";
/// The text of a page that stands for the version of the program.
const VERSION: &str = "@VERSION@";

/// The width of lines of text, in bytes: formatters complain about more than 80.
const WIDTH: usize = 78;

/// The manual page of `program`, in roff with the macros of man(7).
pub(super) fn manual(mut command: clap::Command, program: Program) -> String {
    command.build();
    program.manual.replace(VERSION, env!("CARGO_PKG_VERSION")).replacen(OPTIONS, options(&command).trim_end(), 1)
}

/// The options, one subsection for each family.
fn options(command: &clap::Command) -> String {
    let arguments: Vec<&clap::Arg> = command.get_arguments().filter(|argument| !argument.is_hide_set()).collect();
    let mut headings: Vec<&str> = Vec::new();
    for heading in arguments.iter().filter_map(|argument| argument.get_help_heading()) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    let mut text = String::new();
    for heading in headings {
        text += &format!(".SS {}\n", escaped(heading));
        for argument in arguments.iter().filter(|argument| argument.get_help_heading() == Some(heading)) {
            text += &format!(".TP\n{}\n{}", names(argument), description(argument));
        }
    }
    text
}

/// An option as it is typed: `-c N, --max-instances N`.
fn names(argument: &clap::Arg) -> String {
    let value = argument.get_value_names().and_then(<[_]>::first).map(|name| italic(name)).unwrap_or_default();
    if argument.is_positional() {
        return value;
    }
    let value = if argument.get_action().takes_values() { format!(" {value}") } else { String::new() };
    let short = argument.get_short().map(|short| bold(&format!("-{short}")) + &value);
    let long = argument.get_long().map(|long| bold(&format!("--{long}")) + &value);
    [short, long].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The help of an option: its first line as a sentence, then the rest.
fn description(argument: &clap::Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = String::new();
    for (number, paragraph) in help.split("\n\n").map(str::trim_end).filter(|paragraph| !paragraph.is_empty()).enumerate() {
        match number {
            0 => text += &format!("{}.\n", lines(paragraph)),
            1 => text += &format!("{}\n", lines(paragraph)),
            _ => text += &format!(".IP\n{}\n", lines(paragraph)),
        }
    }
    text
}

/// Text in lines: each sentence begins one, and what is between backquotes is bold.
fn lines(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(number, part)| if number % 2 == 0 { escaped(part) } else { bold(part) });
    let text: String = parts.collect();
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && (line.ends_with('.') || line.len() + 1 + word.len() > WIDTH) {
            lines.push(core::mem::take(&mut line));
        }
        if line.is_empty() && word.starts_with(['.', '\'']) {
            line += "\\&";
        }
        if !line.is_empty() && !line.ends_with("\\&") {
            line.push(' ');
        }
        line += word;
    }
    lines.push(line);
    lines.join("\n")
}

fn bold(text: &str) -> String {
    format!("\\fB{}\\fR", escaped(text))
}

fn italic(text: &str) -> String {
    format!("\\fI{}\\fR", escaped(text))
}

/// Text without the characters that mean something to roff.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    text.replace('^', "\\(ha").replace('~', "\\(ti").replace('`', "\\(ga")
}
