//! Templates that break a rule: those of one rule are together, in the order of the rules.

mod static_services;
mod texts;

use std::iter::chain;

/// A template that breaks a rule: the rule's id, options, the template, and all findings, as `level id path` with `; ` between.
pub(super) type Unsound = (&'static str, &'static [&'static str], &'static str, &'static str);

/// All of them.
pub(super) fn unsound() -> impl Iterator<Item = &'static Unsound> {
    chain(chain(FILES, texts::TEXTS), static_services::STATIC_SERVICES)
}

/// Names, kinds, modes, links and control files.
const FILES: &[Unsound] = &[
    ("run-missing", &[], "0644 file notification-fd", "error run-missing run"),
    ("run-missing", &[], "0755 dir run.d\n0755 file run.d/run", "error run-missing run"),
    ("run-not-executable", &[], "0644 file run", "error run-not-executable run"),
    (
        "run-not-executable",
        &[],
        "0777 link run -> data/start\n0755 dir data\n0644 file data/start",
        "error run-not-executable run",
    ),
    ("run-not-a-file", &[], "0755 dir run", "error run-not-a-file run"),
    ("run-not-a-file", &["--fix-modes"], "0644 fifo run", "error run-not-a-file run"),
    ("run-dangling", &[], "0777 link run -> start", "error run-dangling run"),
    ("run-dangling", &[], "0777 link run -> run", "error run-dangling run"),
    ("run-dangling", &[], "0777 link run -> a\n0777 link a -> b\n0777 link b -> missing", "error run-dangling run"),
    ("run-dangling", &[], "0777 link run -> notification-fd/x\n0644 file notification-fd", "error run-dangling run"),
    ("finish-not-executable", &[], "0755 file run\n0644 file finish", "warning finish-not-executable finish"),
    ("finish-not-a-file", &[], "0755 file run\n0755 dir finish", "warning finish-not-a-file finish"),
    ("finish-dangling", &[], "0755 file run\n0777 link finish -> stop", "warning finish-dangling finish"),
    ("log-not-a-directory", &[], "0755 file run\n0755 file log", "error log-not-a-directory log"),
    ("log-not-a-directory", &[], "0755 file run\n0644 fifo log", "error log-not-a-directory log"),
    ("log-not-a-directory", &[], "0755 file run\n0777 link log -> run", "error log-not-a-directory log"),
    (
        "log-not-a-directory",
        &["-r", "web", "--static", "--count=1"],
        "0755 file run\n0755 file log",
        "error log-not-a-directory log",
    ),
    ("log-run-missing", &[], "0755 file run\n0755 dir log", "error log-run-missing log/run"),
    ("log-run-missing", &[], "0755 file run\n0755 dir data\n0777 link log -> data", "error log-run-missing log/run"),
    ("log-run-not-executable", &[], "0755 file run\n0755 dir log\n0644 file log/run", "error log-run-not-executable log/run"),
    ("log-run-not-a-file", &[], "0755 file run\n0755 dir log\n0755 dir log/run", "error log-run-not-a-file log/run"),
    ("log-run-dangling", &[], "0755 file run\n0755 dir log\n0777 link log/run -> start", "error log-run-dangling log/run"),
    (
        "log-run-dangling",
        &[],
        "0755 file run\n0755 dir data\n0777 link data/run -> start\n0777 link log -> data",
        "error log-run-dangling log/run",
    ),
    (
        "log-finish-not-executable",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run\n0644 file log/finish",
        "warning log-finish-not-executable log/finish",
    ),
    (
        "log-finish-not-a-file",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run\n0755 dir log/finish",
        "warning log-finish-not-a-file log/finish",
    ),
    (
        "log-finish-dangling",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run\n0777 link log/finish -> ../stop",
        "warning log-finish-dangling log/finish",
    ),
    ("no-interpreter-line", &[], r"0755 file run == exec my-daemon $1\n", "error no-interpreter-line run"),
    ("no-interpreter-line", &[], r"0755 file run == \n", "error no-interpreter-line run"),
    ("no-interpreter-line", &[], r"0755 file run == #!\n", "error no-interpreter-line run"),
    ("no-interpreter-line", &[], r"0755 file run == #! \t\nexec my-daemon $1\n", "error no-interpreter-line run"),
    ("no-interpreter-line", &[], r"0755 file run == # !/bin/sh\n", "error no-interpreter-line run"),
    (
        "no-interpreter-line",
        &[],
        r"0755 file run
          0755 file finish == rm -f /run/x
          0755 dir log
          0755 file log/run == exec s6-log ./
          0755 file log/finish == exec true",
        "warning no-interpreter-line finish; error no-interpreter-line log/run; warning no-interpreter-line log/finish",
    ),
    (
        "no-interpreter-line",
        &[],
        r"0755 file run == #!/bin/sh\nexec s6-notifyoncheck my-daemon $1\n
          0755 dir data
          0755 file data/check == exit 0\n",
        "warning no-interpreter-line data/check",
    ),
    ("interpreter-crlf", &[], r#"0755 file run == #!/bin/sh\r\nexec my-daemon "$1"\r\n"#, "error interpreter-crlf run"),
    ("interpreter-crlf", &[], r"0755 file run == #!/bin/sh -e\r\n", "error interpreter-crlf run"),
    ("interpreter-crlf", &[], r"0755 file run == #!/usr/bin/execlineb -S1\r\nmy-daemon $1\r\n", "error interpreter-crlf run"),
    ("interpreter-crlf", &[], r"0755 file run == #!/usr/bin/env python3\r\n", "error interpreter-crlf run"),
    ("interpreter-crlf", &[], r"0755 file run == #!/usr/bin/python3\r\n", "error interpreter-crlf run"),
    (
        "interpreter-crlf",
        &[],
        r"0755 file run
          0755 file finish == #!/bin/sh\r\n
          0755 dir log
          0755 file log/run == #!/bin/sh\r\n
          0755 file log/finish == #!/bin/sh\r\n",
        "warning interpreter-crlf finish; error interpreter-crlf log/run; warning interpreter-crlf log/finish",
    ),
    (
        "interpreter-crlf",
        &[],
        r"0755 file run == #!/bin/sh\nexec s6-notifyoncheck my-daemon $1\n
          0755 dir data
          0755 file data/check == #!/bin/sh\r\nexit 0\r\n",
        "warning interpreter-crlf data/check",
    ),
    ("blank-before-interpreter", &[], r"0755 file run == \n#!/bin/sh\n", "error blank-before-interpreter run"),
    ("blank-before-interpreter", &[], r"0755 file run == \t #!/bin/sh\n", "error blank-before-interpreter run"),
    ("blank-before-interpreter", &[], r"0755 file run == \u{feff}#!/bin/sh\n", "error blank-before-interpreter run"),
    (
        "blank-before-interpreter",
        &[],
        r"0755 file run
          0755 file finish == \n#!/bin/sh\n
          0755 dir log
          0755 file log/run == \n#!/bin/sh\n
          0755 file log/finish == \n#!/bin/sh\n",
        "warning blank-before-interpreter finish; error blank-before-interpreter log/run; \
         warning blank-before-interpreter log/finish",
    ),
    ("interpreter-elsewhere", &[], "0755 file run = #!/command/execlineb -S1", "warning interpreter-elsewhere run"),
    (
        "interpreter-elsewhere",
        &["--installation", "slashpackage"],
        "0755 file run = #!/usr/bin/execlineb -S1",
        "warning interpreter-elsewhere run",
    ),
    (
        "interpreter-elsewhere",
        &["--installation", "debian"],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec /command/s6-log -- n20 "/var/log/$1"\n"#,
        "warning interpreter-elsewhere log/run",
    ),
    (
        "interpreter-elsewhere",
        &["--s6-dir", "/opt/s6/bin"],
        r#"0755 file run == #!/bin/sh\nexec /usr/bin/s6-softlimit -n 100 my-daemon "$1""#,
        "warning interpreter-elsewhere run",
    ),
    (
        "interpreter-elsewhere",
        &["--installation", "debian"],
        r#"0755 file run == #!/command/s6-setuidgid nobody\n"#,
        "warning interpreter-elsewhere run",
    ),
    ("interpreter-missing", &[], r"0755 file run == #!@BINDIR@/execlineb -S1\nmy-daemon $1\n", "error interpreter-missing run"),
    ("interpreter-missing", &[], "0755 file run == #!sh\\n$1\n0755 dir sh", "error interpreter-missing run"),
    ("interpreter-missing", &[], "0755 file run == #!./interp\\n\n0644 file interp", "error interpreter-missing run"),
    ("interpreter-missing", &[], r"0755 file run == #!../interp\n", "error interpreter-missing run"),
    (
        "interpreter-missing",
        &[],
        "0755 file run
         0755 file finish == #!bin/interp\\n
         0755 dir log
         0755 file log/run == #!./interp\\n
         0755 file interp",
        "warning interpreter-missing finish; error interpreter-missing log/run",
    ),
    ("interpreter-arguments", &[], r"0755 file run == #!/usr/bin/env bash -e\n$1", "error interpreter-arguments run"),
    ("interpreter-arguments", &[], r"0755 file run == #!/usr/bin/env -i sh\n$1", "error interpreter-arguments run"),
    ("interpreter-arguments", &[], r"0755 file run == #!/bin/sh -e -u\n$1", "error interpreter-arguments run"),
    ("interpreter-arguments", &[], r"0755 file run == #!/bin/busybox sh -e\n$1", "error interpreter-arguments run"),
    (
        "interpreter-arguments",
        &[],
        r"0755 file run
          0755 file finish == #!/bin/bash -e\t-u\n
          0755 dir log
          0755 file log/run == #!/usr/bin/execlineb -S1 -P\ns6-log ./main\n",
        "warning interpreter-arguments finish; error interpreter-arguments log/run",
    ),
    (
        "interpreter-arguments",
        &[],
        r"0755 file run == #!/bin/sh\nexec s6-notifyoncheck my-daemon $1\n
          0755 dir data
          0755 file data/check == #!/bin/sh -e -u\n",
        "warning interpreter-arguments data/check",
    ),
    ("link-leaves-template", &[], "0777 link run -> ../common/run", "error link-leaves-template run"),
    (
        "link-leaves-template",
        &[],
        "0777 link run -> a\n0777 link a -> b\n0777 link b -> ../../start",
        "error link-leaves-template b",
    ),
    ("link-leaves-template", &[], "0755 file run\n0777 link log -> /etc/log", "error link-leaves-template log"),
    (
        "link-leaves-template",
        &[],
        "0755 file run\n0777 link log -> data\n0777 link data -> /etc/log",
        "error link-leaves-template data",
    ),
    (
        "link-leaves-template",
        &["--dereference"],
        "0755 file run
         0755 dir log
         0755 file log/run
         0777 link log/finish -> ../../log/finish
         0777 link notification-fd -> ../../notification-fd",
        "warning link-leaves-template log/finish; warning link-leaves-template notification-fd",
    ),
    ("absolute-link", &[], "0777 link run -> /opt/base/bin/agent", "warning absolute-link run"),
    (
        "absolute-link",
        &["--dereference"],
        "0755 file run\n0755 dir log\n0777 link log/run -> /usr/bin/rsvlog",
        "warning absolute-link log/run",
    ),
    (
        "absolute-link",
        &[],
        "0755 file run\n0755 dir data\n0777 link data/run -> /etc/log/run\n0777 link log -> data",
        "warning absolute-link data/run",
    ),
    (
        "absolute-link",
        &[],
        "0755 file run
         0777 link finish -> none
         0777 link none -> /dev/null
         0777 link timeout-kill -> /run/timeout
         0755 dir env
         0777 link env/TZ -> /etc/timezone",
        "warning absolute-link env/TZ; warning absolute-link none; warning absolute-link timeout-kill",
    ),
    ("link-dangling", &[], "0755 file run\n0777 link log -> loggers/svc", "error link-dangling log"),
    ("link-dangling", &[], "0755 file run\n0777 link log -> log", "error link-dangling log"),
    (
        "link-dangling",
        &[],
        "0755 file run\n0755 dir data\n0777 link data/a -> b\n0777 link data/b -> a\n0777 link conf -> data/conf",
        "warning link-dangling conf; warning link-dangling data/a; warning link-dangling data/b",
    ),
    (
        "control-file-invalid",
        &[],
        r"0755 file run
          0644 file notification-fd == three\n
          0644 file lock-fd == 1\n
          0644 file timeout-kill == 5s\n
          0644 file timeout-finish == 5.0\n
          0644 file max-death-tally == -1\n
          0644 file down-signal == SIGRTMIN\n
          0644 file reload-signal == HUP \n",
        "warning control-file-invalid notification-fd; warning control-file-invalid lock-fd; \
         warning control-file-invalid timeout-kill; warning control-file-invalid timeout-finish; \
         warning control-file-invalid max-death-tally; warning control-file-invalid down-signal; \
         warning control-file-invalid reload-signal",
    ),
    ("control-file-invalid", &[], "0755 file run\n0644 file notification-fd = 0", "error control-file-invalid notification-fd"),
    (
        "control-file-invalid",
        &[],
        "0755 file run\n0644 file notification-fd = 2147483648",
        "error control-file-invalid notification-fd",
    ),
    (
        "control-file-invalid",
        &[],
        "0755 file run
         0644 file notification-fd = 2
         0644 file lock-fd = many
         0644 file down-signal = sig0
         0644 file reload-signal = 65
         0644 file timeout-kill = 000000060000
         0644 file timeout-finish = 99999999999",
        "warning control-file-invalid notification-fd; warning control-file-invalid lock-fd; \
         warning control-file-invalid timeout-kill; warning control-file-invalid timeout-finish; \
         warning control-file-invalid down-signal; warning control-file-invalid reload-signal",
    ),
    (
        "control-file-invalid",
        &[],
        "0755 file run\n0755 dir notification-fd\n0644 fifo timeout-kill\n0644 file fd = 3x\n0777 link lock-fd -> fd",
        "warning control-file-invalid notification-fd; warning control-file-invalid lock-fd; \
         warning control-file-invalid timeout-kill",
    ),
    (
        "control-file-invalid",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run\n0644 file log/notification-fd = 3 # ready",
        "warning control-file-invalid log/notification-fd",
    ),
    (
        "control-file-invalid",
        &["-r", "web", "--static", "--count", "1"],
        "0755 file run\n0644 file timeout-kill == 3 \\n\n0755 dir log\n0755 file log/run\n0644 file log/notification-fd = 3s",
        "error control-file-invalid timeout-kill; error control-file-invalid log/notification-fd",
    ),
    (
        "lock-fd-equals-notification-fd",
        &[],
        "0755 file run\n0644 file notification-fd = 3\n0644 file lock-fd = 003",
        "error lock-fd-equals-notification-fd lock-fd",
    ),
    (
        "lock-fd-equals-notification-fd",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run\n0644 file log/notification-fd = 4\n0644 file log/lock-fd = 4",
        "error lock-fd-equals-notification-fd log/lock-fd",
    ),
    (
        "lock-fd-needs-newer-s6",
        &["--s6-version", "2.13"],
        "0755 file run\n0644 file lock-fd = 4",
        "error lock-fd-needs-newer-s6 lock-fd",
    ),
    (
        "state-left-behind",
        &[],
        "0755 file run\n0700 dir supervise\n0600 file supervise/lock\n3730 dir event",
        "warning state-left-behind event; warning state-left-behind supervise",
    ),
    (
        "state-left-behind",
        &[],
        "0755 file run\n0777 link supervise -> /run/x\n0755 dir log\n0755 file log/run\n0777 link log/event -> nowhere",
        "warning state-left-behind log/event; warning state-left-behind supervise",
    ),
    ("state-in-the-way", &[], "0755 file run\n0644 file supervise", "error state-in-the-way supervise"),
    (
        "state-in-the-way",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run\n0600 fifo log/event",
        "error state-in-the-way log/event",
    ),
    ("leftover-files", &[], "0755 file run\n0755 file run~", "warning leftover-files run~"),
    (
        "leftover-files",
        &[],
        "0755 file run
         0755 dir .git
         0644 file .git/HEAD
         0644 file .git/index~
         0644 file .run.swp
         0644 file #run#
         0755 dir data
         0644 file data/conf.dpkg-old
         0755 dir data/CVS",
        "warning leftover-files #run#",
    ),
    ("starts-down", &[], "0755 file run\n0644 file down", "warning starts-down down"),
    ("starts-down", &[], "0755 file run\n0755 dir log\n0755 file log/run\n0755 dir log/down", "warning starts-down log/down"),
];
