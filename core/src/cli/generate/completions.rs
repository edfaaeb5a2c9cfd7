//! The completions of shells: those of clap_complete, with the ids of rules, and with directories for the operands where it has none.

use crate::rules::Rule;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap_complete::{Generator, shells};

/// A shell.
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The script that `shell` sources to complete the command lines of the program `name`.
pub(super) fn completions(shell: Shell, command: clap::Command, name: &str) -> String {
    // Only here: on a command line an unknown id gets a message of its own.
    let ids = || Rule::ALL.map(|rule| PossibleValue::new(rule.id()).help(rule.finds()));
    let command = ["allow", "explain"].into_iter().fold(command, |command, option| {
        command.mut_arg(option, |argument| argument.value_parser(PossibleValuesParser::new(ids())))
    });
    match shell {
        Shell::Bash => {
            let with_values = long_and_short(&command).join("|");
            generated(shells::Bash, command, name) + &bash_operands(name, &with_values)
        }
        Shell::Zsh => generated(shells::Zsh, command, name),
        Shell::Fish => {
            generated(shells::Fish, command, name) + &format!("complete -c {name} -f -a \"(__fish_complete_directories)\"\n")
        }
    }
}

fn generated(generator: impl Generator, mut command: clap::Command, name: &str) -> String {
    let mut script = Vec::new();
    clap_complete::generate(generator, &mut command, name, &mut script);
    String::from_utf8(script).unwrap_or_default()
}

/// The options with values, as words of a command line.
fn long_and_short(command: &clap::Command) -> Vec<String> {
    let options = command.get_arguments().filter(|argument| !argument.is_positional() && argument.get_action().takes_values());
    let names = options.flat_map(|option| {
        let short = option.get_short().map(|short| format!("-{short}"));
        short.into_iter().chain(option.get_long().map(|long| format!("--{long}")))
    });
    names.collect()
}

/// clap_complete offers options where an operand belongs, and nothing after `--option=`, which bash takes for three words.
fn bash_operands(name: &str, with_values: &str) -> String {
    let function = format!("_{}", name.replace('-', "__"));
    format!(
        r#"
{function}_operands() {{
    local cur="$2" prev="$3"
    if [[ "$cur" == "=" ]]; then
        cur=""
    elif [[ "$prev" == "=" ]]; then
        prev="${{COMP_WORDS[COMP_CWORD-2]}}"
    fi
    case "$prev" in
        {with_values})
            ;;
        *)
            if [[ "$cur" != -* ]]; then
                COMPREPLY=()
                compopt -o dirnames
                return 0
            fi
            ;;
    esac
    {function} "$1" "$cur" "$prev"
}}

complete -F {function}_operands -o nosort {name}
"#
    )
}
