//! Hints about what s6 does: a template that was mended as its hint says works on the real s6.

use super::{Instances, Site, until};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::maker;
use std::fs;

on_each_s6!(followed);

/// A template that a rule refuses or warns of, and the same as the hint says.
struct Hint {
    id: &'static str,
    /// A text in the hint.
    says: &'static str,
    /// The file that changes, before and after; `LOGS` stands for a directory.
    file: &'static str,
    before: &'static str,
    after: &'static str,
}

/// The rest of a script for a shell, which is ready at once.
const STAY: &str = "echo >&3\nexec 3>&-\nexec sleep 1000000\n";

const HINTS: &[Hint] = &[
    Hint {
        id: "no-interpreter-line",
        says: "begin the script with the line #!/bin/sh",
        file: "run",
        before: ": $1\n",
        after: "#!/bin/sh\n: $1\n",
    },
    Hint {
        id: "interpreter-crlf",
        says: r"sed -i 's/\r$//'",
        file: "run",
        before: "#!/bin/sh\r\n: $1\n",
        after: "#!/bin/sh\n: $1\n",
    },
    Hint {
        id: "interpreter-missing",
        says: "write the absolute path of the interpreter into the line",
        file: "run",
        before: "#!@BINDIR@/sh\n: $1\n",
        after: "#!/bin/sh\n: $1\n",
    },
    Hint {
        id: "interpreter-arguments",
        says: "write #!/usr/bin/env -S sh -e",
        file: "run",
        before: "#!/usr/bin/env sh -e\n: $1\n",
        after: "#!/usr/bin/env -S sh -e\n: $1\n",
    },
    Hint {
        id: "interpreter-arguments",
        says: "write #!/bin/sh, and set -e -u on the next line",
        file: "run",
        before: "#!/bin/sh -e -u\n: $1\n",
        after: "#!/bin/sh\nset -e -u\n: $1\n",
    },
    Hint {
        id: "interpreter-arguments",
        says: "write its options as one: #!/usr/bin/execlineb -S1",
        file: "run",
        before: "#!/usr/bin/execlineb -S1 -P\nforeground { fdmove 1 3 echo $1 } fdclose 3 sleep 1000000\n",
        after: "#!/usr/bin/execlineb -S1\nforeground { fdmove 1 3 echo $1 } fdclose 3 sleep 1000000\n",
    },
    Hint {
        id: "interpreter-arguments",
        says: "write its options as one: #!/usr/bin/execlineb -WS1",
        file: "run",
        before: "#!/usr/bin/execlineb -W -S 1\nforeground { fdmove 1 3 echo $1 } fdclose 3 sleep 1000000\n",
        after: "#!/usr/bin/execlineb -WS1\nforeground { fdmove 1 3 echo $1 } fdclose 3 sleep 1000000\n",
    },
    Hint {
        id: "interpreter-arguments",
        says: "name the interpreter behind env, such as #!/usr/bin/env sh",
        file: "run",
        before: "#!/usr/bin/env\n: $1\n",
        after: "#!/usr/bin/env sh\n: $1\n",
    },
    Hint {
        id: "control-file-invalid",
        says: "write a descriptor, a number from 3 to 2147483647, on the first line of notification-fd",
        file: "notification-fd",
        before: "three\n",
        after: "3\n",
    },
    Hint {
        id: "instance-name-unused",
        says: "$1 in a shell, and in execlineb with -S1",
        file: "run",
        before: "#!/usr/bin/execlineb -P\nforeground { fdmove 1 3 echo ready } fdclose 3 sleep 1000000\n",
        after: "#!/usr/bin/execlineb -S1\nforeground { fdmove 1 3 echo $1 } fdclose 3 sleep 1000000\n",
    },
    Hint {
        id: "check-missing",
        says: "add an executable data/check that exits 0",
        file: "data/check",
        before: "",
        after: "#!/bin/sh\nexit 0\n",
    },
    Hint {
        id: "no-interpreter-line",
        says: "begin the script with the line #!/bin/sh",
        file: "data/check",
        before: "exit 0\n",
        after: "#!/bin/sh\nexit 0\n",
    },
    Hint {
        id: "interpreter-crlf",
        says: r"sed -i 's/\r$//'",
        file: "data/check",
        before: "#!/bin/sh\r\nexit 0\r\n",
        after: "#!/bin/sh\nexit 0\n",
    },
    Hint {
        id: "shared-log-directory",
        says: "run mkdir -p \"LOGS/$1\" before the logger, and have it write to \"LOGS/$1\"",
        file: "log/run",
        before: "#!/bin/sh\nexec s6-log t LOGS\n",
        after: "#!/bin/sh\nmkdir -p \"LOGS/$1\"\nexec s6-log t \"LOGS/$1\"\n",
    },
    Hint {
        id: "shared-log-directory",
        says: "$1 is NAME/log in a shell, and in execlineb with -S1",
        file: "log/run",
        before: "#!/usr/bin/execlineb -P\ndefine DIR LOGS s6-log t ${DIR}\n",
        after: "#!/usr/bin/execlineb -S1\nif { mkdir -p \"LOGS/$1\" } s6-log t \"LOGS/$1\"\n",
    },
];

/// Every mended service has two instances, which are ready; where they log, each to a directory of its own.
fn followed(site: &Site) {
    for (index, hint) in HINTS.iter().enumerate() {
        let logs = site.inside(format!("logs-{index}"));
        let path = |name: &str| site.path(format!("templates/{index}/{name}"));
        let write = |text: &str| {
            let rest = if text.starts_with("#!/usr/bin/execlineb") || hint.file != "run" { "" } else { STAY };
            disk::file(path(hint.file), 0o755, text.replace("LOGS", &logs) + rest);
        };
        let first = if hint.file == "data/check" {
            "#!/bin/sh\n: $1\nexec s6-notifyoncheck -w 100 sleep 1000000\n".to_owned()
        } else {
            format!("#!/bin/sh\necho \"words of $1\"\n{STAY}")
        };
        disk::file(path("run"), 0o755, first);
        disk::file(path("notification-fd"), 0o644, "3\n");
        let (template, service) = (format!("templates/{index}"), format!("scan/{index}"));
        if !hint.before.is_empty() {
            write(hint.before);
        }
        let options = ["--installation", "path", "--strict", "--dry-run", template.as_str(), service.as_str()];
        let answer = maker(&site.path(""), options).expect_code(100);
        let says = hint.says.replace("LOGS", &logs);
        assert!(answer.stderr.contains(&format!("fatal: {}: ", hint.id)), "{answer}");
        assert!(answer.stderr.lines().any(|line| line.contains("hint: ") && line.contains(&says)), "{says}\n{answer}");
        write(hint.after);
        site.make_for_this_s6(&["--strict", &template, &service]);
    }
    let scan = site.start(&[]);
    for (index, hint) in HINTS.iter().enumerate() {
        let service = format!("scan/{index}");
        let instances = Instances::of(&scan, &service);
        for name in ["one", "two"] {
            instances.create_ready(name);
            assert_eq!(instances.is("up,ready", name), "true true", "{}", hint.id);
        }
        if hint.id == "shared-log-directory" {
            for name in ["one", "two"] {
                let current = site.path(format!("logs-{index}/{name}/log/current"));
                let words = format!("words of {name}");
                until(&words, || fs::read_to_string(&current).ok().filter(|text| text.contains(&words)));
            }
        }
    }
}
