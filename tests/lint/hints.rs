//! Hints: followed to the letter, each of them mends what it was given for.

use super::{found, unsound::unsound};
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};
use std::collections::BTreeSet;

/// A rule's id, the options and the template, what the hint says, and what they become by it.
type Followed = (&'static str, Given, &'static str, Given);
/// Options, and a template.
type Given = (&'static [&'static str], &'static str);

const SCRIPT: &str = "0755 file run == #!/bin/sh\\nexec my-daemon $1\\n";

/// At least one for each rule about templates. What is added or removed is what the hint names.
const FOLLOWED: &[Followed] = &[
    ("run-missing", (&[], "0644 file conf"), "add a script called run", (&[], SCRIPT)),
    ("run-not-executable", (&[], "0644 file run"), "(chmod +x)", (&[], "0755 file run")),
    ("run-not-executable", (&[], "0644 file run"), "--fix-modes", (&["--fix-modes"], "0644 file run")),
    ("run-not-a-file", (&[], "0755 dir run"), "replace run by a script", (&[], SCRIPT)),
    (
        "run-dangling",
        (&[], "0777 link run -> start"),
        "put the target of the link into the template",
        (&[], "0777 link run -> start\n0755 file start"),
    ),
    (
        "finish-not-executable",
        (&[], "0755 file run\n0644 file finish"),
        "--fix-modes",
        (&["--fix-modes"], "0755 file run\n0644 file finish"),
    ),
    ("finish-not-executable", (&[], "0755 file run\n0644 file finish"), "remove it", (&[], "0755 file run")),
    ("finish-not-a-file", (&[], "0755 file run\n0755 dir finish"), "remove it", (&[], "0755 file run")),
    ("finish-dangling", (&[], "0755 file run\n0777 link finish -> x"), "remove the link", (&[], "0755 file run")),
    ("log-not-a-directory", (&[], "0755 file run\n0755 file log"), "remove it", (&[], "0755 file run")),
    (
        "log-run-missing",
        (&[], "0755 file run\n0755 dir log"),
        "add a script called log/run",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run"),
    ),
    (
        "log-run-not-executable",
        (&[], "0755 file run\n0755 dir log\n0644 file log/run"),
        "--fix-modes",
        (&["--fix-modes"], "0755 file run\n0755 dir log\n0644 file log/run"),
    ),
    (
        "log-run-not-a-file",
        (&[], "0755 file run\n0755 dir log\n0755 dir log/run"),
        "replace log/run by a script",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run"),
    ),
    (
        "log-run-dangling",
        (&[], "0755 file run\n0755 dir log\n0777 link log/run -> x"),
        "put the target of the link into the template",
        (&[], "0755 file run\n0755 dir log\n0777 link log/run -> x\n0755 file log/x"),
    ),
    (
        "log-finish-not-executable",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run\n0644 file log/finish"),
        "(chmod +x)",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run\n0755 file log/finish"),
    ),
    (
        "log-finish-not-a-file",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run\n0755 dir log/finish"),
        "remove it",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run"),
    ),
    (
        "log-finish-dangling",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run\n0777 link log/finish -> x"),
        "remove the link",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run"),
    ),
    (
        "no-interpreter-line",
        (&[], r"0755 file run == exec my-daemon $1\n"),
        "the line #!/bin/sh",
        (&[], r"0755 file run == #!/bin/sh\nexec my-daemon $1\n"),
    ),
    (
        "interpreter-crlf",
        (&[], r"0755 file run == #!/bin/sh\r\nexec my-daemon $1\r\n"),
        r"sed -i 's/\r$//'",
        (&[], r"0755 file run == #!/bin/sh\nexec my-daemon $1\n"),
    ),
    (
        "blank-before-interpreter",
        (&[], r"0755 file run == \u{feff}\n #!/bin/sh\nexec my-daemon $1\n"),
        "remove blanks, empty lines and byte order marks",
        (&[], r"0755 file run == #!/bin/sh\nexec my-daemon $1\n"),
    ),
    (
        "interpreter-elsewhere",
        (&["--installation", "debian"], r"0755 file run == #!/command/execlineb -S1\n/command/s6-setuidgid a b $1\n"),
        "--shebang-dir /command",
        (
            &["--installation", "debian", "--shebang-dir", "/command", "--allow", "interpreter-elsewhere"],
            r"0755 file run == #!/command/execlineb -S1\n/command/s6-setuidgid a b $1\n",
        ),
    ),
    (
        "interpreter-elsewhere",
        (
            &["--installation", "debian", "--shebang-dir", "/command"],
            r"0755 file run == #!/command/execlineb -S1\n/command/s6-setuidgid a b $1\n",
        ),
        "--s6-dir /command",
        (
            &["--installation", "debian", "--shebang-dir", "/command", "--s6-dir", "/command"],
            r"0755 file run == #!/command/execlineb -S1\n/command/s6-setuidgid a b $1\n",
        ),
    ),
    (
        "interpreter-missing",
        (&[], r"0755 file run == #!@BINDIR@/execlineb -S1\nmy-daemon $1\n"),
        "write the absolute path of the interpreter",
        (&[], r"0755 file run == #!/usr/bin/execlineb -S1\nmy-daemon $1\n"),
    ),
    (
        "interpreter-missing",
        (&[], r"0755 file run == #!./interp\n"),
        "or have it in the template as an executable file (chmod +x)",
        (&[], "0755 file run == #!./interp\\n\n0755 file interp"),
    ),
    (
        "interpreter-missing",
        (&[], "0755 file run == #!./interp\\n\n0644 file interp"),
        "or have it in the template as an executable file (chmod +x)",
        (&[], "0755 file run == #!./interp\\n\n0755 file interp"),
    ),
    (
        "interpreter-arguments",
        (&[], r"0755 file run == #!/usr/bin/env bash -e\nmy-daemon $1\n"),
        "write #!/usr/bin/env -S bash -e",
        (&[], r"0755 file run == #!/usr/bin/env -S bash -e\nmy-daemon $1\n"),
    ),
    (
        "interpreter-arguments",
        (&[], r"0755 file run == #!/bin/sh -e -u\nmy-daemon $1\n"),
        "write #!/bin/sh, and set -e -u on the next line",
        (&[], r"0755 file run == #!/bin/sh\nset -e -u\nmy-daemon $1\n"),
    ),
    (
        "interpreter-arguments",
        (&[], r"0755 file run == #!/bin/busybox sh -e\nmy-daemon $1\n"),
        "write #!/bin/busybox sh, and set -e on the next line",
        (&[], r"0755 file run == #!/bin/busybox sh\nset -e\nmy-daemon $1\n"),
    ),
    (
        "interpreter-arguments",
        (&[], r"0755 file run == #!/usr/bin/execlineb -S1 -P\nmy-daemon $1\n"),
        "write its options as one: #!/usr/bin/execlineb -S1",
        (&[], r"0755 file run == #!/usr/bin/execlineb -S1\nmy-daemon $1\n"),
    ),
    (
        "link-leaves-template",
        (&[], "0777 link run -> ../start"),
        "put the target into the template, or add --dereference",
        (&["--dereference"], "0755 file run"),
    ),
    (
        "link-leaves-template",
        (&["--dereference"], "0777 link run -> ../start"),
        "nothing here can be copied in its place: put the target into the template, or --allow link-leaves-template",
        (&["--dereference", "--allow", "link-leaves-template"], "0777 link run -> ../start"),
    ),
    ("absolute-link", (&[], "0777 link run -> /opt/base/bin/agent"), "--dereference", (&["--dereference"], "0755 file run")),
    (
        "absolute-link",
        (&["--dereference"], "0777 link run -> /opt/base/bin/agent"),
        "--allow absolute-link accepts it",
        (&["--dereference", "--allow", "absolute-link"], "0777 link run -> /opt/base/bin/agent"),
    ),
    ("link-dangling", (&[], "0755 file run\n0777 link conf -> data"), "remove the link", (&[], "0755 file run")),
    (
        "control-file-invalid",
        (
            &[],
            r"0755 file run == #!/bin/sh\n$1\n
                0644 file notification-fd == three",
        ),
        "write a descriptor, a number from 3 to 2147483647, on the first line of notification-fd, without blanks",
        (
            &[],
            r"0755 file run == #!/bin/sh\n$1\n
                0644 file notification-fd == 2147483647",
        ),
    ),
    (
        "control-file-invalid",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run\n0644 file log/timeout-kill = 5s"),
        "write a number of milliseconds on the first line of timeout-kill",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run\n0644 file log/timeout-kill = 5000"),
    ),
    (
        "control-file-invalid",
        (&[], "0755 file run\n0644 file down-signal = HANGUP"),
        "the name of a signal, such as SIGHUP, on the first line of down-signal",
        (&[], "0755 file run\n0644 file down-signal = SIGHUP"),
    ),
    (
        "lock-fd-equals-notification-fd",
        (&[], "0755 file run\n0644 file notification-fd = 3\n0644 file lock-fd = 3"),
        "give them different numbers",
        (&[], "0755 file run\n0644 file notification-fd = 3\n0644 file lock-fd = 4"),
    ),
    (
        "lock-fd-needs-newer-s6",
        (&["--s6-version", "2.13"], "0755 file run\n0644 file lock-fd = 4"),
        "s6 2.14 or later",
        (&["--s6-version", "2.14"], "0755 file run\n0644 file lock-fd = 4"),
    ),
    ("state-left-behind", (&[], "0755 file run\n0755 dir event"), "remove it from the template", (&[], "0755 file run")),
    ("state-in-the-way", (&[], "0755 file run\n0644 file event"), "rename it", (&[], "0755 file run\n0644 file events")),
    ("leftover-files", (&[], "0755 file run\n0755 file run~"), "remove them from the template", (&[], "0755 file run")),
    ("starts-down", (&[], "0755 file run\n0644 file down"), "remove it", (&[], "0755 file run")),
    (
        "instance-name-unused",
        (&[], r"0755 file run == #!/bin/sh\nexec my-daemon\n"),
        "$1 in a shell",
        (&[], r"0755 file run == #!/bin/sh\nexec my-daemon $1\n"),
    ),
    (
        "instance-name-unused",
        (&[], r"0755 file run == #!/usr/bin/execlineb -P\nmy-daemon\n"),
        "and in execlineb with -S1",
        (&[], r"0755 file run == #!/usr/bin/execlineb -S1\nmy-daemon $1\n"),
    ),
    (
        "names-parent-directory",
        (&[], r"0755 file run == #!/bin/sh\n. ../lib.sh\n"),
        "put the file into the template, or name it by an absolute path",
        (&[], "0755 file run == #!/bin/sh\\n. ./lib.sh\\n. /srv/lib.sh\\n\n0644 file lib.sh"),
    ),
    (
        "shared-log-directory",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run == #!/bin/sh\\nexec s6-log t /var/log/svc\\n"),
        r#"run mkdir -p "/var/log/svc/$1" before the logger, and have it write to "/var/log/svc/$1""#,
        (
            &[],
            r#"0755 file run
               0755 dir log
               0755 file log/run == #!/bin/sh\nmkdir -p "/var/log/svc/$1"\nexec s6-log t "/var/log/svc/$1"\n"#,
        ),
    ),
    (
        "shared-log-directory",
        (&[], "0755 file run\n0755 dir log\n0755 file log/run == #!/usr/bin/execlineb -P\\ns6-log t /var/log/$1\\n"),
        r#"run mkdir -p "/var/log/$1" before the logger, and have it write to "/var/log/$1": $1 is NAME/log in a shell, and in execlineb with -S1"#,
        (
            &[],
            r#"0755 file run
               0755 dir log
               0755 file log/run == #!/usr/bin/execlineb -S1\nif { mkdir -p "/var/log/$1" }\ns6-log t "/var/log/$1"\n"#,
        ),
    ),
    (
        "check-missing",
        (&[], r"0755 file run == #!/bin/sh\nexec s6-notifyoncheck my-daemon $1\n"),
        "s6-notifyoncheck -c",
        (&[], r"0755 file run == #!/bin/sh\nexec s6-notifyoncheck -c /srv/check my-daemon $1\n"),
    ),
    (
        "check-not-executable",
        (&[], "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck my-daemon $1\\n\n0755 dir data\n0644 file data/check"),
        "--fix-modes",
        (
            &["--fix-modes"],
            "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck my-daemon $1\\n\n0755 dir data\n0644 file data/check",
        ),
    ),
    (
        "check-not-executable",
        (&[], "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck my-daemon $1\\n\n0755 dir data\n0755 dir data/check"),
        "replace data/check by a script or a program",
        (&[], "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck my-daemon $1\\n\n0755 dir data\n0755 file data/check"),
    ),
    (
        "not-readable-by-user",
        (&["-u", "www-data"], "0700 file run = #!/bin/sh"),
        "chmod a+rx",
        (&["-u", "www-data"], "0755 file run = #!/bin/sh"),
    ),
    (
        "not-readable-by-user",
        (&["-u", "www-data"], "0077 file run (33:33) = #!/bin/sh"),
        "chmod a+rx",
        (&["-u", "www-data"], "0577 file run (33:33) = #!/bin/sh"),
    ),
    (
        "not-readable-by-user",
        (&["-u", "www-data"], "0755 file run\n0700 dir data"),
        "chmod a+x",
        (&["-u", "www-data"], "0755 file run\n0711 dir data"),
    ),
    (
        "not-readable-by-user",
        (&["-u", "www-data"], "0755 file run\n0600 file conf"),
        "chgrp to a group of the user and chmod g+r",
        (&["-u", "www-data"], "0755 file run\n0640 file conf (0:33)"),
    ),
    ("others-can-write", (&[], "0755 file run\n0777 file finish"), "chmod go-w", (&[], "0755 file run\n0755 file finish")),
    ("others-can-write", (&[], "0755 dir .\n0755 file run (5:0)"), "chown root", (&[], "0755 dir .\n0755 file run")),
    (
        "not-a-longrun",
        (&[], "0755 file run\n0644 file type = oneshot"),
        "make run a program that stays, and remove type",
        (&[], "0755 file run"),
    ),
    (
        "not-a-longrun",
        (&["--allow", "run-missing"], "0644 file type = bundle\n0755 dir contents.d"),
        "write a run that stays, and remove type and contents.d",
        (&[], "0755 file run"),
    ),
    (
        "s6-rc-definition",
        (&[], "0755 file run\n0644 file type = longrun"),
        "remove it from the template",
        (&[], "0755 file run"),
    ),
    (
        "s6-rc-definition",
        (
            &[],
            "0755 file run\n0755 dir dependencies.d\n0644 file producer-for\n0644 file pipeline-name\n0644 file flag-essential\n\
             0644 file timeout-up\n0644 file timeout-down\n0644 file flag-recommended",
        ),
        "remove them from the template; for the service that is made here, with -r: --depends-on NAME, \
         -r SERVICE/LOGGER/PIPELINE -L DIR, --essential, --recommended, --timeout-up MS, --timeout-down MS",
        (
            &[
                "-r",
                "svc/log/pipe",
                "-L",
                "/l",
                "--depends-on",
                "net",
                "--essential",
                "--recommended",
                "--timeout-up",
                "5",
                "--timeout-down",
                "5",
            ],
            "0755 file run",
        ),
    ),
    (
        "static-entry-ignored",
        (STATIC, "0755 file run\n0644 file down"),
        "remove it; whether an instance runs is for s6-rc to say",
        (STATIC, "0755 file run"),
    ),
    ("static-needs-newer-s6-rc", (STATIC, "0755 file run\n0644 file flag-newpidns"), "or remove it", (STATIC, "0755 file run")),
    (
        "static-name-taken",
        (STATIC, "0755 file run\n0755 dir template\n0755 dir data\n0644 file data/.template"),
        "rename it",
        (STATIC, "0755 file run\n0755 dir templates\n0755 dir data\n0644 file data/template"),
    ),
    (
        "static-data-not-a-directory",
        (STATIC, "0755 file run\n0644 file data\n0755 dir conf\n0777 link env -> conf"),
        "make it a directory, or rename it",
        (STATIC, "0755 file run\n0755 dir data\n0755 dir conf\n0777 link variables -> conf"),
    ),
    (
        "static-link-breaks",
        (STATIC, "0755 file run\n0755 file finish\n0755 dir data\n0777 link data/stop -> ../finish"),
        "put a copy of the target in the place of the link",
        (STATIC, "0755 file run\n0755 file finish\n0755 dir data\n0755 file data/stop"),
    ),
    (
        "static-names-parent",
        (STATIC, "0755 file run == #!/bin/sh\\nexec ../bin/web $1\\n"),
        "use an absolute path, or put the file beside the script",
        (STATIC, "0755 file run == #!/bin/sh\\nexec ./bin/web $1\\n\n0755 dir bin\n0755 file bin/web"),
    ),
    (
        "static-name-from-directory",
        (STATIC, "0755 file run == #!/bin/sh\\nexec web ${PWD##*/}\\n"),
        "use the script's first argument",
        (STATIC, "0755 file run == #!/bin/sh\\nexec web $1\\n"),
    ),
    (
        "static-opens-directory",
        (STATIC, "0700 dir .\n0755 file run\n0755 dir data"),
        "chmod o-x",
        (STATIC, "0700 dir .\n0755 file run\n0754 dir data"),
    ),
    (
        "static-user-writable",
        (&["-r", "web", "--static", "--count", "1", "-u", "www-data"], "0755 file run\n0777 dir data"),
        "take the user's right to write away from it",
        (&["-r", "web", "--static", "--count", "1", "-u", "www-data"], "0755 file run\n0755 dir data"),
    ),
];

/// One instance that s6-rc runs.
const STATIC: &[&str] = &["-r", "web", "--static", "--count", "1"];

#[test]
fn hints_work() {
    let mut tried = BTreeSet::new();
    for (id, before, hint, after) in FOLLOWED {
        let text = planned(before.0.iter().copied().chain(["template", "dir"]), &facts(), &template(before.1));
        let said = text.lines().any(|line| line.starts_with("hint: ") && line.contains(hint));
        assert!(said && text.contains(&format!(": {id}: ")), "{id}: {hint}\n{text}");
        // Nothing of it is left, and there is a plan.
        let mended = template(after.1);
        let left = found(after.0, &mended);
        let is_left = |finding: &String| finding.split(' ').nth(1) == Some(id);
        assert!(!left.iter().any(is_left), "{id}: {left:?}");
        let request = request(after.0.iter().copied().chain(["template", "dir"])).unwrap();
        assert!(plan(&request, &facts(), &mended).is_ok(), "{id}: {left:?}");
        tried.insert(*id);
    }
    let untried: Vec<_> = unsound().map(|(id, ..)| id).filter(|id| !tried.contains(*id)).collect();
    assert!(untried.is_empty(), "{untried:?}");
}

/// Files for s6-rc, the options that a command line has, and those that the hint still names.
#[test]
fn options_for_s6_rc() {
    const ALL: &str = "0755 file run\n0644 file type = longrun\n0644 file dependencies\n0644 file producer-for\n\
                       0644 file pipeline-name\n0644 file flag-essential\n0644 file flag-recommended\n0644 file timeout-up\n\
                       0644 file timeout-down";
    let pipeline = &["-r", "s/l/p", "-L", "/l"];
    for (manifest, options, named) in [
        ("0755 file run\n0644 file producer-for", &[] as &[&str], ", with -r: -r SERVICE/LOGGER -L DIR"),
        ("0755 file run\n0644 file consumer-for", &["-r", "s"], ", with -r: -r SERVICE/LOGGER -L DIR"),
        ("0755 file run\n0644 file producer-for", &["-r", "s/l", "-L", "/l"], ""),
        ("0755 file run\n0644 file pipeline-name", &["-r", "s/l", "-L", "/l"], ", with -r: -r SERVICE/LOGGER/PIPELINE -L DIR"),
        ("0755 file run\n0644 file type = longrun\n0644 file dependencies", &["-r", "s", "--depends-on", "db"], ""),
        ("0755 file run\n0644 file type = oneshot\n0755 dir dependencies.d", &["-r", "s"], ", with -r: --depends-on NAME"),
        (ALL, pipeline, ", with -r: --depends-on NAME, --essential, --recommended, --timeout-up MS, --timeout-down MS"),
        (
            ALL,
            &["-r", "s", "--depends-on", "db", "--essential", "--recommended", "--timeout-up", "1", "--timeout-down", "0"],
            ", with -r: -r SERVICE/LOGGER/PIPELINE -L DIR",
        ),
    ] {
        let words = options.iter().copied().chain(["--allow", "essential-dependencies", "template", "dir"]);
        let text = planned(words, &facts(), &template(manifest));
        let hint =
            text.lines().find_map(|line| line.strip_prefix("hint: remove it").or(line.strip_prefix("hint: remove them")));
        let made = hint.unwrap().strip_prefix(" from the template").unwrap();
        let expected = if named.is_empty() { String::new() } else { format!("; for the service that is made here{named}") };
        assert_eq!(made, expected, "{options:?}");
    }
}

/// A set-id bit stays where the file was executable before --fix-modes.
#[test]
fn set_id_bits() {
    let said = |manifest| planned(["--fix-modes", "template", "dir"], &facts(), &template(manifest));
    assert!(said("4644 file run").contains("hint: make the file executable in the template (chmod +x); set the bit"));
    assert!(!said("4755 file run").contains("set-id-dropped"));
}

/// No hint names an option that the command line has already.
#[test]
fn no_hint_is_given_twice() {
    for (id, options, manifest, _) in unsound() {
        let both = [options, ["--dereference", "--fix-modes"].as_slice()].concat();
        let text = planned(both.into_iter().chain(["template", "dir"]), &facts(), &template(manifest));
        for hint in text.lines().filter(|line| line.starts_with("hint: ")) {
            let names = |option: &str| hint.contains(&format!("add {option}"));
            assert!(!names("--dereference") && !names("--fix-modes"), "{id}: {hint}");
        }
    }
    // Nor does the one for what the user of -u cannot run.
    for (options, named) in [(["-u", "www-data"].as_slice(), true), (&["-u", "www-data", "--dereference"], false)] {
        let words = options.iter().copied().chain(["--allow", "absolute-link", "template", "dir"]);
        let text = planned(words, &facts(), &template("0777 link run -> /opt/base/bin/agent"));
        assert!(text.starts_with("fatal: -u: `run` in the template is a link to `/opt/base/bin/agent`, outside"), "{text}");
        assert_eq!(text.contains("--dereference"), named, "{text}");
    }
    assert!(Rule::ALL.iter().all(|rule| !rule.advice().is_empty()));
}
