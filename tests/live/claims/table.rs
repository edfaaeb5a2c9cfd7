//! The claims.

use super::super::{READY, STAY, until};
use super::Claim;
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::roots::Suite::{self, Bookworm, Forky, Trixie};
use std::fs;

const NEVER: &str = "s6-supervise retries for ever and never starts an instance";
const NO_FINISH: &str = "s6-supervise continues without it when an instance ends";
const NO_LOG: &str = "no instance's logger starts, and an instance blocks once it has written 64 KiB";
const NO_LOG_FINISH: &str = "s6-supervise continues without it when a logger ends";
const REFUSED: &str = "s6-instance-create refuses to make an instance";

/// All claims: at least one for each rule, and for one that says different things of different files, each of them.
pub(super) fn table() -> Vec<Claim> {
    use Rule as R;
    const BEFORE_2_14: &[Suite] = &[Bookworm, Trixie];
    const FROM_2_15: &[Suite] = &[Forky];
    const AS_USER: &[&str] = &["-u", "www-data"];
    let new = Claim::new;
    vec![
        // The first of all to do: they have time until the end to write more than they should.
        new(
            R::LogRunMissing,
            "log-run-missing",
            NO_LOG,
            |draft| {
                draft.flood();
                fs::remove_file(draft.path("log/run")).unwrap();
            },
            |case| case.hangs_without_logger(),
        )
        .after(|case| case.filled()),
        new(
            R::LogRunNotExecutable,
            "log-run-not-executable",
            NO_LOG,
            |draft| {
                draft.flood();
                draft.mode("log/run", 0o644);
            },
            |case| case.hangs_without_logger(),
        )
        .after(|case| case.filled()),
        new(
            R::LogRunNotAFile,
            "log-run-not-a-file",
            NO_LOG,
            |draft| {
                draft.flood();
                draft.directory("log/run");
            },
            |case| case.hangs_without_logger(),
        )
        .after(|case| case.filled()),
        new(
            R::LogRunDangling,
            "log-run-dangling",
            NO_LOG,
            |draft| {
                draft.flood();
                draft.link("log/run", "start");
            },
            |case| case.hangs_without_logger(),
        )
        .after(|case| case.filled()),
        new(
            R::NotReadableByUser,
            "user-cannot-run-logger",
            NO_LOG,
            |draft| {
                draft.flood();
                draft.mode("log/run", 0o700);
            },
            |case| {
                case.wait_for_deaths("/log", " 126", 2);
                case.hangs();
            },
        )
        .with(AS_USER)
        .after(|case| case.filled()),
        new(
            R::RunMissing,
            "run-missing",
            NEVER,
            |draft| fs::remove_file(draft.path("run")).unwrap(),
            |case| case.never_starts(),
        ),
        new(R::RunNotExecutable, "run-not-executable", NEVER, |draft| draft.mode("run", 0o644), |case| case.never_starts()),
        new(R::RunNotAFile, "run-not-a-file", NEVER, |draft| draft.directory("run"), |case| case.never_starts()),
        new(R::RunDangling, "run-dangling", NEVER, |draft| draft.link("run", "start"), |case| case.never_starts()),
        new(
            R::FinishNotExecutable,
            "finish-not-executable",
            NO_FINISH,
            |draft| draft.mode("finish", 0o644),
            |case| case.goes_on_without_finish(),
        )
        .after(|case| case.restarted()),
        new(
            R::FinishNotAFile,
            "finish-not-a-file",
            NO_FINISH,
            |draft| draft.directory("finish"),
            |case| case.goes_on_without_finish(),
        )
        .after(|case| case.restarted()),
        new(
            R::FinishDangling,
            "finish-dangling",
            NO_FINISH,
            |draft| draft.link("finish", "stop"),
            |case| case.goes_on_without_finish(),
        )
        .after(|case| case.restarted()),
        new(R::LogNotADirectory, "log-not-a-directory", REFUSED, |draft| draft.file("log", ""), |case| case.no_instance())
            .after(|case| case.refused()),
        new(
            R::LogFinishNotExecutable,
            "log-finish-not-executable",
            NO_LOG_FINISH,
            |draft| {
                draft.script("log/run", "exec cat >/dev/null");
                draft.script("log/finish", "");
                draft.mode("log/finish", 0o644);
            },
            |case| case.logger_goes_on_without_finish(),
        )
        .after(|case| case.logger_restarted()),
        new(
            R::LogFinishNotAFile,
            "log-finish-not-a-file",
            NO_LOG_FINISH,
            |draft| {
                draft.script("log/run", "exec cat >/dev/null");
                draft.directory("log/finish");
            },
            |case| case.logger_goes_on_without_finish(),
        )
        .after(|case| case.logger_restarted()),
        new(
            R::LogFinishDangling,
            "log-finish-dangling",
            NO_LOG_FINISH,
            |draft| {
                draft.script("log/run", "exec cat >/dev/null");
                draft.link("log/finish", "stop");
            },
            |case| case.logger_goes_on_without_finish(),
        )
        .after(|case| case.logger_restarted()),
        new(
            R::NoInterpreterLine,
            "no-interpreter-line",
            NEVER,
            |draft| draft.file("run", "sleep 1\n"),
            |case| case.never_starts(),
        ),
        new(R::NoInterpreterLine, "empty", NEVER, |draft| draft.file("run", ""), |case| case.never_starts()),
        new(
            R::InterpreterCrlf,
            "interpreter-crlf",
            NEVER,
            |draft| draft.file("run", "#!/bin/sh\r\necho \"$1\"\r\n"),
            |case| case.never_starts(),
        ),
        // With an option it is not the kernel but the shell that makes nothing of it.
        new(
            R::InterpreterCrlf,
            "option-crlf",
            NEVER,
            |draft| draft.file("run", "#!/bin/sh -e\r\necho \"$1\"\r\n"),
            |case| case.wait_for_deaths("", " 2", 2),
        ),
        new(
            R::BlankBeforeInterpreter,
            "blank-before-interpreter",
            NEVER,
            |draft| draft.file("run", "\n#!/bin/sh\necho \"$1\"\n"),
            |case| case.never_starts(),
        ),
        new(
            R::InterpreterElsewhere,
            "interpreter-elsewhere",
            NEVER,
            |draft| draft.file("run", "#!/command/execlineb -S1\ns6-pause $1\n"),
            |case| case.never_starts(),
        ),
        // What it leads to is another file when the instance is made, and there is none beneath `instances`.
        new(
            R::LinkLeavesTemplate,
            "link-leaves-template",
            "each instance finds what exists there at that time, if anything",
            |draft| {
                disk::file(draft.site.path("templates/outside"), 0o644, "");
                draft.link("relative", "../outside");
                let report = draft.report("found $(cat relative || echo nothing)");
                draft.script("run", &format!("{report}\n{READY}"));
            },
            |case| case.wait_for_words("found nothing"),
        ),
        new(
            R::LinkLeavesTemplate,
            "one-logger-for-all",
            "all instances share one logger directory with its state, and at most one logger starts",
            |draft| {
                draft.site.script(draft.site.path("shared-log/run"), "log/run", "exec cat >/dev/null");
                draft.link("log", &draft.site.inside("shared-log"));
            },
            |case| {
                case.instances.try_create("another", "1000");
                assert!(case.scan.site.path("shared-log/supervise").exists());
                let loggers = case.scan.site.reports().iter().filter(|line| line.starts_with("log/run ")).count();
                let own = format!(" in {}", case.scan.site.inside("shared-log"));
                let starts = case.scan.site.reports().iter().filter(|line| line.ends_with(&own)).count();
                assert!(starts <= 1, "{loggers} {starts}");
            },
        )
        .after(|case| {
            case.instances.try_create(case.name, "1000");
        }),
        new(
            R::AbsoluteLink,
            "absolute-link",
            "it must exist where the instances run: each of them uses what is there",
            |draft| {
                disk::file(draft.site.path("absolute"), 0o644, "before\n");
                draft.link("absolute", &draft.site.inside("absolute"));
                let report = draft.report("found $(cat absolute)");
                draft.script("run", &format!("{report}\n{READY}"));
            },
            |case| case.wait_for_words("found later"),
        )
        .after(|case| {
            disk::file(case.scan.site.path("absolute"), 0o644, "later\n");
            case.create();
        }),
        // A script that is one runs, as long as its target exists.
        new(
            R::AbsoluteLink,
            "absolute-script",
            "it must exist where the instances run: each of them uses what is there",
            |draft| {
                draft.site.script(draft.site.path("base/agent"), "run", READY);
                draft.link("run", &draft.site.inside("base/agent"));
            },
            |case| assert_eq!(case.is("up,ready"), "true true"),
        )
        .after(|case| case.create_ready()),
        new(
            R::InterpreterMissing,
            "interpreter-missing",
            NEVER,
            |draft| draft.file("run", "#!@BINDIR@/execlineb -S1\ns6-pause $1\n"),
            |case| case.never_starts(),
        ),
        new(
            R::InterpreterArguments,
            "arguments-for-env",
            NEVER,
            |draft| draft.file("run", "#!/usr/bin/env sh -e\nexec sleep 1000 $1\n"),
            |case| case.wait_for_deaths("", " 127", 2),
        ),
        new(
            R::InterpreterArguments,
            "arguments-for-sh",
            NEVER,
            |draft| draft.file("run", "#!/bin/sh -e -u\nexec sleep 1000 $1\n"),
            |case| case.wait_for_deaths("", " 2", 2),
        ),
        new(
            R::InterpreterArguments,
            "arguments-for-execlineb",
            NEVER,
            |draft| draft.file("run", "#!/usr/bin/execlineb -S1 -P\ns6-pause $1\n"),
            |case| case.wait_for_deaths("", " 100", 2),
        ),
        new(
            R::LeftoverFiles,
            "leftover-files",
            "every instance gets a copy",
            |draft| draft.file(".git/HEAD", "ref\n"),
            |case| assert!(case.scan.site.path(case.instances.path_of(case.name)).join(".git/HEAD").exists()),
        )
        .after(|case| case.create_ready()),
        new(
            R::NamesParentDirectory,
            "names-parent-directory",
            "in an instance, `..` is the directory of all instances",
            |draft| {
                disk::file(draft.site.path("templates/beside"), 0o644, "");
                let report = draft.report("has nothing there");
                draft.script("run", &format!("cat ../beside || {report}\n{READY}"));
            },
            |case| case.wait_for_words("has nothing there"),
        ),
        new(
            R::CheckMissing,
            "check-missing",
            "no instance is ever ready",
            |draft| draft.script("run", ": \"$1\"\nexec s6-notifyoncheck -n 2 -w 100 sleep 1000000"),
            |case| {
                case.wait_for("run", 1);
                assert_eq!(case.is("up,ready"), "true false");
            },
        ),
        new(
            R::CheckNotExecutable,
            "check-not-executable",
            "no instance is ever ready",
            |draft| {
                draft.script("run", ": \"$1\"\nexec s6-notifyoncheck -n 2 -w 100 sleep 1000000");
                draft.file("data/check", "#!/bin/sh\nexit 0\n");
                draft.mode("data/check", 0o644);
            },
            |case| {
                case.wait_for("run", 1);
                assert_eq!(case.is("up,ready"), "true false");
            },
        ),
        new(
            R::OthersCanWrite,
            "others-can-write",
            "they can run anything in each instance",
            |draft| draft.mode("run", 0o777),
            |case| {
                let run = case.scan.site.path(case.instances.path_of(case.name)).join("run");
                let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(run).unwrap().permissions());
                assert_eq!(mode & 0o777, 0o777, "the copy is as open");
            },
        )
        .after(|case| case.create_ready()),
        new(
            R::NotALongrun,
            "oneshot",
            "s6-supervise runs run again whenever it ends",
            |draft| {
                draft.file("type", "oneshot\n");
                draft.script("run", ": \"$1\"");
            },
            |case| case.wait_for("run", 2),
        ),
        new(
            R::LinkDangling,
            "link-dangling",
            "whatever opens it in an instance fails",
            |draft| {
                draft.link("data", "nothing");
                let report = draft.report("found nothing");
                draft.script("run", &format!("cat data || {report}\n{READY}"));
            },
            |case| case.wait_for_words("found nothing"),
        ),
        new(
            R::LinkDangling,
            "no-logger",
            "no instance has a logger",
            |draft| draft.link("log", "nothing"),
            |case| {
                case.wait_for("run", 1);
                // A supervisor would have made it.
                assert!(!case.scan.site.path(case.instances.path_of(case.name)).join("nothing").exists());
            },
        )
        .after(|case| case.create_ready()),
        new(
            R::ControlFileInvalid,
            "never-ready",
            "s6-supervise warns, and nobody is notified when an instance is ready",
            |draft| draft.file("notification-fd", "3\r\n"),
            |case| {
                case.wait_for_message("", "invalid notification-fd");
                case.wait_for("run", 1);
                assert_eq!(case.is("up,ready"), "true false");
            },
        ),
        new(
            R::ControlFileInvalid,
            "words-are-lost",
            "is taken for a notification and lost",
            |draft| {
                draft.file("notification-fd", "1\n");
                draft.script("run", &format!("echo \"words of $1\"\n{STAY}"));
            },
            |case| assert!(!case.output().contains(&format!("words of {}", case.name))),
        )
        // The words are the notification.
        .after(|case| case.create_ready()),
        new(
            R::ControlFileInvalid,
            "standard-input-notifies",
            "s6-supervise of s6 2.15 and later never starts an instance",
            |draft| draft.file("notification-fd", "0\n"),
            |case| {
                case.wait_for_message("", "invalid notification-fd");
                case.wait_for_message("", "unable to start service");
                assert_eq!((case.reported("run"), case.is("up").as_str()), (0, "false"));
            },
        )
        .on(FROM_2_15),
        // What is not said of older versions is not so.
        new(
            R::ControlFileInvalid,
            "standard-input-may-notify",
            "s6-supervise of s6 2.15 and later never starts an instance",
            |draft| draft.file("notification-fd", "0\n"),
            |case| case.wait_for("run", 1),
        )
        .on(BEFORE_2_14),
        new(
            R::ControlFileInvalid,
            "any-descriptor",
            "s6-supervise of s6 2.13 and later never starts an instance",
            |draft| draft.file("notification-fd", "2147483648\n"),
            |case| {
                case.wait_for_message("", "invalid notification-fd");
                case.wait_for("run", 1);
            },
        )
        .on(&[Bookworm]),
        new(
            R::ControlFileInvalid,
            "no-such-descriptor",
            "s6-supervise of s6 2.13 and later never starts an instance",
            |draft| draft.file("notification-fd", "2147483648\n"),
            |case| {
                case.wait_for_message("", "invalid notification-fd");
                case.never_starts();
            },
        )
        .on(&[Trixie, Forky]),
        new(
            R::ControlFileInvalid,
            "no-lock",
            "s6-supervise warns, and starts each instance without a lock",
            |draft| draft.file("lock-fd", "four\n"),
            |case| case.wait_for_message("", "invalid lock-fd"),
        )
        .after(|case| case.create_ready()),
        new(
            R::ControlFileInvalid,
            "words-are-in-the-lock",
            "what it writes there goes into the lock file",
            |draft| {
                draft.file("lock-fd", "1\n");
                draft.script("run", &format!("echo \"words of $1\"\n{READY}"));
            },
            |case| {
                let lock = case.scan.site.path(case.instances.path_of(case.name)).join("supervise/service-lock");
                let words = format!("words of {}\n", case.name);
                assert_eq!(String::from_utf8(fs::read(lock).unwrap()).unwrap(), words);
                assert!(!case.output().contains(&words));
            },
        )
        .on(FROM_2_15)
        .after(|case| case.create_ready()),
        new(
            R::ControlFileInvalid,
            "timeout-kill",
            "s6-supervise warns, and never kills an instance that does not stop",
            |draft| {
                draft.stubborn();
                draft.file("timeout-kill", "5s\n");
            },
            |case| {
                case.wait_for_message("", "invalid timeout-kill");
                case.does_not_stop();
            },
        )
        .after(|case| case.told_to_stop()),
        new(
            R::ControlFileInvalid,
            "timeout-finish",
            "s6-supervise warns, and gives finish 5 seconds",
            |draft| {
                draft.script("finish", STAY);
                draft.file("timeout-finish", "\n");
            },
            |case| {
                case.wait_for_message("", "invalid timeout-finish");
                case.wait_for_message("", "finish script lifetime reached maximum value");
            },
        )
        .after(|case| case.restarted()),
        new(
            R::ControlFileInvalid,
            "max-death-tally",
            "s6-supervise warns, and remembers 100 deaths",
            |draft| draft.file("max-death-tally", "-1\n"),
            |case| {
                case.wait_for_message("", "invalid max-death-tally");
                case.wait_for_deaths("", " SIGTERM", 1);
            },
        )
        .after(|case| case.restarted()),
        new(
            R::ControlFileInvalid,
            "down-signal",
            "s6-supervise warns, and stops each instance with SIGTERM",
            |draft| draft.file("down-signal", "HUP\r\n"),
            |case| {
                case.wait_for_message("", "invalid down-signal");
                case.wait_for_deaths("", " SIGTERM", 1);
                case.wait_for("finish", 1);
            },
        )
        .after(|case| case.told_to_stop()),
        new(
            R::ControlFileInvalid,
            "no-down-signal",
            "s6-supervise sends none: no command stops an instance",
            |draft| draft.file("down-signal", "99\n"),
            |case| case.does_not_stop(),
        )
        .after(|case| case.told_to_stop()),
        new(
            R::ControlFileInvalid,
            "reload-signal",
            "s6-supervise warns, and sends SIGHUP",
            |draft| draft.file("reload-signal", "UHP\n"),
            |case| {
                case.wait_for_message("", "invalid reload-signal");
                case.wait_for_deaths("", " SIGHUP", 1);
            },
        )
        .on(FROM_2_15)
        .after(|case| case.told_to_reload()),
        new(
            R::ControlFileInvalid,
            "no-reload-signal",
            "there is no such signal, and s6-supervise sends none",
            |draft| draft.file("reload-signal", "0\n"),
            |case| assert_eq!((case.reported("run"), case.is("up").as_str()), (1, "true")),
        )
        .on(FROM_2_15)
        .after(|case| case.told_to_reload()),
        new(
            R::LockFdEqualsNotificationFd,
            "lock-fd-equals-notification-fd",
            "s6-supervise never starts an instance",
            |draft| draft.file("lock-fd", "3\n"),
            |case| {
                case.wait_for_message("", "notification-fd and lock-fd are the same");
                assert_eq!((case.reported("run"), case.is("up").as_str()), (0, "false"));
            },
        )
        .on(FROM_2_15),
        new(
            R::LockFdNeedsNewerS6,
            "lock-fd-needs-newer-s6",
            NEVER,
            |draft| draft.file("lock-fd", "4\n"),
            |case| {
                case.wait_for_message("", "unable to open supervise/service-lock");
                assert_eq!((case.reported("run"), case.is("up,wantedup").as_str()), (0, "false true"));
            },
        )
        .on(BEFORE_2_14),
        new(
            R::StateLeftBehind,
            "state-left-behind",
            "is the state of a supervisor; it is not copied",
            |draft| {
                draft.file("supervise/lock", "");
                draft.directory("event");
                draft.mode("event", 0o711);
            },
            |case| {
                let service = case.scan.site.path(format!("scan/{}", case.name));
                assert!(!service.join("template/supervise").exists() && !service.join("template/event").exists());
                let event = disk::read_tree(&service.join("instances").join(case.name).join("event"));
                assert_eq!(event[b"".as_slice()].mode, 0o3730, "it is the supervisor's own");
            },
        )
        .after(|case| case.create_ready()),
        new(R::StateInTheWay, "event-in-the-way", REFUSED, |draft| draft.file("event", ""), |case| case.no_instance())
            .after(|case| case.refused()),
        new(R::StateInTheWay, "supervise-in-the-way", REFUSED, |draft| draft.file("supervise", ""), |case| case.no_instance())
            .after(|case| case.refused()),
        new(
            R::StateInTheWay,
            "event-in-the-way-of-the-logger",
            REFUSED,
            |draft| {
                draft.script("log/run", "exec cat");
                draft.file("log/event", "");
            },
            |case| case.no_instance(),
        )
        .after(|case| case.refused()),
        new(
            R::StateInTheWay,
            "supervise-in-the-way-of-the-logger",
            REFUSED,
            |draft| {
                draft.script("log/run", "exec cat");
                draft.file("log/supervise", "");
            },
            |case| case.no_instance(),
        )
        .after(|case| case.refused()),
        new(
            R::StartsDown,
            "starts-down",
            "keeps each instance down until somebody starts it",
            |draft| draft.file("down", ""),
            |case| case.starts_when_told("", "run"),
        ),
        new(
            R::StartsDown,
            "logger-starts-down",
            "keeps the logger of each instance down until somebody starts it",
            |draft| {
                draft.script("log/run", "exec cat");
                draft.script("log/finish", "");
                draft.file("log/down", "");
            },
            |case| {
                case.starts_when_told("/log", "log/run");
                // What other claims say that it does not.
                case.tell("/log", "-r");
                case.wait_for("log/finish", 1);
            },
        )
        .after(|case| case.create_ready()),
        new(
            R::InstanceNameUnused,
            "instance-name-unused",
            "all instances do the same",
            |draft| {
                let report = draft.report("is all that is said");
                draft.file("run", &format!("#!/bin/sh\n{report}\n{READY}\n"));
            },
            |case| {
                case.instances.create_ready("another");
                assert_eq!(case.count_words("is all that is said"), 2);
            },
        )
        .after(|case| case.create_ready()),
        new(
            R::SharedLogDirectory,
            "shared-log-directory",
            "from the second instance on, the logger cannot lock it and ends at once",
            |draft| draft.file("log/run", &format!("#!/bin/sh\nexec s6-log t {}\n", draft.site.inside("shared"))),
            |case| {
                let service = case.scan.site.inside(case.instances.path_of("another"));
                until("the second logger ended twice", || {
                    let deaths = case.scan.exec("s6-svdt", ["--", &format!("{service}/log")]).stdout;
                    (deaths.lines().filter(|line| line.ends_with(" 111")).count() >= 2).then_some(())
                });
                let lock = format!("{}/lock", case.scan.site.inside("shared"));
                assert!(case.output().contains(&format!("unable to lock {lock}: ")));
            },
        )
        .after(|case| {
            case.create();
            let lock = case.scan.site.path("shared/current");
            until("the first logger has its directory", || lock.exists().then_some(()));
            case.instances.create("another");
        }),
        new(
            R::NotReadableByUser,
            "user-cannot-execute",
            NEVER,
            |draft| draft.mode("run", 0o700),
            |case| {
                case.wait_for_deaths("", " 126", 2);
                assert_eq!(case.reported("run"), 0);
            },
        )
        .with(AS_USER),
        new(
            R::NotReadableByUser,
            "user-cannot-read",
            NEVER,
            |draft| draft.mode("run", 0o711),
            |case| {
                case.wait_for_deaths("", " 2", 2);
                assert_eq!(case.reported("run"), 0);
            },
        )
        .with(AS_USER),
        new(
            R::NotReadableByUser,
            "user-cannot-finish",
            NO_FINISH,
            |draft| draft.mode("finish", 0o700),
            |case| case.goes_on_without_finish(),
        )
        .with(AS_USER)
        .after(|case| case.restarted()),
        new(
            R::NotReadableByUser,
            "user-cannot-pass",
            "nothing in it can be used",
            |draft| {
                draft.file("data/words", "");
                draft.mode("data", 0o700);
                let report = draft.report("cannot");
                draft.script("run", &format!("cat data/words || {report}\n{READY}"));
            },
            |case| case.wait_for_words("cannot"),
        )
        .with(AS_USER),
        new(
            R::NotReadableByUser,
            "user-cannot-use",
            "whatever opens it in an instance fails",
            |draft| {
                draft.file("words", "");
                draft.mode("words", 0o600);
                let report = draft.report("cannot");
                draft.script("run", &format!("cat words || {report}\n{READY}"));
            },
            |case| case.wait_for_words("cannot"),
        )
        .with(AS_USER),
        new(
            R::S6RcDefinition,
            "s6-rc-definition",
            "they have no effect",
            |draft| {
                draft.file("type", "longrun\n");
                draft.file("dependencies", "nothing\n");
                draft.directory("contents.d");
                draft.file("timeout-up", "1\n");
            },
            |case| assert_eq!((case.reported("run"), case.is("up,ready").as_str()), (1, "true true")),
        )
        .after(|case| case.create_ready()),
    ]
}
