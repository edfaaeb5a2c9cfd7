//! The templates: what each one is there for, and what the expectations need to know about it.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use s6_instance_maker_workspace::disk::{chmod, directory, fifo, file};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{chown, lchown, symlink};
use std::path::Path;

/// A template, and the facts about it that decide what may differ.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its name, and that of its directory.
    pub name: &'static str,
    /// Makes it.
    build: fn(&Path),
    /// `true` if every instance has a logger of its own.
    pub logged: bool,
    /// The scripts that -u wraps; if this is empty, -u is refused.
    pub scripts: &'static [&'static str],
    /// State directories of a supervisor, which are not copied.
    pub state: &'static [&'static str],
    /// The modes of those files that lose a set-id bit when www-data copies them.
    pub without_set_id: &'static [(&'static str, u32)],
    /// `true` if everybody may read all of it.
    pub open: bool,
    /// `true` if it has too many files for every case.
    pub many: bool,
    /// It is a link to this one.
    pub link_to: Option<&'static str>,
}

const fn template(name: &'static str, build: fn(&Path)) -> Template {
    Template {
        name,
        build,
        logged: false,
        scripts: &["run"],
        state: &[],
        without_set_id: &[],
        open: true,
        many: false,
        link_to: None,
    }
}

const fn logged(name: &'static str, scripts: &'static [&'static str], build: fn(&Path)) -> Template {
    Template { logged: true, scripts, ..template(name, build) }
}

/// All of them.
pub const ALL: &[Template] = &[
    template("plain", |dir| run(dir, "run")),
    logged("logged", &["run", "finish", "log/run", "log/finish"], |dir| {
        for script in ["run", "finish", "log/run", "log/finish"] {
            run(dir, script);
        }
    }),
    template("dotfiles", |dir| {
        run(dir, "run");
        file(dir.join(".hidden"), 0o644, "hidden");
        file(dir.join(".a/.b"), 0o604, "deeper");
        file(dir.join("..c"), 0o644, "two dots");
        directory(dir.join(".empty"), 0o755);
    }),
    template("empty-directories", |dir| {
        run(dir, "run");
        for path in ["data", "env", "a/b/c"] {
            directory(dir.join(path), 0o755);
        }
    }),
    Template {
        open: false,
        ..template("directory-modes", |dir| {
            run(dir, "run");
            for (path, mode) in
                [("closed", 0o500), ("shared", 0o1777), ("group", 0o2775), ("none", 0), ("odd", 0o7311), ("suid", 0o4755)]
            {
                file(dir.join(path).join("in-it"), 0o604, path);
                chmod(dir.join(path), mode);
            }
        })
    },
    Template {
        without_set_id: &[("suid", 0o755), ("sgid", 0o755), ("both", 0o1755), ("group-www-data", 0o2755)],
        ..template("set-id", |dir| {
            run(dir, "run");
            for (name, mode, owner) in [
                ("suid", 0o4755, (0, 0)),
                ("sgid", 0o2755, (0, 0)),
                ("both", 0o7755, (1234, 5678)),
                ("group-www-data", 0o6755, (0, 33)),
                ("www-data", 0o6755, (33, 33)),
                ("sticky", 0o1644, (0, 0)),
            ] {
                file(dir.join(name), 0o600, name);
                chown(dir.join(name), Some(owner.0), Some(owner.1)).unwrap();
                chmod(dir.join(name), mode);
            }
        })
    },
    Template {
        open: false,
        ..template("file-modes", |dir| {
            run(dir, "run");
            for mode in [0, 0o007, 0o111, 0o200, 0o400, 0o640, 0o666, 0o777] {
                file(dir.join(format!("{mode:o}")), mode, "mode");
            }
        })
    },
    template("fifos", |dir| {
        run(dir, "run");
        fifo(dir.join("closed"), 0o600);
        fifo(dir.join("open"), 0o666);
        fifo(dir.join("event"), 0o1622);
        directory(dir.join("data"), 0o755);
        fifo(dir.join("data/none"), 0);
    }),
    template("links", |dir| {
        run(dir, "run");
        directory(dir.join("data"), 0o755);
        for (name, target) in [
            ("relative", "run"),
            ("absolute", "/etc/passwd"),
            ("dangling", "nowhere"),
            ("directory", "data"),
            ("up", "../../.."),
            ("itself", "itself"),
            ("data/back", "../run"),
            ("slashes", ".//run//"),
            ("newline", "a\nb"),
        ] {
            symlink(target, dir.join(name)).unwrap();
        }
        symlink(OsStr::from_bytes(b"caf\xe9\x01"), dir.join("bytes")).unwrap();
        symlink("x".repeat(4095), dir.join("longest")).unwrap();
    }),
    template("names", |dir| {
        run(dir, "run");
        for name in [&b"new\nline"[..], b"caf\xe9", b"caf\xc3\xa9", b" ", b"-c5", b"\x01\x1b[31m", b"\\", b"\"", b"*", b"~"] {
            file(dir.join(OsStr::from_bytes(name)), 0o644, name);
        }
        file(dir.join("n".repeat(255)), 0o644, "longest");
        file(dir.join("d".repeat(255)).join(OsStr::from_bytes(&[0xff; 255])), 0o644, "twice");
    }),
    template("owners", |dir| {
        run(dir, "run");
        file(dir.join("www-data"), 0o644, "");
        file(dir.join("group"), 0o664, "");
        file(dir.join("unknown"), 0o604, "");
        directory(dir.join("directory"), 0o755);
        file(dir.join("directory/last"), 0o644, "");
        fifo(dir.join("fifo"), 0o622);
        symlink("run", dir.join("link")).unwrap();
        for (name, uid, gid) in [
            ("www-data", 33, 33),
            ("group", 0, 33),
            ("unknown", 1234, 5678),
            ("directory/last", u32::MAX - 1, u32::MAX - 1),
            ("directory", 65534, 65534),
            ("fifo", 33, 0),
            ("link", 33, 65534),
        ] {
            lchown(dir.join(name), Some(uid), Some(gid)).unwrap();
        }
    }),
    Template {
        open: false,
        scripts: &[],
        ..template("owned-closed-top", |dir| {
            run(dir, "run");
            chown(dir.join("run"), Some(33), Some(33)).unwrap();
            chown(dir, Some(33), Some(1234)).unwrap();
            chmod(dir, 0o2751);
        })
    },
    Template {
        open: false,
        scripts: &[],
        ..template("private-top", |dir| {
            run(dir, "run");
            chmod(dir, 0o700);
        })
    },
    template("nested", |dir| {
        run(dir, "run");
        file(dir.join("down/".repeat(20)).join("bottom"), 0o644, "twenty levels");
        file(dir.join("template/instance/instances/run"), 0o644, "names of the result's own");
    }),
    logged("control-files", &["run", "finish", "log/run"], |dir| {
        for script in ["run", "finish", "log/run"] {
            run(dir, script);
        }
        for (name, text) in [
            ("notification-fd", "3\n"),
            ("log/notification-fd", "3\n"),
            ("timeout-kill", "1000\n"),
            ("timeout-finish", "0\n"),
            ("max-death-tally", "10\n"),
            ("down-signal", "SIGINT"),
            ("down", ""),
            ("log/down", ""),
            ("lock-fd", "4\n"),
            ("flag-newpidns", ""),
            ("type", "longrun\n"),
            ("data/rules/uid/0/allow", ""),
            ("env/PATH", "/usr/bin"),
        ] {
            file(dir.join(name), 0o644, text);
        }
    }),
    template("empty-files", |dir| {
        file(dir.join("run"), 0o755, "");
        file(dir.join("data/empty"), 0o604, "");
    }),
    template("larger", |dir| {
        run(dir, "run");
        let bytes: Vec<u8> = (0..400_000_u32).map(|index| (index.wrapping_mul(index) / 251).to_le_bytes()[0]).collect();
        file(dir.join("binary"), 0o644, bytes);
        file(dir.join("holes"), 0o644, "begin");
        fs::OpenOptions::new().write(true).open(dir.join("holes")).unwrap().set_len(300_000).unwrap();
    }),
    Template {
        many: true,
        open: false,
        ..template("many", |dir| {
            run(dir, "run");
            for number in 0..600_u32 {
                file(dir.join(format!("data/{}/{number}", number % 7)), 0o600 + number % 0o100, number.to_string());
                if number % 100 == 0 {
                    chown(dir.join(format!("data/{}", number % 7)), Some(number), Some(33)).unwrap();
                }
            }
        })
    },
    Template {
        scripts: &[],
        ..template("without-run", |dir| {
            file(dir.join("data"), 0o644, "no script");
        })
    },
    Template { scripts: &[], ..template("empty", |_| {}) },
    template("run-link", |dir| {
        run(dir, "bin/run");
        symlink("bin/run", dir.join("run")).unwrap();
    }),
    template("hard-links", |dir| {
        run(dir, "run");
        file(dir.join("one"), 0o604, "the same");
        fs::hard_link(dir.join("one"), dir.join("two")).unwrap();
        fs::hard_link(dir.join("run"), dir.join("start")).unwrap();
    }),
    Template {
        state: &["supervise", "event", "log/supervise", "log/event"],
        open: false,
        ..logged("state", &["run", "log/run"], |dir| {
            for path in ["", "log", "data"] {
                let dir = dir.join(path);
                run(&dir, "run");
                file(dir.join("supervise/status"), 0o644, "status");
                file(dir.join("supervise/lock"), 0o600, "");
                fifo(dir.join("supervise/control"), 0o600);
                chmod(dir.join("supervise"), 0o700);
                directory(dir.join("event"), 0o3730);
            }
        })
    },
    Template {
        // With a link, no instance could start; a file is just a file.
        state: &["supervise"],
        ..template("state-names", |dir| {
            run(dir, "run");
            file(dir.join("event"), 0o644, "a file");
            symlink("data", dir.join("supervise")).unwrap();
            file(dir.join("data/event/kept"), 0o644, "a level below");
            file(dir.join("supervised/kept"), 0o644, "a longer name");
        })
    },
    logged("log-link", &["run", ".logger/run"], |dir| {
        run(dir, "run");
        run(dir, ".logger/run");
        symlink(".logger", dir.join("log")).unwrap();
    }),
    logged("log-link-outside", &[], |dir| {
        run(dir, "run");
        symlink("/etc/logger", dir.join("log")).unwrap();
    }),
    Template {
        scripts: &[],
        ..template("log-file", |dir| {
            run(dir, "run");
            file(dir.join("log"), 0o755, "no directory");
        })
    },
    Template { link_to: Some("logged"), open: false, ..logged("link", &["run", "finish", "log/run", "log/finish"], |_| {}) },
];

/// Makes all templates in `folder`.
pub fn build(folder: &Path) {
    for template in ALL {
        let path = folder.join(template.name);
        match template.link_to {
            Some(target) => symlink(target, path).unwrap(),
            None => {
                directory(&path, 0o755);
                (template.build)(&path);
            }
        }
    }
}

/// The contexts of the wrong command lines.
pub fn build_surroundings(folder: &Path) {
    for path in ["t/run", "logged/run", "logged/log/run", "taken/run", "taken/run.user", "socket/run", "device/run"] {
        run(folder, path);
    }
    for path in ["pair/svc/run", "pair/t/run", "with-log/log/run"] {
        run(folder, path);
    }
    file(folder.join("private/run"), 0o700, "#!/bin/sh\n");
    run(folder, "closed/run");
    chmod(folder.join("closed"), 0o700);
    file(folder.join("unreadable/run"), 0o755, "#!/bin/sh\n");
    file(folder.join("unreadable/secret"), 0o600, "secret");
    file(folder.join("without-run/data"), 0o644, "");
    file(folder.join("full/file"), 0o644, "");
    directory(folder.join("empty"), 0o755);
    file(folder.join("file"), 0o644, "");
    fifo(folder.join("fifo"), 0o644);
    for (name, target) in [("to-full", "full"), ("to-empty", "empty"), ("to-nowhere", "nowhere")] {
        symlink(target, folder.join(name)).unwrap();
    }
    mknodat(CWD, folder.join("socket/s"), FileType::Socket, Mode::from_raw_mode(0o644), 0).unwrap();
    mknodat(CWD, folder.join("device/null"), FileType::CharacterDevice, Mode::from_raw_mode(0o644), rustix::fs::makedev(1, 3))
        .unwrap();
}

/// An executable script.
fn run(dir: &Path, path: &str) {
    file(dir.join(path), 0o755, format!("#!/bin/sh\nexec sleep 1000000 # {path}\n"));
}
