//! What is told about templates: each rule by templates that break it, and templates that break none. No disk.

use s6_instance_maker_core::lint::{Level, Rule, lint};
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::plan;
use s6_instance_maker_core::template::{FileFacts, HEAD_MAX, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use s6_instance_maker_workspace::manifest::{facts, planned, request, template};
use s6_instance_maker_workspace::program;
use std::fmt::Write as _;

/// What breaks a rule: its id, the options, the template, and everything that is told, as `level id path` with `; ` between.
type Unsound = (&'static str, &'static [&'static str], &'static str, &'static str);

/// Templates that break a rule; those of one rule are together, in the order of the rules.
const UNSOUND: &[Unsound] = &[
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
    ("link-leaves-template", &[], "0777 link run -> /usr/lib/svc/run", "error link-leaves-template run"),
    ("link-leaves-template", &[], "0777 link run -> /dev/null", "error link-leaves-template run"),
    ("link-leaves-template", &[], "0777 link run -> ../common/run", "error link-leaves-template run"),
    (
        "link-leaves-template",
        &[],
        "0777 link run -> a\n0777 link a -> b\n0777 link b -> ../../start",
        "error link-leaves-template b",
    ),
    (
        "link-leaves-template",
        &[],
        "0755 file run\n0777 link finish -> none\n0777 link none -> /dev/null\n0777 link timeout-kill -> /run/timeout",
        "warning link-leaves-template none; warning link-leaves-template timeout-kill",
    ),
    ("link-leaves-template", &[], "0755 file run\n0777 link log -> /etc/log", "error link-leaves-template log"),
    (
        "link-leaves-template",
        &[],
        "0755 file run\n0755 dir data\n0777 link data/run -> /etc/log/run\n0777 link log -> data",
        "error link-leaves-template data/run",
    ),
    (
        "link-leaves-template",
        &[],
        "0755 file run
         0777 link finish -> /bin/true
         0755 dir log
         0755 file log/run
         0777 link log/finish -> ../../log/finish
         0755 dir env
         0777 link env/TZ -> /etc/timezone
         0777 link notification-fd -> ../../notification-fd",
        "warning link-leaves-template env/TZ; warning link-leaves-template finish; warning link-leaves-template log/finish; \
         warning link-leaves-template notification-fd",
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
    ("starts-down", &[], "0755 file run\n0644 file down", "warning starts-down down"),
    ("starts-down", &[], "0755 file run\n0755 dir log\n0755 file log/run\n0755 dir log/down", "warning starts-down log/down"),
    ("instance-name-unused", &[], r"0755 file run == #!/bin/sh\nexec my-daemon -f\n", "warning instance-name-unused run"),
    (
        "instance-name-unused",
        &[],
        r"0755 file run == #!/bin/sh -e\n# $1 is the name\nset -u\nexec 2>&1\nfor i in a b; do :; done\nexec my-daemon --port=80 -c /etc/x.conf\n",
        "warning instance-name-unused run",
    ),
    (
        "instance-name-unused",
        &[],
        r"0755 file run == #!/usr/bin/execlineb -P\nfdmove -c 2 1\nmy-daemon $1\n",
        "warning instance-name-unused run",
    ),
    (
        "instance-name-unused",
        &[],
        r"0755 file run == #!/usr/bin/env bash\nexec s6-envdir -i /etc/env my-daemon\n",
        "warning instance-name-unused run",
    ),
    (
        "shared-log-directory",
        &[],
        r"0755 file run
          0755 dir log
          0755 file log/run == #!/bin/sh\nexec s6-log -b n20 s1000000 T /var/log/svc\n",
        "warning shared-log-directory log/run",
    ),
    (
        "shared-log-directory",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh -e\nexec 2>&1\n# "/var/log/$1"\nexec \\\n  /usr/bin/s6-log t \\\n "p$1: " '!gzip -9' 'n20' "/var/log/my svc"\n"#,
        "warning shared-log-directory log/run",
    ),
    (
        "shared-log-directory",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ncommand -v s6-log >/dev/null || exit 1\nexec s6-log ./ '/var/log/$1'\n"#,
        "warning shared-log-directory log/run",
    ),
    (
        "shared-log-directory",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/command/with-contenv sh\ndirs=/x\nlog_dir="/var/log/svc"\nmkdir -p "$log_dir"\n[ "$(id -u)" = 0 ] || exec s6-log T "$log_dir"\nexec s6-setuidgid log s6-log T ${log_dir}\n"#,
        "warning shared-log-directory log/run",
    ),
    (
        "shared-log-directory",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -P\nif { mkdir -p /var/log/svc }\ns6-setuidgid log\nifelse { test -e /etc/t } { exec s6-log t "/var/log/svc" }\ns6-log\n  -bd3 -- T /var/log/svc\n"#,
        "warning shared-log-directory log/run",
    ),
    (
        "shared-log-directory",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -P\ns6-log -b -- n20 "/var/log/$1"\n"#,
        "warning shared-log-directory log/run",
    ),
    (
        "shared-log-directory",
        &[],
        r"0755 file run
          0755 dir log
          0755 file log/run == #!/usr/bin/execlineb -S1\ns6-log -b -- p${1}: n20 /var/log/svc\n",
        "warning shared-log-directory log/run",
    ),
    ("not-readable-by-user", &["-u", "www-data"], "0700 file run", "error not-readable-by-user run"),
    ("not-readable-by-user", &["-u", "www-data"], "0711 file run", "error not-readable-by-user run"),
    ("not-readable-by-user", &["-u", "www-data"], "0700 dir .\n0755 file run", "error not-readable-by-user ."),
    (
        "not-readable-by-user",
        &["-u", "www-data"],
        "0755 file run\n0755 dir log\n0755 file log/run\n0750 file log/finish",
        "error not-readable-by-user log/finish",
    ),
    (
        "not-readable-by-user",
        &["-u", "www-data"],
        "0700 dir data\n0755 file data/start\n0777 link run -> data/start\n0777 link finish -> data/start",
        "error not-readable-by-user data",
    ),
    (
        "not-readable-by-user",
        &["-u", "www-data"],
        "0755 file run
         0600 file conf
         0640 file group (0:33)
         0640 file other-group (0:5)
         0600 file own (33:0)
         0700 dir data
         0600 file data/secret
         0710 dir group.d (0:4)
         0700 dir group.d/inner",
        "warning not-readable-by-user conf; warning not-readable-by-user data; warning not-readable-by-user group.d/inner; \
         warning not-readable-by-user other-group",
    ),
    (
        "not-readable-by-user",
        &["-u", "nobody-here"],
        "0755 file run\n0600 file conf\n0600 file own (33:0)\n0640 file group (0:5)\n0700 dir data",
        "warning not-readable-by-user conf; warning not-readable-by-user data",
    ),
    ("s6-rc-definition", &[], "0755 file run\n0644 file type = longrun", "warning s6-rc-definition type"),
    (
        "s6-rc-definition",
        &[],
        "0755 file run\n0644 file type = longrun\n0644 file producer-for = svc-log\n0755 dir dependencies.d",
        "warning s6-rc-definition type",
    ),
    ("s6-rc-definition", &[], "0755 file run\n0644 file timeout-up = 5000", "warning s6-rc-definition timeout-up"),
];

/// Templates that are sound: what they are, the options, the template.
const SOUND: &[(&str, &[&str], &str)] = &[
    // Scripts of shells.
    ("sh", &[], r#"0755 file run == #!/bin/sh\nexec my-daemon --name "$1"\n"#),
    ("blank behind #!, and options", &[], r#"0755 file run == #! /bin/sh -eu\nexec my-daemon "${1}"\n"#),
    ("dash, all arguments", &[], r#"0755 file run == #!/bin/dash\nexec my-daemon "$@" 2>&1\n"#),
    ("bash by env", &[], r#"0755 file run == #!/usr/bin/env bash\nset -euo pipefail\nexec my-daemon --id="${1:?}"\n"#),
    ("env with variables", &[], r#"0755 file run == #!/usr/bin/env -S LC_ALL=C sh\nexec my-daemon "${1%.*}"\n"#),
    ("busybox", &[], r#"0755 file run == #!/bin/busybox sh\nname=$1\nexec my-daemon "$name"\n"#),
    ("shift", &[], r#"0755 file run == #!/bin/ash\nshift\nexec my-daemon\n"#),
    ("a loop over the arguments", &[], r#"0755 file run == #!/bin/sh\nfor name; do exec my-daemon "$name"; done\n"#),
    ("indirect", &[], r#"0755 file run == #!/bin/bash\nlast=${!#}\nexec my-daemon "$last"\n"#),
    ("sourced configuration", &[], r#"0755 file run == #!/bin/sh\n. ./conf\nexec my-daemon $OPTIONS\n"#),
    ("its own directory", &[], r#"0755 file run == #!/bin/sh\nexec my-daemon --name "${PWD##*/}"\n"#),
    ("its own directory by a program", &[], r#"0755 file run == #!/bin/sh\nexec my-daemon "$(basename "$(pwd -P)")"\n"#),
    ("its own directory by a link", &[], r#"0755 file run == #!/bin/sh\nexec my-daemon "$(readlink /proc/self/cwd)"\n"#),
    ("a file beside it", &[], r#"0755 file run == #!/bin/sh\nexec my-daemon --config=./conf.ini\n"#),
    ("a program beside it", &[], "0755 file run == #!/bin/sh\\nexec data/start\\n\n0755 dir data\n0755 file data/start"),
    ("a file of the template", &[], "0755 file run == #!/bin/sh\\nexec my-daemon -c conf\\n\n0644 file conf"),
    ("variables in files", &[], "0755 file run == #!/bin/sh\\nexec s6-envdir env my-daemon\\n\n0755 dir env\n0644 file env/A"),
    ("variables in files, made later", &[], r#"0755 file run == #!/bin/sh\nexec s6-envdir -i -- vars my-daemon\n"#),
    (
        "a here-document",
        &[],
        r#"0755 file run == #!/bin/sh\ncat >/run/x.conf <<EOF\n# name $1\nEOF\nexec my-daemon /run/x.conf\n"#,
    ),
    ("lines that go on", &[], r#"0755 file run == #!/bin/sh\nexec \\\n  s6-setuidgid nobody \\\n  my-daemon \\\n    "$1"\n"#),
    ("a script that is not seen whole", &[], "0755 file run = #!/bin/sh"),
    // Other scripts and programs.
    ("perl", &[], r#"0755 file run == #!/usr/bin/perl -w\nexec 'my-daemon', $ARGV[0];\n"#),
    ("perl with carriage returns", &[], r#"0755 file run == #!/usr/bin/perl -w\r\nexec 'my-daemon';\r\n"#),
    ("python", &[], r#"0755 file run == #!/usr/bin/env python3\nimport os, sys\nos.execvp("my-daemon", sys.argv)\n"#),
    ("a program", &[], "0755 file run == \u{7f}ELF and so on"),
    (
        "with-contenv",
        &["--installation", "slashpackage"],
        r#"0755 file run == #!/command/with-contenv bash\nexec my-daemon "$1"\n"#,
    ),
    ("an interpreter that nobody knows", &[], r#"0755 file run == #!/opt/bin/runner\nstart my-daemon\n"#),
    // execline.
    ("execline -S0", &[], r#"0755 file run == #!/usr/bin/execlineb -S0\nfdmove -c 2 1\nmy-daemon $@\n"#),
    ("execline -S1", &[], r#"0755 file run == #!/usr/bin/execlineb -S1\ns6-setuidgid nobody my-daemon --name=${1}\n"#),
    ("execline -s1 with more options", &[], r#"0755 file run == #!/usr/bin/execlineb -Ws1\nmy-daemon $1\n"#),
    ("execline -P in its own directory", &[], r#"0755 file run == #!/usr/bin/execlineb -P\nenvfile conf\nmy-daemon\n"#),
    (
        "execline -P with a block",
        &[],
        r#"0755 file run == #!/usr/bin/execlineb -P\ngetcwd PWD\nimportas -i dir PWD\nmy-daemon $dir\n"#,
    ),
    (
        "execline, arguments from variables",
        &[],
        r#"0755 file run == #!/usr/bin/execlineb\nimportas -iu name 1\nmy-daemon $name\n"#,
    ),
    ("execline -p", &[], r#"0755 file run == #!/usr/bin/execlineb -p\nelgetpositionals\nmy-daemon $1\n"#),
    ("execline in /bin", &[], r#"0755 file run == #!/bin/execlineb -S1\nmy-daemon $1\n"#),
    (
        "execline by env",
        &["--installation", "slashpackage"],
        r#"0755 file run == #!/usr/bin/env -S execlineb -S1\nmy-daemon $1\n"#,
    ),
    // Where programs are.
    (
        "absolute paths in Debian",
        &["--installation", "debian"],
        r#"0755 file run == #!/usr/bin/execlineb -S1\n/usr/bin/s6-setuidgid nobody /usr/sbin/my-daemon $1\n
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -S1\n/bin/s6-log -- t /var/log/svc/$1\n"#,
    ),
    (
        "slashpackage",
        &["--installation", "slashpackage"],
        r#"0755 file run == #!/command/execlineb -S1\n/command/s6-softlimit -n 64 my-daemon $1\n
           0755 dir log
           0755 file log/run == #!/command/execlineb -S1\n/command//s6-log /var/log/svc/$1\n"#,
    ),
    (
        "a place of its own",
        &["--s6-dir", "/opt/s6/bin", "--shebang-dir", "/opt/e"],
        r#"0755 file run == #!/opt/e/execlineb -S1\n/opt/s6/bin/s6-envuidgid nobody my-daemon $1\n"#,
    ),
    (
        "programs of other packages",
        &["--installation", "debian"],
        r#"0755 file run == #!/bin/sh\nexec /usr/local/bin/s6-tcpserver 127.0.0.1 80 /opt/s6-tools/bin/handler "$1"\n"#,
    ),
    (
        "names that only look like programs",
        &["--installation", "debian"],
        r#"0755 file run == #!/bin/sh\nexec my-daemon -c /etc/s6-log "$1" # not /command/s6\n"#,
    ),
    (
        "programs in comments",
        &["--installation", "debian"],
        r#"0755 file run == #!/bin/sh\n# once: /command/s6-log\nexec my-daemon "$1"\n"#,
    ),
    // Loggers.
    (
        "s6-log, a directory for each",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -S1\nif { mkdir -p /var/log/svc }\ns6-setuidgid log\ns6-log -bd3 -- n20 s1000000 T "/var/log/svc/${1}"\n"#,
    ),
    (
        "s6-log, in its own directory",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec s6-log -b n20 T ./main 2>/dev/null\n"#,
    ),
    (
        "s6-log, quotes within quotes",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec s6-log n20 "/var/log/$(basename "$1" /log)"\n"#,
    ),
    (
        "s6-log, substituted without quotes",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec s6-log n20 /var/log/`dirname $1`\n"#,
    ),
    (
        "s6-log, paths that are no directories",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec s6-log '-^debug /sys/ ' +"from /dev/x " '!/usr/bin/xz -9 -T /dev/stdin' =status ./main\n"#,
    ),
    (
        "s6-log, another directory than usual",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ncase "$1" in main/log) exec s6-log /var/log/main;; esac\nexec s6-log "/var/log/svc/$1"\n"#,
    ),
    (
        "s6-log, a directory for one, none for others",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nif [ "$1" = main/log ]; then\n  exec s6-log /var/log/main\nfi\nexec cat >/dev/null\n"#,
    ),
    (
        "s6-log, another root",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -S1\nchroot /srv/$1 s6-log t /log\n"#,
    ),
    (
        "s6-log, a variable",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -P\nimportas -i dir LOGDIR\ns6-log t "/var/log/${dir}"\n"#,
    ),
    (
        "s6-log, a defined variable",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -P\nbacktick n { uuidgen }\ns6-log t /var/log/$n\n"#,
    ),
    (
        "s6-log, a variable that depends",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ndir=/var/log/$(hostname)\nexec s6-log t "$dir"\n"#,
    ),
    (
        "s6-log, a variable that is given twice",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ndir=/var/log/svc\ntest -e here || dir=./main\nexec s6-log t "$dir"\n"#,
    ),
    (
        "s6-log, a variable that goes on",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/bash\ndir=/var/log/svc\ndir+=/$HOSTNAME\nexec s6-log t "$dir"\n"#,
    ),
    (
        "s6-log, a variable that is read",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ndir=/var/log/svc\nread -r dir <name\nexec s6-log t "$dir"\n"#,
    ),
    (
        "s6-log, a variable of one command",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ndir=/var/log/svc prepare\nexec s6-log t "$dir"\n"#,
    ),
    (
        "s6-log, part of a variable",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ndir=/var/log/svc\nexec s6-log t "${dir%/svc}$HOSTNAME"\n"#,
    ),
    (
        "s6-log, a pattern",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec s6-log t /var/log/here*\n"#,
    ),
    (
        "s6-log in words only",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\necho in place of s6-log in /var/log/x\n# s6-log /var/log/x\nexec svlogd -tt ./main # not s6-log /var/log/x\n"#,
    ),
    (
        "s6-log in another script",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\ncat >start <<E\ns6-log /var/log/x\nE\nexec sh start\n"#,
    ),
    (
        "a logger that is not s6-log",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec logger -p daemon.notice -t "svc/$1"\n"#,
    ),
    (
        "another logger",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/execlineb -P\nmultilog t s1000000 /var/log/svc\n"#,
    ),
    (
        "a logger in python",
        &[],
        r#"0755 file run
           0755 dir log
           0755 file log/run == #!/usr/bin/python3\nimport os\nos.execvp("s6-log", ["s6-log", "/var/log/svc"])\n"#,
    ),
    // Links.
    ("run is a link", &[], "0755 dir data\n0755 file data/start\n0777 link run -> ./data/../data/start"),
    (
        "run is a link, as a user",
        &["-u", "www-data"],
        "0755 dir data\n0755 file data/start = #!/bin/sh\n0777 link run -> data/start",
    ),
    (
        "log is a link",
        &[],
        "0755 file run\n0755 dir data\n0755 dir data/log\n0755 file data/log/run\n0777 link log -> data/log",
    ),
    ("links to links", &[], "0755 file run\n0755 dir a\n0777 link a/b -> ../c\n0777 link c -> run\n0777 link finish -> a/b"),
    (
        "links to what the system makes",
        &[],
        "0755 file run\n0755 dir data\n0777 link data/null -> /dev/null\n0777 link data/sock -> /run/x.sock\n\
         0777 link data/self -> /proc/self/fd/1\n0777 link data/gpio -> /sys/class/gpio/x",
    ),
    // Control files.
    (
        "all control files",
        &[],
        r"0755 file run
          0755 file finish
          0644 file notification-fd == 3\n
          0644 file lock-fd == 4\n
          0644 file timeout-kill == 0\n
          0644 file timeout-finish == 4294967295\n
          0644 file max-death-tally == 5000\n
          0644 file down-signal == SIGHUP\n
          0644 file reload-signal == usr1\n
          0644 file flag-newpidns == \n
          0644 file nosetsid",
    ),
    ("a lock in an s6 that has them", &["--s6-version", "2.14"], "0755 file run\n0644 file lock-fd = 4"),
    ("a lock in an s6 that nobody told", &[], "0755 file run\n0644 file lock-fd = 3"),
    (
        "a lock that is none, in an old s6",
        &["--s6-version", "2.11", "--allow", "control-file-invalid"],
        "0755 file run\n0644 file lock-fd = x",
    ),
    (
        "files of the same names elsewhere",
        &[],
        "0755 file run\n0755 dir data\n0644 file data/notification-fd = x\n0644 file data/down\n0755 dir data/supervise",
    ),
    // What finish is told.
    (
        "finish",
        &[],
        r#"0755 file run
           0755 file finish == #!/bin/sh\n[ "$1" -eq 256 ] && exec s6-svc -O .\nrm -f "/run/svc/$3"\n"#,
    ),
    ("finish that is the same for all", &[], "0755 file run\n0755 file finish == #!/bin/sh\\nexit 125\\n"),
    // Whatever else is there.
    (
        "data, variables, FIFOs, hidden files",
        &[],
        "0755 file run\n0755 dir data\n0600 fifo data/fifo\n0755 dir env\n0644 file .hidden\n0755 dir .s6-svscan\n0755 file .s6-svscan/finish",
    ),
    (
        "what would say something to s6-rc, but is none of it",
        &[],
        "0755 file run\n0644 file type = daemon\n0755 dir contents\n0644 file contents/index.html\n0644 file dependencies\n0644 file up",
    ),
    (
        "names of s6-rc further down",
        &[],
        "0755 file run\n0755 dir data\n0644 file data/timeout-up\n0644 file data/producer-for",
    ),
    // As a user.
    (
        "readable by the group",
        &["-u", "www-data"],
        "0750 dir . (0:4)\n0750 file run (0:33) = #!/bin/sh\n0640 file conf (0:4)\n0710 dir data (0:33)\n0600 file own (33:0)",
    ),
    (
        "what only a supervisor reads",
        &["-u", "www-data"],
        "0755 file run\n0600 file notification-fd = 3\n0600 file flag-newpidns\n0600 file nosetsid\n0700 dir supervise\n0600 file supervise/lock\n0600 file fd = 4\n0777 link lock-fd -> fd",
    ),
    ("what is run without being read", &["-u", "www-data"], "0711 file run == \u{7f}ELF\n4711 file helper\n0711 dir data"),
    (
        "who may be anybody",
        &["-u", "nobody-here"],
        "0755 file run\n0640 file conf (0:33)\n0600 file own (1:1)\n0711 file helper",
    ),
    ("root", &["-u", "0:0"], "0700 dir .\n0700 file run = #!/bin/sh\n0600 file conf\n0700 dir data"),
    ("modes that are fixed", &["--fix-modes"], "0644 file run\n0644 file finish\n0755 dir log\n0600 file log/run"),
];

/// What is found, as `level id path`.
fn found(options: &[&str], template: &Template) -> Vec<String> {
    let request = request(options.iter().copied().chain(["template", "dir"])).unwrap_or_else(|error| panic!("{error:?}"));
    let level = |level| match level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let path = |path: &TreePath| if path.is_root() { ".".to_owned() } else { path.to_string() };
    let found = lint(&request, &facts(), template);
    found.iter().map(|finding| format!("{} {} {}", level(finding.level), finding.rule.id(), path(&finding.path))).collect()
}

/// The lines that are about the template, of a plan or of a refusal.
fn messages(options: &[&str], template: &Template) -> String {
    let text = planned(options.iter().copied().chain(["template", "dir"]), &facts(), template);
    let is_message = |line: &&str| ["fatal: ", "warning: ", "hint: "].iter().any(|word| line.starts_with(word));
    text.lines().filter(is_message).fold(String::new(), |text, line| text + line + "\n")
}

/// The fixtures of a rule.
fn fixtures(rule: Rule) -> Vec<&'static Unsound> {
    UNSOUND.iter().filter(|(id, ..)| *id == rule.id()).collect()
}

/// Each rule is broken, and says what is in its snapshot.
#[test]
fn rules() {
    let mut ids: Vec<&str> = UNSOUND.iter().map(|(id, ..)| *id).collect();
    ids.dedup();
    assert_eq!(ids, Rule::ALL.map(Rule::id));
    for rule in Rule::ALL {
        let mut text = String::new();
        for (_, options, manifest, _) in fixtures(rule) {
            let options_text = options.iter().map(|option| format!("{option} ")).collect::<String>();
            writeln!(text, "$ s6-instance-maker {options_text}template dir").unwrap();
            for line in manifest.lines() {
                writeln!(text, "     | {}", line.trim()).unwrap();
            }
            writeln!(text, "{}", messages(options, &template(manifest))).unwrap();
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("../snapshots/lint");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_description(format!("{}: {}", rule.id(), rule.hint()));
        settings.bind(|| insta::assert_snapshot!(rule.id(), text));
    }
}

/// What breaks a rule is told, as bad as it is at its place, and nothing else; all of it is told at once.
#[test]
fn findings() {
    for (id, options, manifest, expected) in UNSOUND {
        let template = template(manifest);
        let findings = found(options, &template);
        assert_eq!(findings.join("; "), *expected, "{options:?}\n{manifest}");
        assert!(findings.iter().all(|finding| finding.split(' ').nth(1) == Some(id)), "{id}: {findings:?}");
        // Errors alone where there are any: nothing is made, and nothing could be warned of.
        let of = |level: &str| findings.iter().filter(|finding| finding.starts_with(level)).count();
        let told = messages(options, &template);
        let said = |word: &str| told.lines().filter(|line| line.starts_with(&format!("{word}: {id}: "))).count();
        let warned = if of("error") == 0 { of("warning") } else { 0 };
        assert_eq!((said("fatal"), said("warning")), (of("error"), warned), "{manifest}\n{told}");
        assert_eq!(told.matches(&format!("hint: {}\n", rule_of(id).hint())).count(), usize::max(of("error"), warned), "{told}");
    }
}

fn rule_of(id: &str) -> Rule {
    Rule::parse(id.as_bytes()).unwrap()
}

/// What is allowed is not told; with --strict, every warning is an error.
#[test]
fn allowed_and_strict() {
    for (id, options, manifest, expected) in UNSOUND {
        let template = template(manifest);
        let with = |more: &[&'static str]| [options, more].concat();
        for allowed in [vec!["--allow", id], vec!["--strict", "--allow", id]] {
            assert_eq!(found(&with(&allowed), &template), [""; 0], "{manifest}");
            assert!(!messages(&with(&allowed), &template).contains(&format!(": {id}: ")), "{manifest}");
        }
        let other = if *id == "run-missing" { "starts-down" } else { "run-missing" };
        assert_eq!(found(&with(&["--allow", other]), &template).join("; "), *expected, "{manifest}");
        let told = messages(&with(&["--strict"]), &template);
        assert_eq!(told.matches(&format!("fatal: {id}: ")).count(), expected.split("; ").count(), "{manifest}\n{told}");
        assert!(!told.contains("warning: "), "{manifest}\n{told}");
    }
}

/// What breaks several rules is told of all of them, errors before nothing else; those that are allowed are left out.
#[test]
fn several_at_once() {
    let manifest = r"
        0644 file run == exec my-daemon\n
        0644 file finish == #!/bin/sh\r\n
        0755 dir log
        0777 link data -> ../data
        0644 file down
        0644 file notification-fd == 0\n";
    let template = template(manifest);
    let all = "error run-not-executable run; error no-interpreter-line run; warning finish-not-executable finish; \
               warning interpreter-crlf finish; error log-run-missing log/run; warning link-leaves-template data; \
               error control-file-invalid notification-fd; warning starts-down down";
    assert_eq!(found(&[], &template).join("; "), all);
    let fatal = |options: &[&str]| messages(options, &template).matches("fatal: ").count();
    assert_eq!((fatal(&[]), fatal(&["--strict"])), (4, 8));
    assert_eq!(fatal(&["--allow", "run-not-executable", "--allow", "control-file-invalid"]), 2);
    let refused = plan(&request(["template", "dir"]).unwrap(), &facts(), &template).unwrap_err();
    let all_errors: Vec<&str> = all.split("; ").filter(|finding| finding.starts_with("error ")).collect();
    let said = refused.to_string();
    assert!(
        said.starts_with("run-not-executable: `run` in") && said.contains("in vain; no-interpreter-line: `run` in"),
        "{said}"
    );
    assert_eq!(said.matches("; ").count(), all_errors.len() - 1);
    let errors = ["run-not-executable", "no-interpreter-line", "log-run-missing", "control-file-invalid"];
    let options: Vec<&str> = errors.iter().flat_map(|id| ["--allow", id]).collect();
    assert_eq!(messages(&options, &template).matches("warning: ").count(), 4);
}

/// Nothing is told about what is sound, however strictly it is looked at.
#[test]
fn sound_templates() {
    for (what, options, manifest) in SOUND {
        for options in [options.to_vec(), [options, ["--strict"].as_slice()].concat()] {
            let template = template(manifest);
            let findings = found(&options, &template);
            // What a supervisor left is told of; it is there for what a user cannot read.
            let others: Vec<_> = findings.iter().filter(|finding| *finding != "warning state-left-behind supervise").collect();
            assert!(others.is_empty(), "{what}: {findings:?}\n{manifest}");
        }
    }
    assert!(SOUND.len() >= 40);
}

/// The one file of a template with these first bytes, so many of them as are looked at.
fn with_file(name: &str, text: &[u8]) -> Template {
    let meta = Meta { mode: Mode::new(0o755), owner: Some(Ids { uid: 0, gid: 0 }) };
    let mut template = template("0755 file run");
    if name == "run" {
        template = Template::new(meta);
    }
    let head = Some(text.iter().copied().take(HEAD_MAX).collect());
    let file = Kind::File(FileFacts { size: text.len() as u64, head });
    template.insert(TreePath::parse(name).unwrap(), Node::new(meta, file)).unwrap();
    template
}

/// What is beyond the first bytes may do anything; what is in them is told all the same.
#[test]
fn long_scripts() {
    let script = |first: &str, length: usize| {
        let mut text = first.as_bytes().to_vec();
        text.resize(length, b'\n');
        text
    };
    let unused = ["warning instance-name-unused run"];
    assert_eq!(found(&[], &with_file("run", &script("#!/bin/sh\nexec true\n", HEAD_MAX))), unused);
    assert_eq!(found(&[], &with_file("run", &script("#!/bin/sh\nexec true\n", HEAD_MAX + 1))), [""; 0]);
    assert_eq!(found(&[], &with_file("run", &script("#!/bin/sh\r\n", 10_000))), ["error interpreter-crlf run"]);
    // A name at the end of what is seen may go on.
    let mut cut = script("#!/bin/sh\n", HEAD_MAX - 1 - "/opt/bin/s6-log".len());
    cut.extend(b" /opt/bin/s6-log");
    let debian: &[&str] = &["--installation", "debian"];
    for (end, expected) in [("ger $1\n", &[""; 0] as &[&str]), ("\n", &[""; 0]), ("", &["warning interpreter-elsewhere run"])] {
        let text = [cut.as_slice(), end.as_bytes()].concat();
        let seen: Vec<String> =
            found(debian, &with_file("run", &text)).into_iter().filter(|finding| !finding.contains("unused")).collect();
        assert_eq!(seen, expected, "{end:?}");
    }
}

/// Interpreter lines at their edges.
#[test]
fn interpreter_lines() {
    let long = |length: usize| format!("#!/bin/sh {}\r\n\"$1\"\n", "x".repeat(length - "#!/bin/sh \r".len()));
    for (text, expected) in [
        ("#!/bin/sh".to_owned(), Some("warning instance-name-unused run")),
        ("#!\t/bin/sh\t\n$1".to_owned(), None),
        ("#!\r\n".to_owned(), Some("error no-interpreter-line run")),
        ("#! \r\n$1".to_owned(), Some("error no-interpreter-line run")),
        ("#\n".to_owned(), Some("error no-interpreter-line run")),
        ("\u{feff}\n\n  #!/bin/sh\n".to_owned(), Some("error blank-before-interpreter run")),
        ("\u{7f}EL".to_owned(), Some("error no-interpreter-line run")),
        ("MZqFpD='\n\0".to_owned(), None),
        ("\n#!/bin/sh\n\0".to_owned(), Some("error blank-before-interpreter run")),
        // Of a longer line the kernel does not see the end.
        (long(255), Some("error interpreter-crlf run")),
        (long(256), None),
    ] {
        let found = found(&[], &with_file("run", text.as_bytes()));
        assert_eq!(found.first().map(String::as_str), expected, "{text:?}");
        assert!(found.len() < 2, "{text:?}: {found:?}");
    }
}

/// The directory that all loggers would share by this script.
fn shared(script: &str) -> Option<String> {
    let mut template = template("0755 file run\n0755 dir log");
    let meta = Meta { mode: Mode::new(0o755), owner: Some(Ids { uid: 0, gid: 0 }) };
    let file = Kind::File(FileFacts { size: script.len() as u64, head: Some(script.into()) });
    template.insert(TreePath::parse("log/run").unwrap(), Node::new(meta, file)).unwrap();
    let found = lint(&request(["template", "dir"]).unwrap(), &facts(), &template);
    assert!(found.iter().all(|finding| finding.rule == Rule::SharedLogDirectory), "{found:?}");
    found.first().map(|finding| String::from_utf8(finding.detail.clone()).unwrap())
}

/// How the commands of a script are read, by the log directory that is seen in them.
#[test]
fn commands_of_scripts() {
    const SHELL: &[(&str, Option<&str>)] = &[
        ("s6-log /l/x", Some("/l/x")),
        ("s6-log '/l/a b'", Some("/l/a b")),
        ("s6-log \"/l/a b\"", Some("/l/a b")),
        ("s6-log /l/a' 'b\" \"c", Some("/l/a b c")),
        ("s6-log \"/l/a'b\"", Some("/l/a'b")),
        ("s6-log '/l/a\"b'", Some("/l/a\"b")),
        ("s6-log /l/a\\ b", Some("/l/a b")),
        ("s6-log '/l/a\\b'", Some("/l/a\\b")),
        ("s6-log \"/l/a\\\"b\"", Some("/l/a\"b")),
        ("s6-log /l/a\\\nb", Some("/l/ab")),
        ("s6-log \\\n/l/x", Some("/l/x")),
        ("s6-log /l/x\\", Some("/l/x")),
        ("s6-log \"/l/x", None),
        ("s6-log /l/x '", None),
        ("s6-log /l/a#b", Some("/l/a#b")),
        ("s6-log /l/x # /l/y", Some("/l/x")),
        ("# s6-log /l/y\ns6-log /l/x", Some("/l/x")),
        ("s6-log ''#/l/y /l/x", Some("/l/x")),
        ("s6-log /l/x <in", Some("/l/x")),
        ("s6-log t </dev/null", None),
        ("s6-log t >/l/x", None),
        ("s6-log t & cd /l/x", None),
        ("s6-log t; cd /l/x", None),
        ("s6-log t | tee /l/x", None),
        ("(s6-log t) /l/x", None),
        ("s6-log t\n/l/x", None),
        ("s6-log /l/x <<E\nE", None),
        ("s6-log /l/\\$1", Some("/l/$1")),
        ("s6-log /l/$x", None),
        ("s6-log \"/l/$x\"", None),
        ("s6-log '/l/$x'", Some("/l/$x")),
        ("s6-log '/l/`x`'", Some("/l/`x`")),
        ("s6-log /l/`x`", None),
        ("s6-log \"/l/`x`\"", None),
        ("s6-log /l/a*", None),
        ("s6-log /l/a?", None),
        ("s6-log /l/[ab]", None),
        ("s6-log '/l/a*'", Some("/l/a*")),
        ("s6-log /l/$1 /l/x", Some("/l/x")),
        ("s6-log\t/l/x\t/l/y", Some("/l/x")),
        ("s6-log ./ && s6-log /l/x", None),
        ("s6-log /l/x || s6-log /l/y", Some("/l/x")),
        ("s6-logger /l/x", None),
        ("/opt/bin/s6-log /l/x", Some("/l/x")),
        ("mkdir -p /l/$1; s6-log /l/x", None),
        ("mkdir -p '/l/$1'; s6-log /l/x", Some("/l/x")),
        ("mkdir -p /l/$x; s6-log /l/x", Some("/l/x")),
        ("s6-log \"p$1\" /l/x", Some("/l/x")),
        ("shift\ns6-log /l/x", None),
        ("echo s6-log /l/y\ns6-log /l/x", Some("/l/x")),
        ("test -x s6-log /l/y", None),
        ("/usr/sbin/chroot /r s6-log /l/x", None),
        ("d=/l/x; s6-log $d", Some("/l/x")),
        ("d=/l/x; s6-log ${d}", Some("/l/x")),
        ("d=/l/x; s6-log ${d", None),
        ("d=/l/x; s6-log '$d'", None),
        ("d_1=/l/x; s6-log \"$d_1\"", Some("/l/x")),
        ("d=l/x; s6-log $d", None),
        ("d=/l/x; d=/l/y; s6-log $d", None),
        ("d=/l/x; export d; s6-log $d", None),
        ("d=/l/x; d+=y; s6-log $d", None),
        ("d=/l/$HOSTNAME; s6-log $d", None),
        ("d=/l/x true; s6-log $d", None),
        ("dd=/l/x; s6-log $d", None),
        ("d=/l/x; s6-log $d-y", None),
        ("d=/l/x; s6-log $d /l/y", Some("/l/x")),
        ("s6-log $d /l/y", Some("/l/y")),
    ];
    const EXECLINE: &[(&str, Option<&str>)] = &[
        ("s6-log /l/x", Some("/l/x")),
        ("s6-log\n/l/x", Some("/l/x")),
        ("s6-log \"/l/a b\"", Some("/l/a b")),
        ("s6-log '/l/x'", None),
        ("s6-log /l/x \"", None),
        ("s6-log \"/l/a\\\"b\"", Some("/l/a\"b")),
        ("s6-log /l/a\\ b", Some("/l/a b")),
        ("s6-log /l/a\\\nb", Some("/l/ab")),
        ("s6-log /l/a#b", Some("/l/a#b")),
        ("# s6-log /l/y\ns6-log /l/x", Some("/l/x")),
        ("s6-log \"\"# /l/x", Some("/l/x")),
        ("s6-log \"#\" /l/x", Some("/l/x")),
        ("ifelse { s6-log ./a } { s6-log ./b } s6-log /l/x", None),
        ("ifelse { s6-log /l/a } { s6-log /l/b } s6-log /l/x", Some("/l/a")),
        ("s6-log /l/a{ /l/b", Some("/l/a{")),
        ("s6-log {x /l/b", Some("/l/b")),
        ("s6-log } /l/b", None),
        ("s6-log \"{\" /l/b", Some("/l/b")),
        ("foreground { s6-log t }", None),
        ("foreground { s6-log /l/x }", Some("/l/x")),
        ("s6-log /l/x }", Some("/l/x")),
        ("s6-log /l/$1", Some("/l/$1")),
        ("define d x s6-log /l/$d", None),
        ("define d x s6-log /l/\\$d", Some("/l/$d")),
        ("importas d D s6-log /l/x", None),
        ("mkdir -p $1 s6-log /l/x", Some("/l/x")),
        ("s6-log $d /l/x", Some("/l/x")),
        ("d=/l/x s6-log $d", None),
    ];
    for (script, expected) in SHELL {
        assert_eq!(shared(&format!("#!/bin/sh\n{script}")).as_deref(), *expected, "{script}");
        assert_eq!(shared(&format!("#!/bin/sh\n{script}\n")).as_deref(), *expected, "{script}");
        assert_eq!(shared(&format!("#!/bin/lua\n{script}\n")), None, "{script}");
    }
    for (script, expected) in EXECLINE {
        let expected = if *script == "d=/l/x s6-log $d" { None } else { *expected };
        assert_eq!(shared(&format!("#!/bin/execlineb -P\n{script}")).as_deref(), expected, "{script}");
    }
    for (script, expected) in [("s6-log /l/$1", None), ("mkdir -p $1 s6-log /l/x", None), ("s6-log p$1 /l/x", Some("/l/x"))] {
        for option in ["-S0", "-s1", "-WS1"] {
            assert_eq!(shared(&format!("#!/bin/execlineb {option}\n{script}")).as_deref(), expected, "{script}");
        }
    }
}

/// Whether a run script is told never to look at its argument, and which of its programs is elsewhere than in Debian; beside it there
/// are a file and a directory.
fn of_run(script: &str) -> (bool, Option<String>) {
    let mut template = template("0755 dir env\n0644 file a.conf\n0644 file notification-fd\n0755 dir log\n0755 file log/run");
    let meta = Meta { mode: Mode::new(0o755), owner: Some(Ids { uid: 0, gid: 0 }) };
    let file = Kind::File(FileFacts { size: script.len() as u64, head: Some(script.into()) });
    template.insert(TreePath::parse("run").unwrap(), Node::new(meta, file)).unwrap();
    let found = lint(&request(["--installation", "debian", "template", "dir"]).unwrap(), &facts(), &template);
    let of = |rule| found.iter().find(|finding| finding.rule == rule);
    let elsewhere = of(Rule::InterpreterElsewhere).map(|finding| String::from_utf8(finding.detail.clone()).unwrap());
    (of(Rule::InstanceNameUnused).is_some(), elsewhere)
}

/// What is taken for a use of the argument, or of anything by which instances may differ, and what is not.
#[test]
fn uses_of_the_argument() {
    const USED_BY_SHELL: &[&str] = &[
        "x $1",
        "x $9",
        "x $0",
        "x $@",
        "x $*",
        "x $#",
        "x ${1}",
        "x ${1%/*}",
        "x ${#}",
        "x ${!1}",
        "x ${#1}",
        "x \"$1\"",
        "x a$b$1",
        "x $PWD",
        "x ${PWD##*/}",
        "x $OLDPWD",
        "shift",
        "getopts a b",
        "eval x",
        ". /etc/x",
        "source /etc/x",
        "/bin/pwd",
        "x $argv",
        "x ${BASH_ARGV[0]}",
        "x \"$(pwd)\"",
        "for i; do x; done",
        "select i; do x; done",
        "x ./a",
        "x ../a",
        "x a/b",
        "x .",
        "x ..",
        "x -c a.conf",
        "x --conf=a.conf",
        "x a:a.conf",
        "x b,a.conf,c",
        "env x",
        "x _/a",
        "x 0/a",
        "x /proc/self/cwd",
        "s6-envdir e x",
        "s6-envdir -i -- e x",
        "/usr/bin/s6-envdir e x",
        "envdir e x",
        "cat <<E\n# $1\nE",
    ];
    const UNUSED_BY_SHELL: &[&str] = &[
        "x",
        "x $a",
        "x $$",
        "x $",
        "x ${a1}",
        "x $a1",
        "x 1",
        "# $1",
        "\t# $1",
        "set -e",
        "for i in a; do x; done",
        "select i in a; do x; done",
        "x $PW",
        "x notification-fd",
        "x log",
        "x run",
        "x -c /a/b",
        "x -a/b",
        "x $a/b",
        "x +/b",
        "x /a",
        "x ...",
        "s6-envdir /e x",
        "s6-envdir -i /e x",
        "s6-envdir",
        "x /proc/kmsg",
        "x a.config",
        "shifted",
        "envfile",
    ];
    const USED_BY_EXECLINE: &[&str] = &[
        "elgetpositionals x",
        "elgetopt a x",
        "dollarat x",
        "getcwd A x",
        "pwd",
        "shift x",
        "importas a A x",
        "multisubstitute { } x",
        "x ./a",
        "x a.conf",
        "envfile e x",
    ];
    let used = |interpreter: &str, script: &str| !of_run(&format!("#!{interpreter}\n{script}\n")).0;
    for script in USED_BY_SHELL {
        for shell in ["/bin/sh", "/bin/ash", "/bin/dash", "/bin/bash -e", "/bin/ksh", "/bin/mksh", "/bin/zsh", "/bin/yash"] {
            assert!(used(shell, script), "{script}");
        }
    }
    for script in UNUSED_BY_SHELL {
        for shell in
            ["/bin/sh", "/usr/bin/env A=b -i sh", "/bin/busybox sh", "/bin/toybox sh -e", "/command/with-contenv /bin/sh"]
        {
            assert!(!used(shell, script), "{script}");
        }
        assert!(used("/bin/fish", script) && used("/usr/bin/env", script) && used("/usr/bin/env fish", script), "{script}");
    }
    for script in USED_BY_EXECLINE {
        assert!(used("/bin/execlineb -P", script) && used("/bin/execlineb -S1", script), "{script}");
    }
    for script in ["x $1", "x ${1}", "x $@", "x $#"] {
        assert!(!used("/bin/execlineb -P", script) && !used("/bin/execlineb", script), "{script}");
        assert!(!used("/bin/execlineb Ss", script), "{script}");
        for options in ["-S1", "-s1", "-P -S1", "-WS0"] {
            assert!(used(&format!("/bin/execlineb {options}"), script), "{script}");
        }
    }
    for script in ["x a", "shifted", "eval", "fdmove -c 2 1"] {
        assert!(!used("/bin/execlineb -S1", script), "{script}");
    }
}

/// Which path of a program is another one than Debian's.
#[test]
fn programs_elsewhere() {
    for (script, expected) in [
        ("#!/usr/bin/execlineb -P\n", None),
        ("#!/bin/execlineb -P\n", None),
        ("#!/usr/sbin/execlineb -P\n", None),
        ("#!/sbin/./execlineb -P\n", None),
        ("#!/usr//bin/execlineb -P\n", None),
        ("#!execlineb\n", None),
        ("#!/opt/bin/execlineb -P\n", Some("/opt/bin/execlineb")),
        ("#!/usr/local/bin/execlineb -P\n", Some("/usr/local/bin/execlineb")),
        ("#!/execlineb\n", Some("/execlineb")),
        ("#!/opt/s6-log\n", Some("/opt/s6-log")),
        ("#!/bin/sh\n/command/s6-svc -u /x\n", Some("/command/s6-svc")),
        ("#!/bin/sh\n/opt/sbin/s6-svc -u /x\n", Some("/opt/sbin/s6-svc")),
        ("#!/bin/sh\nx;(/opt/bin/s6-svc)|x\n", Some("/opt/bin/s6-svc")),
        ("#!/bin/sh\n'/opt/bin/s6-svc' x\n", Some("/opt/bin/s6-svc")),
        ("#!/bin/sh\n/opt/bin/s6-svok /x && /opt/bin/s6-svc -u /x\n", Some("/opt/bin/s6-svok")),
        ("#!/bin/sh\n/opt/bin//s6-svc -u /x\n", Some("/opt/bin//s6-svc")),
        ("#!/bin/sh\n/opt/s6-svc -u /x\n", None),
        ("#!/bin/sh\n/opt/bin/s6-tcpserver\n", None),
        ("#!/bin/sh\n/opt/bin/execlineb -c x\n", None),
        ("#!/bin/sh\nopt/bin/s6-svc\n", None),
        ("#!/bin/sh\nx=/opt/bin/s6-svc\n", None),
        ("#!/bin/sh\n/bin/s6-svc /sbin/s6-svc /usr/bin/s6-svc /usr/sbin/s6-svc\n", None),
        ("#!/bin/sh\n  # /opt/bin/s6-svc\n", None),
    ] {
        assert_eq!(of_run(script).1.as_deref(), expected, "{script}");
    }
}

/// Each form of a number and of a signal that s6-supervise reads, and some that it does not.
#[test]
fn control_files_in_every_form() {
    const NUMBERS: [&str; 5] = ["notification-fd", "lock-fd", "timeout-kill", "timeout-finish", "max-death-tally"];
    const SIGNALS: [&str; 2] = ["down-signal", "reload-signal"];
    let numbers = ["3", "3\n", "003\n", "3\n4\n", "3\0\n", "3\n# three\n", "00000000003", "2147483647\n"];
    let no_numbers = [
        "",
        "\n",
        "abc",
        "-1",
        "+3",
        "0x3",
        "3.0",
        "3 \n",
        "3\t\n",
        " 3",
        "3\r\n",
        "3 # x",
        "\n3\n",
        "4294967296",
        "99999999999",
        "000000000003",
    ];
    let signals = [
        "HUP", "SIGHUP\n", "hup", "sighup", "SigHup", "HUP\nX\n", "USR1", "WINCH", "PWR", "STKFLT", "IOT", "CLD", "POLL",
        "CHLD", "KILL", "STOP", "1", "10\n", "010", "SIG10", "34", "64\n", "TERM\0",
    ];
    let no_signals = [
        "",
        "\n",
        "abc",
        "-1",
        "0",
        "65",
        "99",
        "4294967296",
        "HUP ",
        "HUP\r\n",
        " HUP",
        "\nHUP",
        "RTMIN",
        "SIGRTMIN+1",
        "EXIT",
        "SIG",
        "SIGSIGHUP",
        "000000000000001",
        "0000000000000001",
    ];
    let judge = |names: &[&str], texts: &[&str], is_valid: bool| {
        for (name, text) in names.iter().flat_map(|name| texts.iter().map(move |text| (name, text))) {
            let found = found(&[], &with_file(name, text.as_bytes()));
            let told = found.iter().any(|finding| finding.contains(" control-file-invalid "));
            assert_eq!((told, found.len()), (!is_valid, usize::from(!is_valid)), "{name} {text:?}: {found:?}");
        }
    };
    judge(&NUMBERS, &numbers, true);
    judge(&NUMBERS, &no_numbers, false);
    judge(&NUMBERS[2..], &["0", "1", "4294967295\n"], true);
    judge(&NUMBERS[..2], &["0", "1", "2", "2147483648", "4294967295"], false);
    judge(&SIGNALS, &signals, true);
    judge(&SIGNALS, &no_signals, false);
    // The one that keeps every instance from starting is an error.
    for (text, level) in [("0", "error"), ("1", "warning"), ("2", "warning"), ("2147483648", "error"), ("x", "warning")] {
        let findings = found(&[], &with_file("notification-fd", text.as_bytes()));
        assert_eq!(findings, [format!("{level} control-file-invalid notification-fd")], "{text}");
    }
    assert_eq!(found(&[], &with_file("lock-fd", b"0")), ["warning control-file-invalid lock-fd"]);
}

/// docs/lint.md has every rule once, in their order, with its level, as the templates above show it, and its hint.
#[test]
fn the_document_has_every_rule() {
    let document = std::fs::read_to_string(program::workspace().join("docs/lint.md")).unwrap();
    let (_, table) = document.split_once("\n| rule | level | ").unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(2).map(|line| line.split('|').map(str::trim).collect()).collect();
    assert_eq!(rows.len(), Rule::ALL.len());
    for (rule, row) in Rule::ALL.into_iter().zip(rows) {
        let [_, id, level, finds, wrong, hint, _] = row.as_slice() else { panic!("{row:?}") };
        let of = |level: &str| fixtures(rule).iter().any(|(.., expected)| expected.contains(&format!("{level} {}", rule.id())));
        let expected = match (of("error"), of("warning")) {
            (true, true) => "depends on the place",
            (true, false) => "error",
            _ => "warning",
        };
        assert_eq!((*id, *level, *hint), (format!("`{}`", rule.id()).as_str(), expected, rule.hint()));
        assert!(!finds.is_empty() && !wrong.is_empty(), "{row:?}");
        assert_eq!(rule.level() == Level::Error, of("error") && rule != Rule::ControlFileInvalid, "{id}");
    }
}

/// Every id is its rule's, and nothing else is.
#[test]
fn ids() {
    for rule in Rule::ALL {
        assert_eq!(Rule::parse(rule.id().as_bytes()), Some(rule));
        assert!(rule.id().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
    }
    assert_eq!((Rule::parse(b""), Rule::parse(b"RUN-MISSING"), Rule::parse(b"run-missing ")), (None, None, None));
}
