//! Unsound templates by the texts of their scripts, by rights, and by files for s6-rc.

use super::Unsound;

/// Texts, rights, and files for s6-rc.
pub(super) const TEXTS: &[Unsound] = &[
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
        "instance-name-unused",
        &[],
        r"0755 file run == #!/usr/bin/execlineb -P\nimportas -i HOME HOME\nmy-daemon ${HOME}\n",
        "warning instance-name-unused run",
    ),
    (
        "instance-name-unused",
        &[],
        r#"0755 file run == #!/bin/sh\nsed 's/a b/c/' /etc/x | tr a b\necho "wait for it" "from a/b on"\nexec my-daemon "${HOME%/*}" http://x:80/y\n"#,
        "warning instance-name-unused run",
    ),
    (
        "names-parent-directory",
        &[],
        r"0755 file run == #!/bin/sh\n. ../lib.sh\nexec my-daemon $1\n",
        "warning names-parent-directory run",
    ),
    (
        "names-parent-directory",
        &[],
        r#"0755 file run == #!/bin/sh\n(cd /srv/$1 && ./prepare ../x)\nx=$(cd /srv && (cd a; pwd))\n. ../lib.sh\n"#,
        "warning names-parent-directory run",
    ),
    (
        "names-parent-directory",
        &[],
        r#"0755 file run == #!/bin/sh\ncd "$(dirname "$0")" || exit\n. "$PWD/../.env"\nexec my-daemon $1\n"#,
        "warning names-parent-directory run",
    ),
    (
        "names-parent-directory",
        &[],
        r#"0755 file run
           0755 file finish == #!/usr/bin/execlineb -S0\ns6-envdir data/../../env true\n
           0755 dir log
           0755 file log/run == #!/bin/sh\nexec s6-log --conf=../../log.conf ../data ./main\n"#,
        "warning names-parent-directory finish; warning names-parent-directory log/run",
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
    (
        "shared-log-directory",
        &[],
        r"0755 file run
          0755 dir log
          0755 file log/run == #!/usr/bin/execlineb -P\ndefine DIR /var/log/svc\ns6-log t ${DIR}\n",
        "warning shared-log-directory log/run",
    ),
    (
        "shared-log-directory",
        &[],
        r"0755 file run
          0755 dir log
          0755 file log/run == #!/bin/sh\nexec svlogd -ttl 200 -r _ /var/log/svc\n",
        "warning shared-log-directory log/run",
    ),
    (
        "check-missing",
        &[],
        r"0755 file run == #!/bin/sh\nexec s6-notifyoncheck my-daemon $1\n",
        "warning check-missing data/check",
    ),
    (
        "check-missing",
        &[],
        r"0755 file run
          0755 dir log
          0755 file log/run == #!/usr/bin/execlineb -S1\ns6-notifyoncheck -d -w 500 -- my-logger $1\n",
        "warning check-missing log/data/check",
    ),
    (
        "check-not-executable",
        &[],
        r"0755 file run == #!/usr/bin/execlineb -S1\ns6-notifyoncheck -dn3 -t 500 my-daemon $1\n
          0755 dir data
          0644 file data/check",
        "warning check-not-executable data/check",
    ),
    (
        "check-not-executable",
        &[],
        "0755 file run == #!/bin/sh\\nexec /usr/bin/s6-notifyoncheck my-daemon $1\\n\n0755 dir data\n0755 dir data/check",
        "warning check-not-executable data/check",
    ),
    (
        "check-not-executable",
        &["--fix-modes"],
        "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck my-daemon $1\\n\n0755 dir data\n0755 fifo data/check",
        "warning check-not-executable data/check",
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
    ("others-can-write", &[], "0755 file run\n0777 file finish", "warning others-can-write finish"),
    (
        "others-can-write",
        &[],
        "0777 dir .\n0777 file run\n0777 dir log\n0777 file log/run\n0777 dir data\n0777 file data/file",
        "warning others-can-write .; warning others-can-write log; warning others-can-write log/run; \
         warning others-can-write run",
    ),
    (
        "others-can-write",
        &[],
        "0755 dir . (33:33)\n0755 file run (33:33)",
        "warning others-can-write .; warning others-can-write run",
    ),
    (
        "others-can-write",
        &[],
        "0755 dir data (1:0)\n0755 file data/start\n0777 link run -> data/start",
        "warning others-can-write data",
    ),
    (
        "others-can-write",
        &[],
        "0755 file run == #!/bin/sh\\nexec s6-notifyoncheck my-daemon $1\\n\n0777 dir data\n0777 file data/check",
        "warning others-can-write data; warning others-can-write data/check",
    ),
    ("others-can-write", &["-u", "www-data"], "0775 file run (0:5) = #!/bin/sh", "warning others-can-write run"),
    ("not-a-longrun", &[], "0755 file run\n0644 file type = oneshot", "warning not-a-longrun type"),
    ("not-a-longrun", &["--allow", "run-missing"], "0644 file type == bundle\\n", "warning not-a-longrun type"),
    ("s6-rc-definition", &[], "0755 file run\n0644 file type = longrun", "warning s6-rc-definition type"),
    (
        "s6-rc-definition",
        &["--allow", "not-a-longrun"],
        "0755 file run\n0644 file type = oneshot\n0755 dir dependencies.d",
        "warning s6-rc-definition dependencies.d",
    ),
    (
        "s6-rc-definition",
        &[],
        "0755 file run\n0644 file type = longrun\n0644 file producer-for = svc-log\n0755 dir dependencies.d",
        "warning s6-rc-definition type",
    ),
    ("s6-rc-definition", &[], "0755 file run\n0644 file timeout-up = 5000", "warning s6-rc-definition timeout-up"),
];
