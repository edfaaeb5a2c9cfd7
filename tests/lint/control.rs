//! The files with a number or a signal in them.

use super::{found, with_file};
use s6_instance_maker_workspace::manifest::{facts, planned};

/// Returns the findings about a template with this control file.
fn found_in(name: &str, text: &str) -> Vec<String> {
    found(&[], &with_file("0755 file run", name, text.as_bytes()))
}

/// Each form of a number and of a signal that s6-supervise reads, and some that it does not.
#[test]
fn control_files_in_every_form() {
    const NUMBERS: [&str; 5] = ["notification-fd", "lock-fd", "timeout-kill", "timeout-finish", "max-death-tally"];
    const SIGNALS: [&str; 2] = ["down-signal", "reload-signal"];
    let numbers = ["3", "3\n", "003\n", "3\n4\n", "3\0\n", "3\n# three\n", "00000000003", "2147483647\n"];
    let no_numbers = [
        "",
        "\n",
        "abc",
        "-1",
        "+3",
        "0x3",
        "3.0",
        "3 \n",
        "3\t\n",
        " 3",
        "3\r\n",
        "3 # x",
        "\n3\n",
        "4294967296",
        "99999999999",
        "000000000003",
    ];
    let signals = [
        "HUP", "SIGHUP\n", "hup", "sighup", "SigHup", "HUP\nX\n", "USR1", "WINCH", "PWR", "STKFLT", "IOT", "CLD", "POLL",
        "CHLD", "KILL", "STOP", "1", "10\n", "010", "SIG10", "34", "64\n", "TERM\0",
    ];
    let no_signals = [
        "",
        "\n",
        "abc",
        "-1",
        "0",
        "65",
        "99",
        "4294967296",
        "HUP ",
        "HUP\r\n",
        " HUP",
        "\nHUP",
        "RTMIN",
        "SIGRTMIN+1",
        "EXIT",
        "SIG",
        "SIGSIGHUP",
        "000000000000001",
        "0000000000000001",
    ];
    let judge = |names: &[&str], texts: &[&str], is_valid: bool| {
        for (name, text) in names.iter().flat_map(|name| texts.iter().map(move |text| (name, text))) {
            let found = found_in(name, text);
            let told = found.iter().any(|finding| finding.contains(" control-file-invalid "));
            assert_eq!((told, found.len()), (!is_valid, usize::from(!is_valid)), "{name} {text:?}: {found:?}");
        }
    };
    judge(&NUMBERS, &numbers, true);
    judge(&NUMBERS, &no_numbers, false);
    judge(&NUMBERS[2..], &["0", "1", "4294967295\n"], true);
    judge(&NUMBERS[..2], &["0", "1", "2", "2147483648", "4294967295"], false);
    judge(&SIGNALS, &signals, true);
    judge(&SIGNALS, &no_signals, false);
    // The one that keeps every instance from starting is an error.
    for (text, level) in [("0", "error"), ("1", "warning"), ("2", "warning"), ("2147483648", "error"), ("x", "warning")] {
        let findings = found_in("notification-fd", text);
        assert_eq!(findings, [format!("{level} control-file-invalid notification-fd")], "{text}");
    }
    assert_eq!(found_in("lock-fd", "0"), ["warning control-file-invalid lock-fd"]);
    let told = planned(["template", "dir"], &facts(), &with_file("0755 file run", "lock-fd", b"0"));
    assert!(
        told.contains("contains `0`; s6-supervise of s6 2.15 and later warns, and starts each instance without a lock"),
        "{told}"
    );
    // What is no descriptor is none twice, and no lock.
    let none = with_file("0755 file run\n0644 file notification-fd = 2147483648", "lock-fd", b"2147483648");
    let invalid = ["error control-file-invalid notification-fd", "warning control-file-invalid lock-fd"];
    for options in [&[] as &[&str], &["--s6-version", "2.13"]] {
        assert_eq!(found(options, &none), invalid);
    }
}
