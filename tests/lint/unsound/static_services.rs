//! Templates that s6-rc cannot carry to instances that it runs itself.

use super::Unsound;

const STATIC: &[&str] = &["-r", "web", "--static", "--instance", "a"];
const AS_USER: &[&str] = &["-r", "web", "--static", "--instance", "a", "-u", "www-data"];

/// One instance, with or without a logger of its own.
pub(super) const STATIC_SERVICES: &[Unsound] = &[
    ("static-entry-ignored", STATIC, "0755 file run\n0644 file down", "warning static-entry-ignored down"),
    (
        "static-entry-ignored",
        STATIC,
        "0755 file run\n0644 file nosetsid\n0755 dir log\n0755 file log/run\n0644 file log/down",
        "warning static-entry-ignored nosetsid; warning static-entry-ignored log/down",
    ),
    (
        "static-needs-newer-s6-rc",
        STATIC,
        "0755 file run\n0644 file flag-newpidns\n0644 file flag-timeout-killpg\n0644 file reload-signal = SIGHUP",
        "warning static-needs-newer-s6-rc flag-newpidns; warning static-needs-newer-s6-rc flag-timeout-killpg; \
         warning static-needs-newer-s6-rc reload-signal",
    ),
    (
        "static-name-taken",
        STATIC,
        "0755 file run\n0755 dir template\n0755 dir template/template\n0644 file run.user\n0755 dir old",
        "error static-name-taken old; error static-name-taken run.user; error static-name-taken template",
    ),
    (
        "static-name-taken",
        STATIC,
        "0755 file run\n0755 dir data\n0755 dir data/.template",
        "error static-name-taken data/.template",
    ),
    (
        "static-name-taken",
        STATIC,
        "0755 file run\n0755 dir log\n0755 file log/run\n0644 file log/finish.user\n0755 dir log/instances",
        "error static-name-taken log/finish.user; error static-name-taken log/instances",
    ),
    ("static-name-taken", STATIC, "0755 file run\n0644 file supervise", "error static-name-taken supervise"),
    ("static-data-not-a-directory", STATIC, "0755 file run\n0644 file data", "error static-data-not-a-directory data"),
    (
        "static-data-not-a-directory",
        STATIC,
        "0755 file run\n0755 dir conf\n0777 link env -> conf\n0755 dir log\n0755 file log/run\n0644 fifo log/data",
        "error static-data-not-a-directory env; error static-data-not-a-directory log/data",
    ),
    // The wrapper is called run, and the logger is a service of its own.
    (
        "static-link-breaks",
        STATIC,
        "0755 file run\n0755 dir data\n0777 link data/start -> ../run\n0777 link data/log -> ../log\n0755 dir log\n0755 file log/run",
        "warning static-link-breaks data/log; warning static-link-breaks data/start",
    ),
    (
        "static-link-breaks",
        STATIC,
        "0755 file run\n0644 file notification-fd = 3\n0755 dir conf\n0777 link conf/fd -> ../notification-fd",
        "warning static-link-breaks conf/fd",
    ),
    (
        "static-link-breaks",
        STATIC,
        "0755 file run\n0755 dir data\n0755 file data/logger\n0755 dir log\n0777 link log/run -> ../data/logger",
        "error static-link-breaks log/run",
    ),
    (
        "static-names-parent",
        STATIC,
        "0755 file run == #!/bin/sh\\nexec ../bin/web \"$1\"\\n",
        "warning static-names-parent run",
    ),
    (
        "static-names-parent",
        STATIC,
        "0755 file run\n0755 dir log\n0755 file log/run == #!/bin/sh\\n. ../env.sh\\nexec s6-log /var/log/$1\\n",
        "warning static-names-parent log/run",
    ),
    (
        "static-name-from-directory",
        STATIC,
        "0755 file run == #!/bin/sh\\nexec web \"$(basename \"$(pwd)\")\"\\n\n0755 file finish == #!/bin/sh\\necho ${PWD##*/}\\n",
        "warning static-name-from-directory run; warning static-name-from-directory finish",
    ),
    ("static-opens-directory", STATIC, "0700 dir .\n0755 file run\n0755 dir data", "warning static-opens-directory ."),
    (
        "static-opens-directory",
        STATIC,
        "0755 file run\n0700 dir data\n0750 dir log\n0755 file log/run\n0755 dir log/env",
        "warning static-opens-directory log",
    ),
    (
        "static-user-writable",
        AS_USER,
        "0755 file run\n0755 dir data (33:33)\n0777 dir data/a",
        "error static-user-writable data",
    ),
    ("static-user-writable", AS_USER, "0755 dir . (33:33)\n0755 file run\n0755 dir data", "error static-user-writable ."),
];
