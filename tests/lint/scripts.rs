//! Facts about a script that follow from its text.

use super::{found, with_file};
use s6_instance_maker_core::lint::lint;
use s6_instance_maker_core::request::Request;
use s6_instance_maker_core::rules::{Fault, Finding, Problem};
use s6_instance_maker_core::template::HEAD_MAX;
use s6_instance_maker_workspace::manifest::{facts, request};
use std::sync::LazyLock;

/// Parsed once for all of these scripts.
static PLAIN: LazyLock<Request> = LazyLock::new(|| request(["template", "dir"]).unwrap());
static DEBIAN: LazyLock<Request> = LazyLock::new(|| request(["--installation", "debian", "template", "dir"]).unwrap());

/// Bytes beyond the first ones can do anything; findings in the first ones are reported all the same.
#[test]
fn long_scripts() {
    let script = |first: &str, length: usize| {
        let mut text = first.as_bytes().to_vec();
        text.resize(length, b'\n');
        text
    };
    let unused = ["warning instance-name-unused run"];
    assert_eq!(found(&[], &with_file("0755 dir .", "run", &script("#!/bin/sh\nexec true\n", HEAD_MAX))), unused);
    assert_eq!(found(&[], &with_file("0755 dir .", "run", &script("#!/bin/sh\nexec true\n", HEAD_MAX + 1))), [""; 0]);
    assert_eq!(found(&[], &with_file("0755 dir .", "run", &script("#!/bin/sh\r\n", 10_000))), ["error interpreter-crlf run"]);
    let early = script("#!/bin/sh\nexec /opt/bin/s6-log $1\n", 10_000);
    let debian: &[&str] = &["--installation", "debian"];
    assert_eq!(found(debian, &with_file("0755 dir .", "run", &early)), ["warning interpreter-elsewhere run"]);
    // A name at the end of what is seen may go on.
    let mut cut = script("#!/bin/sh\n", HEAD_MAX - 1 - "/opt/bin/s6-log".len());
    cut.extend(b" /opt/bin/s6-log");
    for (end, expected) in [("ger $1\n", &[""; 0] as &[&str]), ("\n", &[""; 0]), ("", &["warning interpreter-elsewhere run"])] {
        let text = [cut.as_slice(), end.as_bytes()].concat();
        let seen: Vec<String> = found(debian, &with_file("0755 dir .", "run", &text))
            .into_iter()
            .filter(|finding| !finding.contains("unused"))
            .collect();
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
        (format!("#!{}$1", "\n".repeat(300)), Some("error no-interpreter-line run")),
        // The newline, or a blank, must be among the first 256 bytes.
        (format!("#!/{}\n$1", "x".repeat(252)), None),
        (format!("#!/{} -x\n$1", "x".repeat(252)), None),
        (format!("#!/{}\n$1", "x".repeat(253)), Some("error interpreter-missing run")),
        (format!("#!/{} -x\n$1", "x".repeat(253)), Some("error interpreter-missing run")),
        (format!("#! \t/{}\n$1", "x".repeat(250)), None),
        (format!("#! \t/{}\n$1", "x".repeat(251)), Some("error interpreter-missing run")),
    ] {
        let found = found(&[], &with_file("0755 dir .", "run", text.as_bytes()));
        assert_eq!(found.first().map(String::as_str), expected, "{text:?}");
        assert!(found.len() < 2, "{text:?}: {found:?}");
    }
}

/// What is said of a path that is too long, is not that it is relative.
#[test]
fn long_interpreters() {
    let messages = super::messages(&[], &with_file("0755 dir .", "run", format!("#!/{}\n$1", "x".repeat(260)).as_bytes()));
    assert!(messages.contains("which does not end within the 255 bytes that the kernel reads; s6-supervise"), "{messages}");
    assert!(
        messages.contains("hint: write a shorter path into the line, such as that of a link to the interpreter"),
        "{messages}"
    );
}

/// The directory that all loggers would share by this script.
fn shared(script: &str) -> Option<String> {
    let template = with_file("0755 file run\n0755 dir log", "log/run", script.as_bytes());
    let found = lint(&PLAIN, &facts(), &template);
    match found.as_slice() {
        [] => None,
        [Finding { problem: Problem::SharedLogDirectory(directory), .. }] => {
            Some(String::from_utf8(directory.clone()).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

/// The commands of a script, by the log directory that is found in them.
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
        ("define d x s6-log /l/$d", Some("/l/x")),
        ("define d x s6-log /l/${d}/y", Some("/l/x/y")),
        ("define d /l s6-log $d", Some("/l")),
        ("define d /l s6-log ${d}${d}", Some("/l/l")),
        ("define d x s6-log /l/$d/y", None),
        ("define d x s6-log /l/${d", None),
        ("define d x s6-log /l/${e}", None),
        ("define -s d \"x y\" s6-log /l/${d}", None),
        ("define d x define d y s6-log /l/${d}", None),
        ("define d $x s6-log /l/${d}", None),
        ("define -s d /l/x s6-log ${d}", Some("/l/x")),
        ("define -s d /l/x s6-log ${d}/y", Some("/l/x/y")),
        ("define a /v define b ${a}/l s6-log t ${b}", Some("/v/l")),
        ("define a ${b} define b ${a} s6-log /l/${b}", None),
        ("multisubstitute { define d /l/x } s6-log ${d}", Some("/l/x")),
        ("multisubstitute { define d /l/x importas e E } s6-log ${d}", None),
        ("multisubstitute { importas d E } s6-log /l/${d}", None),
        ("multilog t /l/x", Some("/l/x")),
        ("multilog t ./main", None),
        ("define d x importas d D s6-log /l/${d}", None),
        ("define d x s6-log /l/${d}\\$d", None),
        ("define d x foreground { define d y true } s6-log /l/${d}", None),
        ("svlogd /l/x", Some("/l/x")),
        ("svlogd -tt ./main /l/x", Some("/l/x")),
        ("svlogd -r /l/y -l 5 main", None),
        ("svlogd -ttr /l/y -- /l/x", Some("/l/x")),
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

/// Returns the program of a run script that never uses its argument, and its programs that are not where Debian has them; beside it
/// there are a file and a directory.
fn of_run(script: &str) -> (bool, Option<String>) {
    let beside = "0755 dir env\n0644 file a.conf\n0644 file notification-fd\n0755 dir log\n0755 file log/run";
    let found = lint(&DEBIAN, &facts(), &with_file(beside, "run", script.as_bytes()));
    let elsewhere = found.iter().find_map(|finding| match &finding.problem {
        Problem::Script(_, Fault::Elsewhere(program)) => Some(String::from_utf8(program.clone()).unwrap()),
        _ => None,
    });
    (found.iter().any(|finding| finding.problem == Problem::InstanceNameUnused), elsewhere)
}

/// Uses of the argument, or of anything by which instances can differ, and texts that are not.
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
        "chpst -u a -e e x",
        "awk \"{print $1}\"",
        "awk '{print}' $1",
        "x '$1'",
        "sh -c 'x $1' \"$1\"",
        "cat <<E\n# $1\nE",
        "x ${a:-./b}",
        "x ${a-c/d}",
        "x s/a/b/c",
        "x s/a",
        "x sub/a/b/",
        "x \"./a b\"",
        "if true; then for i; do x; done; fi",
        "for i\ndo x\ndone",
        "for i do x; done <<E\nE",
        "echo ./a",
        "x 80/a",
        "x a:b/c",
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
        "x ${a%/*}",
        "x ${a##*/}",
        "x \"${a%%/*}\"",
        "x ${a/b/c}",
        "sed s/a/b/",
        "sed -e 's/a b/c d/g' /etc/x",
        "sed 's,a/b,c,' /etc/x",
        "sed -n '3s|a/b|c|p' /etc/x",
        "tr y/a/b/",
        "x http://a/b",
        "x --url=https://a:443/b",
        "x a:80/b",
        "echo \"wait for it\"",
        "echo wait for it",
        "printf '%s\\n' \"from a/b on\"",
        "shifted",
        "envfile",
        "chpst -e /e x",
        "tr a/b c/d",
        "ps | awk '{print $1}'",
        "echo 'use $1'",
        "sed -n '$1p' /etc/x",
    ];
    const USED_BY_EXECLINE: &[&str] = &[
        "elgetpositionals x",
        "elgetopt a x",
        "dollarat x",
        "getcwd A x",
        "pwd",
        "shift x",
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
            ["/bin/sh", "/usr/bin/env -S A=b -i sh", "/bin/busybox sh", "/bin/toybox sh -e", "/command/with-contenv /bin/sh"]
        {
            assert!(!used(shell, script), "{script}");
        }
        assert!(used("/bin/fish", script) && used("/usr/bin/env", script) && used("/usr/bin/env fish", script), "{script}");
    }
    for script in USED_BY_EXECLINE {
        assert!(used("/bin/execlineb -P", script) && used("/bin/execlineb -S1", script), "{script}");
    }
    for script in ["importas a A x", "importas -i a A x", "multisubstitute { importas a A } x", "importas 1 A x"] {
        assert!(!used("/bin/execlineb -P", script) && !used("/bin/execlineb -S1", script), "{script}");
    }
    for script in ["importas a 1 x", "importas -iu a 1 x", "importas -D b a 2 x", "multisubstitute { importas a \"#\" } x"] {
        assert!(
            !used("/bin/execlineb -P", script) && used("/bin/execlineb", script) && used("/bin/execlineb -p", script),
            "{script}"
        );
    }
    for script in ["importas a PWD x", "importas a OLDPWD x"] {
        assert!(used("/bin/execlineb -P", script), "{script}");
    }
    for script in ["x $1", "x ${1}", "x $@", "x $#"] {
        assert!(!used("/bin/execlineb -P", script) && !used("/bin/execlineb", script), "{script}");
        assert!(!used("/bin/execlineb Ss", script), "{script}");
        for options in ["-S1", "-s1", "-WS0"] {
            assert!(used(&format!("/bin/execlineb {options}"), script), "{script}");
        }
    }
    for script in ["x a", "shifted", "eval", "fdmove -c 2 1"] {
        assert!(!used("/bin/execlineb -S1", script), "{script}");
    }
}

/// Paths of programs that are not where Debian has them.
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
