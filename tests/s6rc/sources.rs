//! Source directories for s6-rc, right and wrong, with what s6-rc-compile was seen to make of each: the model is compared with this
//! table, and where there is an s6-rc-compile, both are compared with it.

use crate::disk::OnDisk;
use crate::s6rc_model::Tree;

/// A source directory, and what becomes of it.
#[derive(Debug)]
pub struct Source {
    /// The expected answer.
    pub label: &'static str,
    /// The entries in it.
    pub tree: Tree,
    /// The exit code and a part of the message, where it is refused.
    pub refused: Option<(i32, &'static str)>,
}

impl Source {
    fn new(label: &'static str) -> Self {
        let tree = Tree::from([(Vec::new(), entry("dir", 0o755, b""))]);
        Self { label, tree, refused: None }
    }

    /// An entry, and the directories that lead to it.
    fn entry(mut self, path: &str, entry: OnDisk) -> Self {
        for (end, _) in path.match_indices('/') {
            let directory = path.get(..end).unwrap_or_default();
            self.tree.entry(directory.into()).or_insert_with(|| self::entry("dir", 0o755, b""));
        }
        self.tree.insert(path.into(), entry);
        self
    }

    fn file(self, path: &str, text: &str) -> Self {
        self.entry(path, entry("file", 0o644, text.as_bytes()))
    }

    fn directory(self, path: &str) -> Self {
        self.entry(path, entry("dir", 0o755, b""))
    }

    fn link(self, path: &str, target: &str) -> Self {
        self.entry(path, entry("link", 0o777, target.as_bytes()))
    }

    /// A longrun that s6-rc-compile accepts.
    fn longrun(self, name: &str) -> Self {
        self.file(&format!("{name}/type"), "longrun\n").file(&format!("{name}/run"), "#!/bin/sh\n")
    }

    fn refused(mut self, code: i32, message: &'static str) -> Self {
        self.refused = Some((code, message));
        self
    }
}

fn entry(kind: &'static str, mode: u32, bytes: &[u8]) -> OnDisk {
    OnDisk { kind, mode, owner: (0, 0), bytes: bytes.to_vec() }
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Source> {
    [names(), types(), longruns(), copies(), pipelines(), dependencies(), bundles()].into_iter().flatten().collect()
}

fn svc(label: &'static str) -> Source {
    Source::new(label).longrun("svc")
}

/// A service and its logger.
#[must_use]
pub fn logged(service: &str, logger: &str) -> Source {
    pair("a pipeline", service, logger)
}

fn pair(label: &'static str, service: &str, logger: &str) -> Source {
    Source::new(label)
        .longrun(service)
        .longrun(logger)
        .file(&format!("{service}/producer-for"), &format!("{logger}\n"))
        .file(&format!("{logger}/consumer-for"), &format!("{service}\n"))
}

fn names() -> Vec<Source> {
    let reserved = "starts with reserved prefix";
    vec![
        svc("a longrun"),
        svc("what begins with a dot is passed over").directory(".hidden").file(".hidden/type", "nonsense"),
        svc("plain files are passed over").file("README", "text"),
        Source::new("a directory that a link leads to").longrun(".store/svc").link("svc", ".store/svc"),
        Source::new("odd names")
            .longrun("-a \"b\"")
            .longrun("caf\u{e9}$1")
            .longrun(" b")
            .longrun("#c")
            .longrun("s6rc")
            .longrun("d\r"),
        Source::new("a reserved name").longrun("s6rc-x").refused(1, reserved),
        Source::new("the other reserved name").longrun("s6-rc-x").refused(1, reserved),
        svc("a plain file with a reserved name").file("s6rc-x", "").refused(1, reserved),
        Source::new("a newline in a name").longrun("a\nb").refused(1, "contains a newline character"),
        svc("a link to nothing").link("other", "nowhere").refused(111, "unable to stat"),
    ]
}

fn types() -> Vec<Source> {
    let one_of = "must be oneshot, longrun, or bundle";
    vec![
        svc("no newline behind the type").file("svc/type", "longrun"),
        svc("two newlines behind the type").file("svc/type", "longrun\n\n"),
        Source::new("no type").file("svc/run", "#!/bin/sh\n").refused(111, "unable to read"),
        svc("a directory without a type beside it").directory("other").refused(111, "unable to read"),
        svc("an empty type").file("svc/type", "").refused(1, one_of),
        svc("an unknown type").file("svc/type", "service\n").refused(1, one_of),
        svc("a blank behind the type").file("svc/type", "longrun \n").refused(1, one_of),
        svc("two newlines behind a short type").file("svc/type", "bundle\n\n").directory("svc/contents.d").refused(1, one_of),
        Source::new("the type is a directory").directory("svc/type").file("svc/run", "").refused(111, "unable to read"),
        Source::new("a oneshot").file("svc/type", "oneshot\n").file("svc/up", "true\n").file("svc/down", "true\n"),
        Source::new("a oneshot without up").file("svc/type", "oneshot\n").refused(111, "unable to open"),
    ]
}

fn longruns() -> Vec<Source> {
    let irregular = "is not a regular file";
    let number = "unable to read";
    let rows = [
        Source::new("no run script").file("svc/type", "longrun\n").refused(1, "unable to find a run script in"),
        svc("run is a link to nothing").link("svc/run", "nowhere").refused(1, "unable to find a run script in"),
        svc("run is a link to a file").link("svc/run", "file").file("svc/file", "#!/bin/sh\n"),
        Source::new("run is a directory").file("svc/type", "longrun\n").directory("svc/run").refused(1, irregular),
        svc("run is a FIFO").entry("svc/run", entry("fifo", 0o644, b"")).refused(1, irregular),
        svc("a finish script").file("svc/finish", "#!/bin/sh\n"),
        svc("finish is a link to nothing").link("svc/finish", "nowhere"),
        svc("finish is a directory").directory("svc/finish").refused(111, "unable to copy"),
        svc("numbers")
            .file("svc/notification-fd", "003\n")
            .file("svc/lock-fd", "4")
            .file("svc/timeout-kill", "0\n")
            .file("svc/timeout-finish", "5000\nand a rest\n")
            .file("svc/max-death-tally", "4294967295\n"),
        svc("a number of more bytes than are read").file("svc/timeout-kill", "000000000000042\n"),
        svc("a blank behind a number").file("svc/notification-fd", "3 \n").refused(111, number),
        svc("an empty number").file("svc/timeout-kill", "").refused(111, number),
        svc("a number that is too large").file("svc/timeout-finish", "4294967296\n").refused(111, number),
        svc("a number that is a directory").directory("svc/max-death-tally").refused(111, number),
        svc("one descriptor for two things")
            .file("svc/notification-fd", "3\n")
            .file("svc/lock-fd", "3\n")
            .refused(1, "has the same value for notification-fd and lock-fd"),
        svc("one standard descriptor for two things").file("svc/notification-fd", "2\n").file("svc/lock-fd", "2\n"),
        svc("timeouts of s6-rc").file("svc/timeout-up", "007\n\n").file("svc/timeout-down", "4294967295"),
        svc("an empty timeout").file("svc/timeout-up", "\n").refused(1, "invalid"),
        svc("a timeout with a unit").file("svc/timeout-up", "5s\n").refused(1, "invalid"),
        svc("a timeout that is too large").file("svc/timeout-down", "4294967296\n").refused(1, "invalid"),
        svc("signals and flags")
            .file("svc/down-signal", "SIGINT\n")
            .file("svc/reload-signal", "SIGHUP\n")
            .file("svc/flag-newpidns", "text")
            .file("svc/flag-timeout-killpg", "")
            .file("svc/flag-essential", "")
            .file("svc/flag-recommended", ""),
        svc("what is passed over")
            .file("svc/down", "")
            .file("svc/nosetsid", "")
            .file("svc/run.user", "")
            .file("svc/conf", "text")
            .directory("svc/log")
            .file("svc/log/run", "#!/bin/sh\n")
            .directory("svc/instance")
            .file("svc/instances/a/run", ""),
    ];
    rows.into()
}

fn copies() -> Vec<Source> {
    let a_directory = "is not a directory";
    vec![
        svc("a template").directory("svc/template").file("svc/template/run", "#!/bin/sh\n").directory("svc/template/log"),
        svc("data and env as they are")
            .entry("svc/data", entry("dir", 0o2750, b""))
            .entry("svc/data/tool", entry("file", 0o4711, b"bytes"))
            .link("svc/data/link", "../nowhere")
            .entry("svc/data/pipe", entry("fifo", 0o620, b""))
            .entry("svc/data/shared", entry("dir", 0o1777, b""))
            .entry("svc/env/SECRET", entry("file", 0o400, b"value")),
        svc("data is a link").link("svc/data", "conf").file("svc/conf/file", "text"),
        svc("the template is a link").link("svc/template", "data/t").file("svc/data/t/run", "#!/bin/sh\n"),
        svc("the template is a link to nothing").link("svc/template", "nowhere"),
        svc("the template is a file").file("svc/template", "").refused(1, a_directory),
        svc("data is a file").file("svc/data", "").refused(1, a_directory),
        svc("env is a link to a file").link("svc/env", "run").refused(1, a_directory),
    ]
}

fn pipelines() -> Vec<Source> {
    let one_service = "should only contain one service name";
    let back = "that does not declare it back";
    let piped = |label, name: &str| pair(label, "svc", "log").file("log/pipeline-name", name);
    vec![
        pair("a pipeline", "svc", "log"),
        piped("a pipeline with a name", "pipe\n").file("svc/finish", "#!/bin/sh\n"),
        piped("blanks and comments in a list", "# a comment\n\n \t pipe\n"),
        piped("a dot before a pipeline's name", ".pipe\n"),
        piped("a pipeline's name that no file could have", &"n".repeat(1000)),
        pair("odd names in a pipeline", "-a \"b\"", "caf\u{e9} \\").file("caf\u{e9} \\/pipeline-name", "pipe line \n"),
        pair("two producers", "svc", "log")
            .longrun("two")
            .file("two/producer-for", "log\n")
            .file("log/consumer-for", "svc\ntwo\n"),
        pair("three in a row", "svc", "log")
            .file("log/producer-for", "last\n")
            .longrun("last")
            .file("last/consumer-for", "log\n")
            .file("last/pipeline-name", "pipe\n"),
        pair("a pipeline's name in the middle is passed over", "svc", "log").file("svc/pipeline-name", "pipe\n"),
        svc("a consumer of nothing").file("svc/consumer-for", "\n").file("svc/pipeline-name", "pipe\n"),
        pair("a blank before a listed name", " svc", "log").refused(1, "declares"),
        pair("a comment for a listed name", "svc", "#log").refused(1, one_service),
        svc("a producer for nothing").file("svc/producer-for", "# nothing\n").refused(1, one_service),
        pair("a producer for two", "svc", "log").longrun("two").file("svc/producer-for", "log\ntwo\n").refused(1, one_service),
        svc("an unknown consumer").file("svc/producer-for", "log\n").refused(1, "declares being a producer for"),
        svc("an unknown producer").file("svc/consumer-for", "other\n").refused(1, "declares"),
        svc("a consumer that knows nothing of it").longrun("log").file("svc/producer-for", "log\n").refused(1, back),
        svc("a producer that knows nothing of it").longrun("log").file("log/consumer-for", "svc\n").refused(1, back),
        svc("a oneshot as consumer")
            .file("svc/producer-for", "log\n")
            .file("log/type", "oneshot\n")
            .file("log/up", "true\n")
            .refused(1, "declares being a producer for"),
        piped("two names for a pipeline", "pipe\nline\n").refused(1, "should only contain one name"),
        piped("no name for a pipeline", "").refused(1, "should only contain one name"),
        piped("a pipeline called as its service", "svc\n").refused(1, "duplicate service definition"),
        piped("a pipeline called as its logger", "log\n").refused(1, "duplicate service definition"),
        piped("a pipeline called as another bundle", "all\n")
            .file("all/type", "bundle\n")
            .directory("all/contents.d")
            .refused(1, "duplicate service definition"),
        piped("a pipeline with a reserved name", "s6rc-pipe\n").refused(1, "starts with reserved prefix"),
        piped("a pipeline that others depend on", "pipe\n").longrun("other").file("other/dependencies.d/pipe", ""),
    ]
}

fn dependencies() -> Vec<Source> {
    let cycle = "cyclic service dependency";
    let undefined = "undefined service name";
    let long = "n".repeat(255);
    vec![
        svc("a dependency").longrun("net").file("svc/dependencies.d/net", ""),
        svc("a dependency with a dot is passed over").file("svc/dependencies.d/.net", ""),
        svc("a long dependency")
            .file(&format!("{long}/type"), "oneshot\n")
            .file(&format!("{long}/up"), "true\n")
            .file(&format!("svc/dependencies.d/{long}"), ""),
        svc("odd dependencies").longrun("#a").longrun(" b").file("svc/dependencies.d/#a", "").file("svc/dependencies.d/ b", ""),
        svc("dependencies in a file").longrun("net").file("svc/dependencies", "net\nnet\n"),
        svc("a directory of dependencies counts before a file")
            .directory("svc/dependencies.d")
            .file("svc/dependencies", "nowhere\n"),
        svc("a dependency on the consumer")
            .longrun("log")
            .file("svc/producer-for", "log")
            .file("log/consumer-for", "svc")
            .file("svc/dependencies.d/log", ""),
        svc("an unknown dependency").file("svc/dependencies.d/net", "").refused(1, undefined),
        svc("a reserved dependency").file("svc/dependencies.d/s6rc-fdholder", "").refused(1, "starts with reserved prefix"),
        svc("a service that depends on itself").file("svc/dependencies.d/svc", "").refused(1, cycle),
        svc("two that depend on each other")
            .longrun("net")
            .file("svc/dependencies.d/net", "")
            .file("net/dependencies.d/svc", "")
            .refused(1, cycle),
        pair("a logger that depends on its service", "svc", "log").file("log/dependencies.d/svc", "").refused(1, cycle),
        pair("a service that depends on its pipeline", "svc", "log")
            .file("log/pipeline-name", "pipe\n")
            .file("svc/dependencies.d/pipe", "")
            .refused(1, cycle),
        svc("a file for the directory of dependencies").file("svc/dependencies.d", "").refused(111, "unable to opendir"),
    ]
}

fn bundles() -> Vec<Source> {
    let bundle = |label| svc(label).file("all/type", "bundle\n");
    vec![
        bundle("a bundle").file("all/contents.d/svc", ""),
        bundle("an empty bundle").directory("all/contents.d"),
        bundle("a bundle by a file").file("all/contents", " svc\n# other\n"),
        bundle("a bundle in a bundle")
            .file("all/contents.d/some", "")
            .file("some/type", "bundle\n")
            .file("some/contents.d/svc", "")
            .file("svc/flag-essential", ""),
        bundle("an empty bundle that others depend on").directory("all/contents.d").file("svc/dependencies.d/all", ""),
        bundle("a bundle without contents").refused(111, "unable to open"),
        bundle("an unknown service in a bundle").file("all/contents.d/other", "").refused(1, "undefined service name"),
        bundle("a bundle in itself").file("all/contents.d/all", "").refused(1, "cyclic bundle definition"),
        bundle("two bundles in each other")
            .file("all/contents.d/some", "")
            .file("some/type", "bundle\n")
            .file("some/contents.d/all", "")
            .refused(1, "cyclic bundle definition"),
    ]
}
