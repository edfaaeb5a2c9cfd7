//! The table of plans: each case is a snapshot of its plan, and a job for the sandbox and for documents.

/// A template of the least that runs.
pub const PLAIN: &str = "0755 file run = #!/bin/sh";
const LOGGED: &str = "0755 file run = #!/bin/sh\n0755 dir log\n0755 file log/run = #!/bin/sh";
const ALL_SCRIPTS: &str = "
    0755 file run = #!/bin/sh
    0755 file finish = #!/bin/sh
    0755 dir log
    0755 file log/run = #!/bin/sh
    0755 file log/finish = #!/bin/sh";

/// A template with an entry of each kind that s6-rc treats in its own way.
const STATIC_EVERYTHING: &str = "
    0755 file run = #!/bin/sh
    0755 file finish = #!/bin/sh
    0644 file notification-fd = 3
    0644 file timeout-kill = 5000
    0644 file down-signal = SIGINT
    0644 file max-death-tally = 5
    0755 dir conf
    0644 file conf/main.cf
    0644 file -x
    2750 dir data (0:33)
    0644 file data/table
    0777 link data/conf -> ../conf
    0755 dir env
    0644 file env/LEVEL
    0755 dir log
    0755 file log/run = #!/bin/sh
    0755 file log/finish = #!/bin/sh
    0644 file log/notification-fd = 3
    0644 file log/rules
    0700 dir supervise
    0700 dir log/event";
/// The name of a service that leaves no room for a logger's: 240 bytes.
const NAME_240: &str = "web-240-bytes-1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456";
const STATIC_EVERYTHING_PLAIN: &str = "0755 file run = #!/bin/sh\n0755 file finish = #!/bin/sh\n0644 file a\"b";

/// The name of a snapshot, the options, the template; planned for root under umask 022.
pub const CASES: &[(&str, &[&str], &str)] = &[
    ("plain", &[], PLAIN),
    ("logged-template", &[], LOGGED),
    // Room for instances.
    ("room", &["-c", "10"], PLAIN),
    ("room-logged", &["-c10"], LOGGED),
    ("room-odd-logged", &["-c", "7"], LOGGED),
    ("room-least", &["-c", "2"], PLAIN),
    ("room-2.11", &["-c", "7", "--s6-version", "2.11"], LOGGED),
    ("room-2.11-most-logged", &["-c", "90000", "--s6-version", "2.11.3.0"], LOGGED),
    ("room-2.12", &["-c", "7", "--s6-version", "2.12.0.0"], LOGGED),
    ("room-2.15.0.0", &["-c", "7", "--s6-version", "2.15.0.0"], PLAIN),
    ("room-version-only", &["--s6-version", "2.13.1"], LOGGED),
    ("room-version-only-2.11", &["--s6-version", "2.11.3"], PLAIN),
    ("room-last-without-softlimit", &["-c", "16000"], PLAIN),
    ("room-first-with-softlimit", &["-c", "16001"], PLAIN),
    ("room-first-with-softlimit-logged", &["-c", "8001"], LOGGED),
    ("room-most", &["-c", "90000"], PLAIN),
    ("room-most-logged", &["-c", "80000"], LOGGED),
    ("room-too-many-logged", &["-c", "80001"], LOGGED),
    ("room-version-newest", &["-c", "7", "--s6-version", "2.15"], PLAIN),
    ("room-version-newer-than-known", &["-c", "7", "--s6-version", "2.16"], PLAIN),
    (
        "room-log-is-a-link",
        &["-c", "7"],
        "0755 file run\n0755 dir data\n0755 dir data/log\n0755 file data/log/run\n0777 link log -> data/log",
    ),
    ("room-log-leads-out", &["-c", "7", "--allow", "link-leaves-template"], "0755 file run\n0777 link log -> /etc/log"),
    ("room-log-is-a-file", &["-c", "7", "--allow", "log-not-a-directory"], "0755 file run\n0644 file log"),
    // The logger.
    ("logger", &["-L", "/var/log/svc"], PLAIN),
    ("logger-everything", &["-L/var/log/svc", "-t3", "-n20", "-s", "5000", "-S", "123456789", "-P", "svc:"], PLAIN),
    ("logger-no-timestamp", &["-L", "/l", "-t", "0", "-n", "0"], PLAIN),
    ("logger-iso-timestamp", &["-L", "/l", "-t2"], PLAIN),
    ("logger-prefix-empty", &["-L", "/l", "-P", ""], PLAIN),
    ("logger-prefix-with-blank", &["-L", "/l", "-P", "a b"], PLAIN),
    ("logger-prefix-with-equals", &["-L", "/l", "-P=x"], PLAIN),
    ("logger-prefix-with-quote", &["-L", "/l", "-P", "a\"b"], PLAIN),
    ("logger-prefix-with-backslash", &["-L", "/l", "-P", "a\\"], PLAIN),
    ("logger-prefix-bare", &["-L", "/l", "-P", "$x${x}#x{}'é"], PLAIN),
    ("logger-prefix-with-command", &["-L", "/l", "-P", "x \"!touch /pwned\""], PLAIN),
    ("logger-prefix-with-newline", &["-L", "/l", "-P", "a\nb"], PLAIN),
    ("logger-directory-odd", &["-L", "/var/log/a \"b\" $c\né"], PLAIN),
    ("logger-user", &["-L", "/var/log/svc", "-l", "nobody"], PLAIN),
    ("logger-user-numbers", &["-L", "/var/log/svc", "-l", "65534:65534"], PLAIN),
    ("logger-user-not-prepared", &["-L", "/var/log/svc", "-l", "nobody", "--no-prepare-log-dir"], PLAIN),
    ("logger-user-directory-with-slash", &["-L", "/var/log/svc/./", "-l", "nobody"], PLAIN),
    ("logger-user-directory-with-slash-not-prepared", &["-L", "/", "-l", "nobody", "--no-prepare-log-dir"], PLAIN),
    ("logger-user-empty", &["-L", "/var/log/svc", "-l", ""], PLAIN),
    ("logger-size-small", &["-L", "/l", "-s", "100"], PLAIN),
    ("logger-size-large", &["-L", "/l", "-s", "4294967295"], PLAIN),
    ("logger-options-idle", &["-l", "nobody", "-t0", "-n1", "-s1", "-S1", "-Px"], PLAIN),
    ("logger-option-idle", &["-t0"], PLAIN),
    // Instances as a user.
    ("user", &["-u", "www-data"], PLAIN),
    ("user-empty", &["-u", ""], PLAIN),
    ("user-all-scripts", &["-u", "www-data"], ALL_SCRIPTS),
    ("user-numbers", &["-u", "33:4"], PLAIN),
    ("user-unknown", &["-u", "nobody-here"], PLAIN),
    ("user-unknown-refused", &["-u", "nobody-here"], "0750 file run (0:33)"),
    ("user-and-logger", &["-u", "www-data", "-L", "/var/log/svc", "-l", "nobody", "--installation", "debian"], LOGGED),
    ("user-by-group", &["-u", "www-data"], "0750 file run (0:4) = #!/bin/sh"),
    ("user-owns", &["-u", "www-data"], "0700 dir . (33:33)\n0500 file run (33:33) = #!/bin/sh"),
    ("user-with-dollar", &["-u", "machine$"], PLAIN),
    ("user-substituted", &["-u", "a$1"], PLAIN),
    ("user-substituted-in-directory", &["-u", "www-data", "--s6-dir", "/opt/${@}"], PLAIN),
    ("user-owns-scripts", &["-u", "www-data"], "0700 file run (33:33) = #!/bin/sh"),
    ("user-writes-by-group", &["-u", "www-data"], "0775 dir . (0:4)\n0755 file run"),
    ("user-writes-by-others", &["-u", "www-data"], "1777 dir .\n0755 file run"),
    ("user-writes-log", &["-u", "www-data"], "0755 file run\n0755 dir log (33:0)\n0755 file log/run"),
    (
        "user-writes-on-the-way-to-log",
        &["-u", "www-data"],
        "0755 file run\n0777 dir x\n0777 link x/l -> ../data\n0755 dir data\n0755 file data/run\n0777 link log -> x/l",
    ),
    (
        "user-writes-elsewhere",
        &["-u", "www-data"],
        "0755 file run\n0700 dir data (33:33)\n0700 dir data/more (33:33)\n1777 dir tmp\n0755 dir supervise (33:33)",
    ),
    ("user-unknown-may-own", &["-u", "nobody-here"], "0755 dir . (33:0)\n0755 file run"),
    ("user-unknown-may-be-in-group", &["-u", "nobody-here"], "0775 dir . (0:33)\n0755 file run"),
    ("user-root", &["-u", "0:0"], "0700 dir .\n0100 file run = #!/bin/sh"),
    ("user-run-missing", &["-u", "www-data", "--allow", "run-missing"], "0755 file finish"),
    ("user-log-run-missing", &["-u", "www-data", "--allow", "log-run-missing"], "0755 file run\n0755 dir log"),
    ("user-run-is-a-directory", &["-u", "www-data", "--allow", "run-not-a-file"], "0755 dir run"),
    ("user-run-not-executable", &["-u", "www-data"], "0644 file run = #!/bin/sh"),
    ("user-owner-excluded", &["-u", "www-data"], "0077 file run (33:33) = #!/bin/sh"),
    ("user-run-not-readable", &["-u", "www-data"], "0711 file run = #!/bin/sh"),
    ("user-program-not-readable", &["-u", "www-data"], "0711 file run = \u{7f}ELF"),
    ("user-finish-not-executable", &["-u", "www-data"], "0755 file run\n0644 file finish"),
    ("user-template-closed", &["-u", "www-data"], "0700 dir .\n0755 file run"),
    ("user-log-closed", &["-u", "www-data"], "0755 file run\n0700 dir log\n0755 file log/run"),
    ("user-log-is-a-file", &["-u", "www-data", "--allow", "log-not-a-directory"], "0755 file run\n0755 file log"),
    ("user-log-leads-out", &["-u", "www-data", "--allow", "link-leaves-template"], "0755 file run\n0777 link log -> ../log"),
    ("user-log-is-a-link", &["-u", "www-data"], "0755 file run\n0755 dir data\n0755 file data/run\n0777 link log -> data"),
    ("user-name-taken", &["-u", "www-data"], "0755 file run\n0755 file run.user"),
    ("user-run-is-a-link", &["-u", "www-data"], "0755 dir data\n0755 file data/start = #!/bin/sh\n0777 link run -> data/start"),
    ("user-link-target-closed", &["-u", "www-data"], "0700 dir data\n0755 file data/start\n0777 link run -> data/start"),
    ("user-link-to-wrapped", &["-u", "www-data"], "0755 file finish\n0777 link run -> ./finish"),
    (
        "user-link-beside",
        &["-u", "www-data"],
        "0755 file run\n0755 dir data\n0777 link data/start -> ../run\n0777 link again -> data/start",
    ),
    ("user-link-leads-out", &["-u", "www-data", "--allow", "link-leaves-template"], "0777 link run -> ../../start"),
    ("user-link-absolute", &["-u", "www-data", "--allow", "link-leaves-template"], "0777 link run -> /usr/bin/true"),
    ("user-link-dangling", &["-u", "www-data", "--allow", "run-dangling"], "0777 link run -> start"),
    ("user-link-loop", &["-u", "www-data", "--allow", "run-dangling"], "0777 link run -> finish\n0777 link finish -> run"),
    // Source definitions for s6-rc.
    ("s6-rc-service", &["-r", "svc"], PLAIN),
    ("s6-rc-logger", &["-r", "svc/log", "-L", "/var/log/svc"], PLAIN),
    ("s6-rc-pipeline", &["-r", "svc/log/pipe", "-L", "/var/log/svc", "-l", "nobody"], LOGGED),
    ("s6-rc-user", &["-r", "svc", "-u", "www-data", "-c", "5"], ALL_SCRIPTS),
    ("s6-rc-odd-names", &["-r", "a $b/c\"d/-é", "-L", "/l"], PLAIN),
    // Where it will run.
    ("installation-debian", &["--installation", "debian", "-L", "/l", "-l", "nobody"], PLAIN),
    ("installation-slashpackage", &["--installation", "slashpackage", "-L", "/l", "-l", "nobody"], PLAIN),
    ("installation-overridden", &["--s6-dir", "/opt/s6/bin/", "--installation", "debian", "--shebang-dir", "/opt/e"], PLAIN),
    ("programs-in-root", &["--s6-dir", "/", "--execline-dir", "//", "--shebang-dir", "/"], PLAIN),
    ("programs-in-odd-places", &["--s6-dir", "/opt/my \"s6\"", "--execline-dir", "/opt/é#{"], PLAIN),
    ("name-max", &["--name-max", "30"], PLAIN),
    ("name-max-with-room", &["--name-max=255", "-c", "20000"], LOGGED),
    // Source definitions for s6-rc, and what it is told besides.
    (
        "s6-rc-depends",
        &["-r", "svc/log", "-L", "/l", "--depends-on", "net", "--depends-on", "a b", "--depends-on", "net"],
        PLAIN,
    ),
    ("s6-rc-recommended", &["-r", "svc/log", "-L", "/l", "--recommended", "--essential", "--depends-on", "net"], PLAIN),
    ("s6-rc-managed", &["-r", "svc/log", "-L", "/l", "--essential", "--timeout-up", "5000", "--timeout-down=0"], PLAIN),
    // Instances from the start.
    ("instances", &["--instance", "b", "--instance", "a"], LOGGED),
    ("instances-as-user", &["--instance", "one", "-u", "www-data"], PLAIN),
    ("instances-as-many-as-there-is-room", &["--instance", "a", "--instance", "b", "-c2"], PLAIN),
    ("instances-too-many", &["--instance", "a", "--instance", "b", "--instance", "c", "-c2"], PLAIN),
    ("instances-with-short-names", &["--instance", "eleven-byte", "--instance", "twelve-bytes", "--name-max", "11"], PLAIN),
    ("instances-numbered", &["--count", "10", "--instance", "a", "--instance", "010"], PLAIN),
    ("instances-numbered-none", &["--count", "0"], PLAIN),
    ("instances-numbered-too-many", &["--count", "501"], PLAIN),
    // Instances that s6-rc runs.
    ("static", &["-r", "web", "--static", "--instance", "b", "--instance", "a"], PLAIN),
    ("static-none", &["-r", "web", "--static", "--count", "0"], LOGGED),
    ("static-none-with-logger", &["-r", "web/log/all", "-L", "/l", "--static", "--count=0"], PLAIN),
    ("static-logged", &["-r", "web", "--static", "--instance", "a"], ALL_SCRIPTS),
    ("static-logger", &["-r", "web/log/all", "-L", "/l", "-l", "nobody", "--static", "--count", "2"], PLAIN),
    ("static-logged-logger", &["-r", "web/log/all", "-L", "/l", "--static", "--instance", "a"], LOGGED),
    (
        "static-user",
        &["-r", "web", "-u", "www-data", "--static", "--instance", "a", "--installation", "slashpackage"],
        STATIC_EVERYTHING,
    ),
    (
        "static-managed",
        &[
            "-r",
            "web/log",
            "-L",
            "/l",
            "--static",
            "--instance=a",
            "--essential",
            "--recommended",
            "--depends-on=base",
            "--timeout-up=1",
            "--timeout-down=0",
        ],
        LOGGED,
    ),
    ("static-odd-names", &["-r", "#w \"é\"", "--static", "--instance", "a\"b\\c'#{é"], STATIC_EVERYTHING_PLAIN),
    (
        "static-by-links",
        &["-r", "web", "--static", "--instance", "a"],
        "0777 link run -> data/start
         0755 dir data
         0755 file data/start = #!/bin/sh
         0755 dir data/logger
         0755 file data/logger/run = #!/bin/sh
         0777 link log -> data/logger
         0644 file data/fd = 3
         0777 link notification-fd -> data/fd
         0777 link conf -> /etc/web",
    ),
    (
        "static-special",
        &["-r", "web", "--static", "--instance", "a"],
        "2775 dir . (33:33)
         0755 file run = #!/bin/sh
         4755 file tool (33:4)
         0640 fifo pipe (0:33)
         1777 dir tmp
         0777 link out -> /etc/passwd (33:33)
         1777 dir data (33:33)
         0500 dir data/empty (1:2)
         2750 dir log (0:33)
         0755 file log/run = #!/bin/sh
         0640 fifo log/pipe (33:33)",
    ),
    (
        "static-log-leads-out",
        &["-r", "web", "--static", "--instance", "a", "--allow", "link-leaves-template"],
        "0755 file run = #!/bin/sh\n0777 link log -> /etc/web/log",
    ),
    (
        "static-s6-rc-names",
        &["-r", "web", "--static", "--instance", "a", "--allow", "s6-rc-definition"],
        "0755 file run = #!/bin/sh
         0644 file type
         0644 file timeout-up
         0644 file producer-for
         0644 file consumer-for
         0644 file pipeline-name
         0644 file flag-essential
         0755 dir dependencies.d
         0644 file dependencies.d/x
         0755 dir contents.d",
    ),
    ("static-template-closed", &["-r", "web", "--static", "--instance", "a"], "0700 dir .\n0755 file run = #!/bin/sh"),
    ("static-user-writes", &["-r", "web", "-u", "www-data", "--static", "--count=1"], "0755 file run\n0777 dir data"),
    ("static-name-taken", &["-r", "web", "--static", "--instance", "a", "--instance", "a-log"], LOGGED),
    ("static-name-of-logger", &["-r", "web/web@1", "-L", "/l", "--static", "--count", "1"], PLAIN),
    ("static-name-too-long", &["-r", NAME_240, "--static", "--instance", "12345678901"], PLAIN),
    ("static-logger-name-too-long", &["-r", NAME_240, "--static", "--instance", "a"], LOGGED),
    ("static-pipeline-without-directory", &["-r", "web/log/.all", "-L", "/l", "--static", "--count", "1"], PLAIN),
    ("static-name-with-dollar", &["-r", "web", "--static", "--instance", "a$b"], PLAIN),
    ("static-service-with-dollar", &["-r", "w$1", "--static", "--instance", "a"], PLAIN),
    ("static-service-with-dollar-logged", &["-r", "w$1", "--static", "--instance", "a"], LOGGED),
    ("static-service-unlistable", &["-r", "#web", "--static", "--instance", "a"], LOGGED),
    ("static-on-itself", &["-r", "web", "--static", "--count", "3", "--depends-on", "web@2"], PLAIN),
    ("static-user-substituted", &["-r", "web", "--static", "--count", "1", "-u", "a$1"], PLAIN),
    ("static-user-substituted-in-finish", &["-r", "web", "--static", "--count", "1", "-u", "a$1"], ALL_SCRIPTS),
    // Scripts that are made executable.
    (
        "fix-modes",
        &["--fix-modes"],
        "0644 file run\n0600 file finish\n0755 dir log\n4640 file log/run (0:4)\n0711 file log/finish",
    ),
    ("fix-modes-through-links", &["--fix-modes"], "0777 link run -> data/start\n0755 dir data\n0644 file data/start"),
    ("fix-modes-as-user", &["--fix-modes", "-u", "www-data"], "0644 file run = #!/bin/sh"),
    // What a template may hold.
    (
        "template-everything",
        &[],
        "2775 dir . (33:33)
         0755 file run
         0644 file notification-fd
         0000 file secret (1:2)
         4755 file tool (33:4)
         1777 dir data
         0500 dir data/empty
         0640 fifo data/fifo (0:33)
         0777 link data/up -> ../run
         0777 link data/out -> /etc/passwd (33:33)
         0755 file .hidden",
    ),
    (
        "template-with-state",
        &[],
        "0755 file run
         0700 dir supervise
         0600 fifo supervise/control
         3730 dir event
         0755 dir log
         0755 file log/run
         0700 dir log/supervise
         0755 dir data
         0755 dir data/supervise
         0644 file log/event",
    ),
    (
        "template-with-state-by-links",
        &[],
        "0755 file run
         0777 link supervise -> /run/state
         0755 dir data
         0755 dir data/supervise
         0755 file data/run
         0777 link log -> data",
    ),
    ("template-without-run", &["--allow", "run-missing"], "0644 file notification-fd"),
];
