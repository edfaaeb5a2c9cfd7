//! Templates that break none.

/// Templates that are sound: what they are, the options, the template.
pub(super) const SOUND: &[(&str, &[&str], &str)] = &[
    // Instances that s6-rc runs: what it carries.
    (
        "static instances",
        &["-r", "web", "--static", "--count", "2", "-u", "www-data"],
        "0755 file run == #!/bin/sh\\nexec web -c conf/main.cf -n \"$1\"\\n
         0755 file finish == #!/bin/sh\\nrm -f \"/run/web/$3\"\\n
         0644 file notification-fd = 3
         0644 file timeout-kill == 5000\\nand a rest\\n
         0644 file down-signal = SIGINT
         0755 dir conf
         0644 file conf/main.cf
         0777 link conf/table -> ../data/table
         0777 link conf/shared -> ../other
         0777 link conf/again -> ..
         0644 file other
         0755 dir data
         0644 file data/table
         0777 link data/conf -> ../conf
         0777 link data/here -> ..
         0777 link data/LEVEL -> ../env/LEVEL
         0755 dir env
         0644 file env/LEVEL
         0777 link start -> run
         0755 dir log
         0777 link log/run -> data/start
         0755 dir log/data
         0755 file log/data/start",
    ),
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
    ("options in one", &[], r#"0755 file run == #!/bin/sh -eu\nexec my-daemon "$1"\n"#),
    ("perl with arguments", &[], r#"0755 file run == #!/usr/bin/perl -w -T\nexec 'my-daemon', @ARGV;\n"#),
    ("env that splits", &[], r#"0755 file run == #!/usr/bin/env -S bash -e -u\nexec my-daemon "$1"\n"#),
    ("env that splits, with more options", &[], r#"0755 file run == #!/usr/bin/env -iS sh -e\nexec my-daemon "$1"\n"#),
    ("an interpreter beside it", &[], "0755 file run == #!./interp -x\\n\n0755 file interp"),
    (
        "an interpreter beside a logger",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run == #!./bin/interp\\n\n0755 dir log/bin\n0755 file log/bin/interp",
    ),
    (
        "a file of the service, from its logger",
        &[],
        "0755 file run\n0755 dir log\n0755 file log/run == #!/bin/sh\\n. ../conf\\nexec s6-log ./main\\n\n0644 file conf",
    ),
    ("above another directory", &[], r#"0755 file run == #!/bin/sh\ncd /srv/$1/app || exit\nexec ../bin/my-daemon\n"#),
    (
        "above another directory, in a subshell",
        &[],
        r#"0755 file run == #!/bin/sh\n(cd /srv/$1 && exec ../bin/prepare)\nexec x\n"#,
    ),
    (
        "above another directory, beside a subshell",
        &[],
        r#"0755 file run == #!/bin/sh\n(true); cd /srv/$1 # (or not)\nexec ../bin/x\n"#,
    ),
    (
        "above another directory, behind what only looks like a subshell",
        &[],
        r#"0755 file run == #!/bin/sh\necho "(" \(; cd /srv/$1; echo ")" \)\nexec ../bin/x\n"#,
    ),
    (
        "above, and back",
        &[],
        "0755 file run == #!/bin/sh\\nexec my-daemon data/../conf http://x/../y 's/../x/' /a/../b $1\\n\n0644 file conf",
    ),
    (
        "readiness by a check",
        &[],
        "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck my-daemon $1\\n\n0755 dir data\n0755 file data/check",
    ),
    (
        "readiness by another check",
        &[],
        r#"0755 file run == #!/bin/sh\nexec s6-notifyoncheck -d -c "/usr/bin/true" my-daemon $1\n"#,
    ),
    (
        "readiness by a check that is mended",
        &["--fix-modes"],
        "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck -d my-daemon $1\\n\n0755 dir data\n0644 file data/check",
    ),
    (
        "a check that belongs to the service's account",
        &[],
        "0755 file run == #!/bin/sh\\nexec s6-setuidgid a s6-notifyoncheck my-daemon $1\\n\n0775 dir data (33:33)\n\
         0755 file data/check (33:33) == #!/bin/sh\\nexit 0\\n",
    ),
    (
        "a check that nothing runs",
        &[],
        "0755 file run == #!/bin/sh\\nexec my-daemon $1\\n\n0777 dir data\n0777 file data/check == exit",
    ),
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
           0755 file log/run == #!/usr/bin/execlineb -P\nmultilog t s1000000 ./main\n"#,
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
        "what only looks like leftovers",
        &[],
        "0755 file run\n0755 dir data\n0644 file data/.gitignore\n0644 file data/a.b.swap\n0644 file data/#\n0644 file data/~x\n0644 file data/.sw\n0644 file data/bak\n0644 file data/original",
    ),
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
    // Who else can write.
    ("writable by root's group", &[], "0775 dir .\n0775 file run\n0775 file finish"),
    ("data that others can write", &[], "0755 file run\n1777 dir data\n0666 file data/file\n0664 file conf (33:33)"),
    ("the user's own scripts", &["-u", "www-data"], "0755 dir .\n0775 file run (33:33) = #!/bin/sh"),
    ("scripts of somebody unknown", &["-u", "nobody-here"], "0755 dir . (0:7)\n0775 file run (7:7) = #!/bin/sh"),
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
