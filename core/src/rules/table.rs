//! The list of rules: every id of the program, once, with everything that is said of it wherever it is found.
//!
//! docs/lint.md has the same table for readers, and a test compares the two.

use super::level::Levels;

/// Declares the rules, each once: its id, its levels, what it finds, what goes wrong, and what to do.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident, $id:literal, $levels:ident, $finds:literal, $more:literal, $wrong:literal, $advice:literal;)+) => {
        /// A rule, with an id for good (docs/lint.md).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = concat!("`", $id, "`: ", $finds)] $(#[$doc])* $rule,)+
        }

        impl Rule {
            /// All of them, in the order of docs/lint.md.
            pub const ALL: [Self; [$(stringify!($rule)),+].len()] = [$(Self::$rule),+];

            /// The id, for good.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self {
                    $(Self::$rule => $id,)+
                }
            }

            /// The levels that its findings can have.
            #[must_use]
            pub const fn levels(self) -> Levels {
                match self {
                    $(Self::$rule => Levels::$levels,)+
                }
            }

            /// The problem that it finds, in a few words.
            #[must_use]
            pub const fn finds(self) -> &'static str {
                match self {
                    $(Self::$rule => $finds,)+
                }
            }

            /// Details about the problem; empty where there are none.
            #[must_use]
            pub const fn more(self) -> &'static str {
                match self {
                    $(Self::$rule => $more,)+
                }
            }

            /// The consequence.
            #[must_use]
            pub const fn wrong(self) -> &'static str {
                match self {
                    $(Self::$rule => $wrong,)+
                }
            }

            /// The advice.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self {
                    $(Self::$rule => $advice,)+
                }
            }
        }
    };
}

rules! {
    RunMissing, "run-missing", Error, "There is no `run`.", "",
        "s6-supervise retries every 10 or 60 seconds and never starts an instance.",
        "add a script called run that starts one instance; its first argument is the instance's name";
    RunNotExecutable, "run-not-executable", Error, "`run` has no x bit.", "",
        "s6-supervise retries every 10 or 60 seconds and never starts an instance.",
        "make it executable (chmod +x), or add --fix-modes";
    RunNotAFile, "run-not-a-file", Error, "`run` is a directory or a FIFO.", "",
        "s6-supervise retries every 10 or 60 seconds and never starts an instance.",
        "replace run by a script or a program, or by a link to one in the template";
    RunDangling, "run-dangling", Error, "`run` is a link that leads nowhere.", "A circle of links leads nowhere too.",
        "s6-supervise retries every 10 or 60 seconds and never starts an instance.",
        "put the target of the link into the template";
    FinishNotExecutable, "finish-not-executable", Warning, "`finish` has no x bit.", "",
        "s6-supervise continues without it when an instance ends.",
        "make it executable (chmod +x), add --fix-modes, or remove it";
    FinishNotAFile, "finish-not-a-file", Warning, "`finish` is a directory or a FIFO.", "",
        "s6-supervise continues without it when an instance ends.",
        "replace finish by a script or a program, or by a link to one in the template, or remove it";
    FinishDangling, "finish-dangling", Warning, "`finish` is a link that leads nowhere.", "A circle of links leads nowhere too.",
        "s6-supervise continues without it when an instance ends.",
        "put the target of the link into the template, or remove the link";
    LogNotADirectory, "log-not-a-directory", Error, "`log` is a file or a FIFO, or a link to one.", "",
        "s6-instance-create refuses to make an instance.",
        "replace log by a directory with a run script of its own, or remove it";
    LogRunMissing, "log-run-missing", Error, "There is `log`, but no `log/run`.", "",
        "No instance's logger starts, and an instance blocks once it has written 64 KiB.",
        "add a script called log/run that starts the logger of one instance, or remove log";
    LogRunNotExecutable, "log-run-not-executable", Error, "`log/run` has no x bit.", "",
        "No instance's logger starts, and an instance blocks once it has written 64 KiB.",
        "make it executable (chmod +x), or add --fix-modes";
    LogRunNotAFile, "log-run-not-a-file", Error, "`log/run` is a directory or a FIFO.", "",
        "No instance's logger starts, and an instance blocks once it has written 64 KiB.",
        "replace log/run by a script or a program, or by a link to one in the template";
    LogRunDangling, "log-run-dangling", Error, "`log/run` is a link that leads nowhere.", "A circle of links leads nowhere too.",
        "No instance's logger starts, and an instance blocks once it has written 64 KiB.",
        "put the target of the link into the template";
    LogFinishNotExecutable, "log-finish-not-executable", Warning, "`log/finish` has no x bit.", "",
        "s6-supervise continues without it when a logger ends.",
        "make it executable (chmod +x), add --fix-modes, or remove it";
    LogFinishNotAFile, "log-finish-not-a-file", Warning, "`log/finish` is a directory or a FIFO.", "",
        "s6-supervise continues without it when a logger ends.",
        "replace log/finish by a script or a program, or by a link to one in the template, or remove it";
    LogFinishDangling, "log-finish-dangling", Warning, "`log/finish` is a link that leads nowhere.",
        "A circle of links leads nowhere too.",
        "s6-supervise continues without it when a logger ends.",
        "put the target of the link into the template, or remove the link";
    NoInterpreterLine, "no-interpreter-line", Either, "A script without `#!` that is not a program.",
        "An error for `run` and `log/run`. s6-supervise does not try a shell, and neither does the kernel.",
        "The script does not run, as if it were not executable.",
        "begin the script with the line #!/bin/sh, or with that of another interpreter";
    InterpreterCrlf, "interpreter-crlf", Either, "An interpreter line that ends as on Windows.",
        "An error for `run` and `log/run`. The carriage return becomes a part of the interpreter's name or options.",
        "The script does not run, as if the interpreter were missing; a `finish` fails in silence.",
        "convert the script's line ends to those of Unix: sed -i 's/\\r$//'";
    BlankBeforeInterpreter, "blank-before-interpreter", Either, "A script with something before `#!`.",
        "An error for `run` and `log/run`. Blanks, empty lines and a byte order mark count.",
        "The script does not run, as if it were not executable.",
        "make #! the first two bytes: remove blanks, empty lines and byte order marks before it";
    InterpreterElsewhere, "interpreter-elsewhere", Warning, "An execlineb or s6 program in another directory.",
        "The script names execlineb as its interpreter, or runs a program of s6, by a path that is not the target's (see \
         `--installation`). `/bin`, `/sbin` and the same in `/usr` count as one directory.",
        "The script does not start where that path is missing.",
        "change the path in the script, or say where programs are: --installation, --shebang-dir, --s6-dir";
    InterpreterMissing, "interpreter-missing", Either, "An interpreter that the kernel does not find.",
        "An error for `run` and `log/run`. The line names an interpreter by a relative path, and the template has no executable file of \
         that path in the script's directory. `@BINDIR@/execlineb`, left by a build system, is such a path. Or the path does not end within the 255 bytes of the line that the \
         kernel reads.",
        "The kernel does not find the interpreter, and the script does not run.",
        "write the absolute path of the interpreter into the line, or have it in the template as an executable file (chmod +x)";
    InterpreterArguments, "interpreter-arguments", Either, "An interpreter line with several arguments.",
        "An error for `run` and `log/run`. A line passes one argument at most: all that is behind the interpreter, blanks included. \
         `env` without -S, shells, `python3` and `execlineb` do not accept it. Without a program, `env` runs the script itself in an endless \
         loop.",
        "The interpreter ends with an error, and the script does not run.",
        "pass one argument: env -S splits it, and a shell's options can be set in the script (set -eu)";
    LinkLeavesTemplate, "link-leaves-template", Either, "A link that points outside the template.",
        "An error where `run`, `log` or `log/run` pass through it. Links to `/dev`, `/proc`, `/sys` and `/run` count only where \
         s6-supervise reads or runs them.",
        "The link is copied as it is: an instance finds what exists there at that time, if anything, and `../x` from an instance \
         is not `../x` from the template.",
        "put the target into the template, or add --dereference to copy it in place of the link";
    AbsoluteLink, "absolute-link", Warning, "A link to an absolute path.",
        "Links to `/dev`, `/proc`, `/sys` and `/run` count only where s6-supervise reads or runs them. `log` itself must not be one: see \
         `link-leaves-template`.",
        "The link is copied as it is: where the instances run, the target must exist, and all of them share it.",
        "make sure that the target exists where the instances run, or add --dereference to copy it in place of the link";
    LinkDangling, "link-dangling", Either, "A link that leads nowhere.",
        "An error where `log` passes through it. A circle of links leads nowhere too.",
        "Whatever opens it in an instance fails; without `log`, no instance has a logger.",
        "put the target of the link into the template, or remove the link";
    ControlFileInvalid, "control-file-invalid", Either, "A file of s6-supervise with an invalid value.",
        "`notification-fd`, `lock-fd`, `timeout-kill`, `timeout-finish`, `max-death-tally`, `down-signal` and `reload-signal` \
         contain one number, descriptor or signal on their first line. An error where no instance starts.",
        "s6-supervise warns and continues as if the file did not exist. With a `notification-fd` of 0, or of 2147483648 and more, \
         it never starts an instance; with a signal that does not exist it sends none.",
        "write a value that s6-supervise accepts on the first line, without blanks, or remove the file";
    LockFdEqualsNotificationFd, "lock-fd-equals-notification-fd", Error, "`lock-fd` and `notification-fd` are equal.", "",
        "s6-supervise never starts an instance.",
        "give them different numbers";
    LockFdNeedsNewerS6, "lock-fd-needs-newer-s6", Error, "A `lock-fd`, and an s6 before 2.14.",
        "The version is that of `--s6-version`.",
        "s6-supervise retries every 10 or 60 seconds and never starts an instance.",
        "remove lock-fd, or use s6 2.14 or later and say so with --s6-version";
    StateLeftBehind, "state-left-behind", Warning, "`supervise` or `event` of a running service.",
        "A directory or a link, in the template or in its `log`.",
        "Nothing: it is not copied.",
        "remove it from the template: it belongs to a running service, not to the template";
    StateInTheWay, "state-in-the-way", Error, "`supervise` or `event` is a file or a FIFO.", "",
        "s6-instance-create refuses to make an instance.",
        "rename it: s6-supervise makes directories of the names supervise and event";
    LeftoverFiles, "leftover-files", Warning, "Files of editors or version control systems.",
        "`.git`, `.svn`, `.hg`, `run~`, `.run.swp`, `#run#`, `.#run`, `run.orig`, `run.rej`, `run.bak`, `run.dpkg-old`, `.DS_Store` and the \
         like, reported once with their number.",
        "Every instance gets a copy of them.",
        "remove them from the template";
    StartsDown, "starts-down", Warning, "There is a file or a directory called `down`.", "",
        "Each instance, or its logger, stays down until somebody starts it.",
        "remove it, unless each instance is to wait for s6-instance-control -u";
    InstanceNameUnused, "instance-name-unused", Warning, "A `run` that never uses its argument.",
        "Scripts of shells and of execline that use neither the argument, nor their own directory, nor anything that can do so.",
        "All instances do the same.",
        "use the instance's name, the first argument of run: $1 in a shell, and in execlineb with -S1";
    NamesParentDirectory, "names-parent-directory", Warning, "A script that names `../`.",
        "Scripts of shells and of execline. For `log/run` and `log/finish`, `../` is the instance, and `../../` counts. What is behind a `cd` \
         does not.",
        "In an instance that is the directory of all instances, not the one that the template is in: what is beside the template is \
         not there.",
        "put the file into the template, or name it by an absolute path";
    SharedLogDirectory, "shared-log-directory", Warning, "One log directory for all instances.",
        "Scripts `log/run` of shells and of execline whose s6-log, svlogd or multilog writes to the same absolute \
         directory for every instance.",
        "From the second instance on, the logger cannot lock the directory and ends at once; the instance blocks at 64 KiB.",
        "make a directory for each instance (mkdir -p DIR/$1) and log there: $1 is NAME/log in a shell, and in execlineb with -S1";
    CheckMissing, "check-missing", Warning, "s6-notifyoncheck without a `data/check`.",
        "`run` runs s6-notifyoncheck, without -c.",
        "No instance is ever ready.",
        "add an executable data/check that exits 0 when the service is ready, or say the program with s6-notifyoncheck -c";
    CheckNotExecutable, "check-not-executable", Warning, "A `data/check` that is not an executable file.",
        "`run` runs s6-notifyoncheck, without -c. What else keeps a script from running is reported of `data/check` too.",
        "No instance is ever ready.",
        "make it executable (chmod +x), or add --fix-modes";
    NotReadableByUser, "not-readable-by-user", Either, "With -u: what the user cannot run or read.",
        "An error for scripts and for directories that lead to them.",
        "A script does not run, as if it were not executable; any other file cannot be opened in an instance.",
        "give the user the right in the template (chmod, chgrp); --fix-modes makes a script executable for whoever can read it";
    OthersCanWrite, "others-can-write", Warning, "A script that others than its runner can write.",
        "A script or a directory that leads to one, in the copy, if somebody else than root and the user of -u owns it, or everybody or \
         its group can write it, unless that is the group of root or of the user. For a caller who is not root, and for the \
         `data/check` of s6-notifyoncheck, only what everybody can write counts.",
        "Whoever can write it can run anything in each instance, mostly as root.",
        "take the right away (chmod go-w), and give the file to root (chown root) where somebody else owns it";
    NotALongrun, "not-a-longrun", Warning, "`type` says oneshot or bundle.", "",
        "s6-supervise runs `run` again whenever it ends, or there is none.",
        "make a template of a longrun: a program that stays";
    S6RcDefinition, "s6-rc-definition", Warning, "Files of an s6-rc source definition.",
        "`type` with a kind of service in it, `producer-for`, `consumer-for`, `pipeline-name`, `dependencies.d`, `contents.d`, \
         `flag-essential`, `flag-recommended`, `timeout-up`, `timeout-down`.",
        "s6-rc never reads a template: they have no effect there.",
        "give the service that is made here what it needs: --depends-on, --essential, --recommended, --timeout-up, --timeout-down with -r";
    IdleLoggerOptions, "idle-logger-options", Warning, "Logger options without -L.", "",
        "They have no effect: there is no logger.",
        "add -L DIR, or remove them";
    LogFileSize, "log-file-size", Warning, "A log file size that s6-log does not use.", "",
        "s6-log rotates at 4096 bytes where -s is smaller, at 268435455 where it is larger.",
        "choose a size from 4096 to 268435455 bytes";
    NewerS6, "newer-s6", Warning, "An --s6-version newer than the newest known.", "",
        "The result is one for the newest known version, which the newer s6 probably runs as well.",
        "look for a newer s6-instance-maker";
    WritableScripts, "writable-scripts", Warning, "A umask that lets others write scripts.",
        "The supervision tree, often root, runs the generated scripts.",
        "Whoever can write them can run anything as the user of the supervision tree.",
        "use the umask 022, or one that takes away more";
    UnknownAccount, "unknown-account", Warning, "An account that does not exist here.", "",
        "Instances or loggers do not start where the account is missing; its rights are judged as anybody's.",
        "create the account where the result runs; --allow unknown-account accepts a result for another system";
    UserWritable, "user-writable", Warning, "With -u: a directory that the user can write.",
        "s6-instance-create copies the template as root, by path.",
        "While it does, the user can put a link there and have root copy another file.",
        "take the user's right to write away from it in the template";
    LinkToWrapped, "link-to-wrapped", Warning, "With -u: a link to a script that gets a wrapper.", "",
        "In the copy the link leads to the wrapper, which only root can run.",
        "point the link to a copy of the script under another name";
    SetIdDropped, "set-id-dropped", Warning, "A set-id bit that is not copied.",
        "The copy has another owner than the file in the template, or becomes executable by --fix-modes.",
        "The copy runs without the rights that the bit lends.",
        "set the bit on the copy if it is needed there, or run s6-instance-maker with the right to give the copy that owner \
         (CAP_CHOWN, and the owner's ids in its user namespace)";
    AclNotCopied, "acl-not-copied", Warning, "An access control list that is not copied.", "Reported once, with the number of entries.",
        "Accounts that only the list grants a right do not have it in the copy. The group bits of the copy are what the owning group \
         has in the list.",
        "grant the right by owner, group or mode, or set the list on the result";
    CapabilityNotCopied, "capability-not-copied", Warning, "File capabilities that are not copied.",
        "Reported once, with the number of files.",
        "The copy runs without them.",
        "set them on the result (setcap), or grant them by a program in run";
    AttributeNotCopied, "attribute-not-copied", Warning, "Extended attributes that are not copied.",
        "Reported once, with the number of entries.",
        "Whatever depends on them does not find them on the copy.",
        "set them on the result (setfattr)";
    OwnerNotGiven, "owner-not-given", Warning, "Owners that the caller cannot give away.",
        "Reported once, with the number of entries.",
        "Copies belong to the caller; set-id bits are dropped with the owner.",
        "run s6-instance-maker with the right to change owners (CAP_CHOWN), or chown the result";
    PlaceChangesRights, "place-changes-rights", Either, "A file system that decides owners or modes.",
        "Reported once for each change, with the number of entries. An error where the result would belong to the user of -u.",
        "The result has other owners or modes than planned.",
        "choose a directory on another file system";
    NoExec, "noexec", Warning, "A file system without execution.", "The directory of DIR is mounted with noexec.",
        "No script of the result runs where it is.",
        "move the result to where it runs, or choose a directory on another file system";
    EmptyUser, "empty-user", Warning, "An empty USER of -u.", "A variable without a value in a script leads to that.",
        "Instances run as root, or as whoever runs the supervision tree.",
        "name the user, or leave out -u";
    CapacityNeedsSlots, "capacity-needs-s6-2.12", Warning, "A -c without --s6-version.", "",
        "The result requires s6 2.12 or later: an older s6-svscan does not know its option and ends at once.",
        "say which s6 runs the result: --s6-version 2.11 makes one for older versions";
    EssentialDependencies, "essential-dependencies", Warning, "--essential with --depends-on.", "",
        "The repository tools of s6-rc 0.6 and later refuse a set in which an essential service depends on one that is not.",
        "mark the services that it depends on as essential too (flag-essential), or leave out --essential";
    StaticEntryIgnored, "static-entry-ignored", Warning, "With --static: a file that s6-rc does not copy.",
        "`down` and `nosetsid`, in the template or in its `log`.",
        "The file has no effect on an instance that s6-rc runs.",
        "remove it; whether an instance runs is for s6-rc to say: s6-rc -d change SERVICE@NAME";
    StaticNeedsNewerS6Rc, "static-needs-newer-s6-rc", Warning, "With --static: a file that an older s6-rc does not copy.",
        "`flag-newpidns` and `flag-timeout-killpg` before s6-rc 0.6.1, `reload-signal` before 0.7.",
        "Without a word, an older s6-rc makes service directories without it.",
        "compile the definitions with an s6-rc that copies it, or remove it";
    StaticNameTaken, "static-name-taken", Error, "With --static: an entry whose name s6-rc requires.",
        "`template`, `instance`, `instances`, `old`, `run.user` and `finish.user`, files called `supervise` or `event`, in the template or in \
         its `log`; and `data/.template`.",
        "An instance does not find it where it is in the template.",
        "rename it";
    StaticDataNotADirectory, "static-data-not-a-directory", Error, "With --static: `data` or `env` is not a directory.",
        "A link to a directory is none either: s6-rc-compile copies the link and not the directory.",
        "s6-rc-compile refuses the definition, or an instance does not find what the link leads to.",
        "make it a directory, or rename it";
    StaticLinkBreaks, "static-link-breaks", Either, "With --static: a link that leads elsewhere in an instance.",
        "An error for `run` and `log/run`. In an instance, `run` and `finish` are wrappers, `log` is a service of its own, and the control \
         files are not beside the scripts.",
        "Whatever opens the link in an instance does not find what it leads to in the template.",
        "put a copy of the target in the place of the link";
    StaticNamesParent, "static-names-parent", Warning, "With --static: a script that leaves its service directory.",
        "Scripts of shells and of execline that name a path beginning with `../`.",
        "In s6-rc, `..` is the directory of all service directories; for `log/run` it is not the service that it logs.",
        "use an absolute path, or put the file beside the script";
    StaticNameFromDirectory, "static-name-from-directory", Warning, "With --static: a name taken from a directory.",
        "Scripts of shells that take the last name of their working directory.",
        "The directory of an instance that s6-rc runs is called SERVICE@NAME.",
        "use the script's first argument, which is the name of the instance; finish gets it as the third one";
    StaticOpensDirectory, "static-opens-directory", Warning, "With --static: a template that others cannot enter.",
        "The template or its `log`, if there is `data` or `env` in it that others can enter.",
        "s6-rc-compile makes service directories of mode 0755: others can reach `data` and `env` in them.",
        "take the right to enter away from data and env themselves: chmod o-x";
    StaticUserWritable, "static-user-writable", Error, "With --static and -u: a directory that the user can write.",
        "s6-rc-compile, s6-rc-init and s6-rc-update copy the template's entries as root, by path.",
        "While one of them does, the user can put a link there and have root copy another file.",
        "take the user's right to write away from it in the template, and have run make a directory elsewhere for what it writes";
    StagingLeft, "staging-left", Warning, "Something that an earlier run left.", "",
        "It takes room beside DIR; s6-svscan and s6-rc ignore it.",
        "remove it";
    WouldBeRefused, "would-be-refused", Warning, "A plan that cannot be carried out at DIR.", "With --dry-run.",
        "The run without --dry-run fails.",
        "--diff shows what --refresh would change in an existing DIR";
    InstanceEdited, "instance-edited", Warning, "An instance whose copy of the template was edited.", "With --refresh-instances.",
        "The copy stays as it is, and the instance keeps running it.",
        "compare it with the template in DIR by hand; --overwrite-edited updates it too";
}
