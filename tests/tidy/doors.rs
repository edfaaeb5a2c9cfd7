//! Doors to the outside world that clippy's bans do not see: constants, whole modules, and names that a glob brings in.

use super::uses::full_paths;
use super::{SOURCES, sources};

/// A path that nobody but `files` may name, or anything below it.
struct Door {
    path: &'static str,
    files: &'static [&'static str],
    /// Names that are permitted there.
    except: &'static [&'static str],
    instead: &'static str,
}

const DOORS: &[Door] = &[
    Door {
        path: "rustix::fs::CWD",
        files: &[],
        except: &[],
        instead: "take a Dir: what is relative to the working directory is ambient",
    },
    Door { path: "rustix::fs::ABS", files: &[], except: &[], instead: "take a Dir" },
    Door {
        path: "rustix::fs",
        files: &["native/src/sys.rs", "native/src/template/outside.rs"],
        // By a handle, each of them.
        except: &[
            "rustix::fs::FlockOperation",
            "rustix::fs::MemfdFlags",
            // Of the umask.
            "rustix::fs::Mode",
            "rustix::fs::SeekFrom",
            "rustix::fs::StatVfsMountFlags",
            "rustix::fs::copy_file_range",
            "rustix::fs::flock",
            "rustix::fs::fremovexattr",
            "rustix::fs::fstatfs",
            "rustix::fs::fstatvfs",
            "rustix::fs::fsync",
            "rustix::fs::memfd_create",
            "rustix::fs::seek",
            "rustix::fs::sendfile",
        ],
        instead: "sys.rs takes single names",
    },
    Door {
        path: "rustix::process",
        files: &["native/src/facts.rs"],
        except: &[],
        instead: "facts.rs reads what is known of the process",
    },
    Door { path: "rustix::net", files: &[], except: &[], instead: "the program does not use the network" },
    Door { path: "rustix::thread", files: &[], except: &[], instead: "the program keeps the rights that it was given" },
    Door {
        path: "nix::unistd",
        files: &["native/src/facts.rs"],
        except: &["nix::unistd::close"],
        instead: "facts.rs asks for accounts",
    },
    Door { path: "std::net", files: &[], except: &[], instead: "the program does not use the network" },
    Door { path: "std::os::unix::net", files: &[], except: &[], instead: "the program does not use the network" },
    Door { path: "cap_std::net", files: &[], except: &[], instead: "the program does not use the network" },
    Door {
        path: "std::process",
        files: &[],
        except: &["std::process::ExitCode", "std::process::id"],
        instead: "the program runs no other program, and ends by its exit code",
    },
    Door {
        path: "std::env",
        files: &["native/src/main.rs", "wasm-host/src/main.rs", "core/src/main.rs"],
        except: &["std::env::ArgsOs"],
        instead: "arguments and the environment are read in main.rs; take a value",
    },
    Door { path: "std::os::fd::FromRawFd", files: &[], except: &[], instead: "descriptors have owners" },
];

/// Crates whose names are imported one by one, so that the doors among them are seen.
const NO_GLOBS: [&str; 5] = ["std::", "rustix::", "nix::", "cap_std::", "cap_fs_ext::"];

/// Returns the forbidden names in a file.
fn faults(file: &str, source: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for path in full_paths(source) {
        for door in DOORS {
            let is_below = |outer: &str| path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
            let is_allowed = door.files.contains(&file) || door.except.iter().any(|except| is_below(except));
            if is_below(door.path) && !is_allowed {
                faults.push(format!("{file} names {path}: {}", door.instead));
            }
        }
        if NO_GLOBS.iter().any(|name| path.starts_with(name)) && path.ends_with("::*") {
            faults.push(format!("{file} imports {path}: name what is used, so that doors among it are seen"));
        }
    }
    faults
}

#[test]
fn doors_are_where_they_belong() {
    let mut examined = 0;
    let mut found = Vec::new();
    for folder in SOURCES {
        for (file, source) in sources(folder) {
            examined += 1;
            found.extend(faults(&format!("{folder}/{file}"), &source));
        }
    }
    assert!(examined > 50, "only {examined} files were examined");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Each way to name a door is seen.
#[test]
fn doors_are_found() {
    for source in [
        "use rustix::fs::CWD;",
        "use rustix::fs::{openat, CWD as HERE};",
        "use rustix::fs; fn f() { fs::openat(fs::CWD, name) }",
        "fn f() { rustix::fs::mkdirat(rustix::fs::CWD, name) }",
        "use rustix::{fs, process}; fn f() { process::chroot(name) }",
        "use std::process; fn f() { process::abort() }",
        "fn f() { std::process::exit(1) }",
        "use std::net::UdpSocket;",
        "use std::os::unix::net::UnixStream as Stream;",
        "use rustix::fs::*;",
        "use std::{fs::File, process::*};",
        "use std::env; fn f() { env::var_os(name) }",
        "fn f() { nix::unistd::User::from_name(name) }",
    ] {
        assert!(!faults("native/src/apply/fill.rs", source).is_empty(), "{source}");
    }
    for source in
        ["use std::process::ExitCode;", "// rustix::fs::CWD", "const TEXT: &str = \"std::net\";", "use crate::process;"]
    {
        assert_eq!(faults("native/src/apply/fill.rs", source), Vec::<String>::new(), "{source}");
    }
}
