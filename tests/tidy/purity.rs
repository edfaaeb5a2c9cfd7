//! The core is pure: std, serde and the outside world are named where they may be, and arguments reach the grammar as they are.

use super::uses::full_paths;
use super::{read, sources};

/// The files of the core that may name std: the command line, the guest, and what tests and readers are given.
const WITH_STD: [&str; 4] = ["main.rs", "laws/any_bytes.rs", "wire/json.rs", "wire/plan.rs"];

/// The crates and modules of std through which a function would be more than a function of its arguments.
const WORLD: [&str; 11] = ["env", "fs", "io", "net", "os", "path", "process", "sync", "thread", "time", "random"];

#[test]
fn the_core_names_std_in_few_files() {
    let lib = read("core/src/lib.rs");
    assert!(lib.contains("#![no_std]\n"), "core has std");
    assert_eq!(lib.matches("extern crate std;").count(), 1, "core has std in more than one way");
    assert!(lib.contains("#[cfg(any(feature = \"cli\", test))]\nextern crate std;"), "core has std without the command line");
    for (file, text) in sources("core/src") {
        let named: Vec<_> = full_paths(&text).into_iter().filter(|path| path.starts_with("std::")).collect();
        if file.starts_with("cli/") {
            // The words of a command line, and nothing else of std.
            let others: Vec<_> = named.iter().filter(|path| !path.starts_with("std::ffi::")).collect();
            assert!(others.is_empty(), "core/src/{file} names {others:?}");
        } else if !WITH_STD.contains(&file.as_str()) {
            assert!(named.is_empty(), "core/src/{file} names {named:?}");
        }
    }
}

/// The files of `plan` and its callees name nothing of the outside world, neither by std nor by another crate.
#[test]
fn plans_are_functions_of_their_arguments() {
    for (file, text) in sources("core/src") {
        if file.starts_with("cli/") || WITH_STD.contains(&file.as_str()) {
            continue;
        }
        for path in full_paths(&text) {
            let mut names = path.split("::");
            let (first, second) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
            let is_world = first == "std" && WORLD.contains(&second) || matches!(first, "rustix" | "libc" | "nix" | "cap_std");
            assert!(!is_world, "core/src/{file} names {path}");
        }
        for word in ["static mut", "thread_local!", "UnsafeCell", "AtomicU", "OnceCell", "LazyLock"] {
            assert!(!text.contains(word), "core/src/{file} keeps a state: {word}");
        }
    }
}

/// Domain types do not serialise: serde is named in core/src/wire only.
#[test]
fn domain_types_do_not_serialise() {
    for (file, text) in sources("core/src").into_iter().filter(|(file, _)| !file.starts_with("wire/")) {
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for word in ["serde", "Serialize", "Deserialize"] {
            assert!(!code.contains(word), "core/src/{file} names {word}");
        }
    }
}

/// Every program hands the process's arguments to the grammar as they are: no option is taken off before.
#[test]
fn arguments_reach_the_grammar_as_they_are() {
    // Bound once and used once; the guest's go through one function more.
    for (file, handed, count) in [
        ("native/src/main.rs", "program::main::<InProcess>(arguments, &environment, ambient)", 2),
        ("wasm-host/src/main.rs", "program::main::<Sandbox>(arguments, &environment, ambient)", 2),
        ("core/src/main.rs", "match run(arguments, ", 4),
    ] {
        let text = read(file);
        assert!(text.contains(handed), "{file} does not say {handed}");
        assert_eq!(text.matches("args_os()").count(), 1, "{file} asks for its arguments more than once");
        assert_eq!(text.to_lowercase().matches("arguments").count(), count + comments(&text), "{file}");
    }
    // What is not the process's own cannot be handed over.
    assert!(read("core/src/main.rs").contains("fn run(arguments: ArgsOs, "));
    assert!(read("core/src/main.rs").contains("match cli::parse_common(arguments) {"));
    let main = "pub fn main<P: Planner>(arguments: ArgsOs, environment: &Environment, ambient: AmbientAuthority)";
    assert!(read("native/src/program.rs").contains(main));
}

/// The number of times that comments and reasons mention arguments.
fn comments(text: &str) -> usize {
    text.lines()
        .filter(|line| line.contains("//") || line.contains("reason ="))
        .map(|line| line.to_lowercase().matches("arguments").count())
        .sum()
}
