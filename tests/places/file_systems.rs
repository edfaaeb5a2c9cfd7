//! File systems that decide owners, modes, names or execution.

use super::*;
use std::sync::{Mutex, PoisonError};

/// A way to mount something at `place`, and what is expected of a result there.
struct Place {
    label: &'static str,
    needs: &'static str,
    /// Mounts at `place`; exit code 99 where that is not possible here.
    mount: &'static str,
    /// Unmounts more than `place`.
    after: &'static str,
    /// Mode and owner of the script, and of a file and a directory of somebody else with set-id bits.
    script: &'static str,
    tool: &'static str,
    inner: &'static str,
    /// The warnings.
    warnings: &'static [&'static str],
}

const PLACES: &[Place] = &[
    Place {
        label: "new files belong to another user, and can be given back",
        needs: "bindfs",
        mount: "bindfs --create-for-user=1000 --create-for-group=1000 under place || exit 99",
        after: "",
        script: "f 755 0:0 run",
        tool: "f 6755 33:33 template/data/tool",
        inner: "d 2755 33:33 template/data/inner",
        warnings: &[],
    },
    Place {
        label: "all files belong to another user",
        needs: "bindfs",
        mount: "bindfs --force-user=1000 --force-group=1000 under place || exit 99",
        after: "",
        script: "f 755 1000:1000 run",
        tool: "f 755 1000:1000 template/data/tool",
        inner: "d 2755 1000:1000 template/data/inner",
        warnings: &["belong to 1000:1000 instead of 0:0", "belong to 1000:1000 instead of 33:33"],
    },
    Place {
        label: "nothing can be given away, as on a network file system that squashes root",
        needs: "bindfs",
        mount: "bindfs --create-for-user=1000 --create-for-group=1000 --chown-deny --chgrp-deny under place || exit 99",
        after: "",
        script: "f 755 1000:1000 run",
        tool: "f 755 1000:1000 template/data/tool",
        inner: "d 2755 1000:1000 template/data/inner",
        warnings: &["belong to 1000:1000 instead of 0:0", "belong to 1000:1000 instead of 33:33"],
    },
    Place {
        label: "giving away does nothing",
        needs: "bindfs",
        mount: "bindfs --chown-ignore --chgrp-ignore under place || exit 99",
        after: "",
        script: "f 755 0:0 run",
        tool: "f 755 0:0 template/data/tool",
        inner: "d 2755 0:0 template/data/inner",
        warnings: &["belong to 0:0 instead of 33:33"],
    },
    Place {
        label: "modes are the file system's",
        needs: "bindfs",
        mount: "bindfs -p 0755 under place || exit 99",
        after: "",
        script: "f 755 0:0 run",
        tool: "f 755 33:33 template/data/tool",
        inner: "d 2755 33:33 template/data/inner",
        warnings: &["where 0640 is asked for, it is 0755"],
    },
    Place {
        label: "users are the file system's, and groups can be given",
        needs: "bindfs",
        mount: "bindfs --force-user=1000 under place || exit 99",
        after: "",
        script: "f 755 1000:0 run",
        tool: "f 755 1000:33 template/data/tool",
        inner: "d 2755 1000:33 template/data/inner",
        warnings: &["belong to 1000:0 instead of 0:0", "belong to 1000:33 instead of 33:33"],
    },
    Place {
        label: "groups are the file system's, and users can be given",
        needs: "bindfs",
        mount: "bindfs --force-group=1000 under place || exit 99",
        after: "",
        script: "f 755 0:1000 run",
        tool: "f 4755 33:1000 template/data/tool",
        inner: "d 2755 33:1000 template/data/inner",
        warnings: &["belong to 0:1000 instead of 0:0", "belong to 33:1000 instead of 33:33"],
    },
    Place {
        label: "new files belong to another user, and only their group can be changed",
        needs: "bindfs",
        mount: "bindfs --create-for-user=1000 --create-for-group=1000 --chown-ignore under place || exit 99",
        after: "",
        script: "f 755 1000:0 run",
        tool: "f 755 1000:33 template/data/tool",
        inner: "d 2755 1000:33 template/data/inner",
        warnings: &["belong to 1000:0 instead of 0:0", "belong to 1000:33 instead of 33:33"],
    },
    Place {
        label: "anybody may write",
        needs: "bindfs",
        mount: "bindfs -p 0777 under place || exit 99",
        after: "",
        script: "f 777 0:0 run",
        tool: "f 777 33:33 template/data/tool",
        inner: "d 2777 33:33 template/data/inner",
        warnings: &["where 0640 is asked for, it is 0777"],
    },
    Place {
        label: "some modes are the file system's",
        needs: "bindfs",
        mount: "bindfs --perms=a+rX,u+w under place || exit 99",
        after: "",
        script: "f 755 0:0 run",
        tool: "f 755 33:33 template/data/tool",
        inner: "d 2755 33:33 template/data/inner",
        warnings: &["where 0640 is asked for, it is 0644", "where 0640 is asked for, it is 0755"],
    },
    Place {
        label: "exFAT",
        needs: "mount.exfat-fuse",
        mount: "rm -f image && truncate -s 16M image && mkfs.exfat image >/dev/null 2>&1 && loop=$(losetup -f --show image || { sleep 1; losetup -f --show image; }) \
                && mount.exfat-fuse \"$loop\" place >/dev/null 2>&1 || exit 99",
        after: "losetup -d \"$loop\"",
        script: "f 777 0:0 run",
        tool: "f 777 0:0 template/data/tool",
        inner: "d 777 0:0 template/data/inner",
        warnings: &["where 0640 is asked for, it is 0777", "belong to 0:0 instead of 33:33"],
    },
    Place {
        label: "NTFS",
        needs: "ntfs-3g",
        mount: "rm -f image && truncate -s 16M image && mkntfs -F -q image >/dev/null 2>&1 && ntfs-3g -o windows_names image place || exit 99",
        after: "",
        script: "f 777 0:0 run",
        tool: "f 777 0:0 template/data/tool",
        inner: "d 777 0:0 template/data/inner",
        warnings: &["where 0640 is asked for, it is 0777", "belong to 0:0 instead of 33:33"],
    },
    Place {
        label: "nothing can be executed",
        needs: "mount",
        mount: "mount -t tmpfs -o noexec,mode=755 none place || exit 99",
        after: "",
        script: "f 755 0:0 run",
        tool: "f 6755 33:33 template/data/tool",
        inner: "d 2755 33:33 template/data/inner",
        warnings: &["noexec: nothing can be executed"],
    },
];

/// A folder, with a file of somebody else in the template.
fn folder_with_place(label: &str) -> Scratch {
    let scratch = folder(label);
    chown(scratch.join("T/data/tool"), Some(33), Some(33)).unwrap();
    disk::chmod(scratch.join("T/data/tool"), 0o6755);
    disk::directory(scratch.join("T/data/inner"), 0o755);
    chown(scratch.join("T/data/inner"), Some(33), Some(33)).unwrap();
    disk::chmod(scratch.join("T/data/inner"), 0o2755);
    disk::chmod(scratch.join("T/data"), 0o755);
    for directory in ["place", "under"] {
        disk::directory(scratch.join(directory), 0o755);
    }
    scratch
}

/// Runs `script` with `place` mounted, in a namespace of its own.
fn mounted(scratch: &Scratch, place: &Place, script: &str) -> Answer {
    let script = format!("{}; {{ {script}; }}; code=$?; umount place; {}; exit $code", place.mount, or_true(place.after));
    let mut command = Command::new("timeout");
    command.args(["60", "unshare", "--mount"]).args(shell(&script)).current_dir(scratch.path());
    // Two that look for a free loop device at once may find the same one.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    Answer::of(&mut command)
}

const fn or_true(script: &str) -> &str {
    if script.is_empty() { "true" } else { script }
}

/// The places that can be mounted here, or a sentence for each that cannot.
fn each_place(test: &str, with: impl Fn(&Scratch, &Place)) {
    if !skip::is_root_or_say(test) {
        return;
    }
    for place in PLACES {
        if !has_or_say(place.needs, test) {
            continue;
        }
        let scratch = folder_with_place("place");
        if mounted(&scratch, place, "true").code == Some(99) {
            skip::say(test, &format!("{} cannot be mounted here ({})", place.label, place.needs));
            continue;
        }
        with(&scratch, place);
    }
}

/// Every possible result is made, every change by the file system is reported, and nothing remains.
#[test]
fn changes_by_a_file_system_are_reported() {
    each_place("places::file_systems::changes_by_a_file_system_are_reported", |scratch, place| {
        for (out, words) in
            [("place/out", "T place/out"), ("place/svc", "-r svc T place"), ("place/new/svc", "-r svc T place/new")]
        {
            let script = format!("./M {words}; code=$?; {}; echo left:; ls -A place; rm -rf {out}; (exit $code)", listing(out));
            let answer = mounted(scratch, place, &script);
            assert_eq!(answer.code, Some(0), "{}: {answer}", place.label);
            let (listed, left) = answer.stdout.split_once("left:\n").unwrap();
            // With -r, s6-rc-compile makes the script executable.
            let script = if words.starts_with('T') { place.script.to_owned() } else { place.script.replace("f 755", "f 644") };
            let script = if place.mount.contains("-p 0755") { place.script.to_owned() } else { script };
            for line in [script.as_str(), place.tool, place.inner] {
                assert!(listed.lines().any(|listed| listed == line), "{}: {line}: {answer}", place.label);
            }
            assert!(!left.contains(".s6-instance-maker"), "{}: {answer}", place.label);
            let about = warnings(&answer);
            assert_eq!(about.len(), place.warnings.len(), "{}: {answer}", place.label);
            for (about, expected) in about.iter().zip(place.warnings) {
                assert!(about.contains(expected), "{}: {expected}: {answer}", place.label);
            }
        }
        let expected = if place.warnings.is_empty() { 0 } else { 100 };
        let answer = mounted(scratch, place, "rm -rf place/*; ./M --strict T place/strict; code=$?; ls -A place; (exit $code)");
        assert_eq!(answer.code, Some(expected), "{}: {answer}", place.label);
        assert_eq!(answer.stdout.is_empty(), expected == 100, "{}: {answer}", place.label);
    });
}

/// A file system that takes a mode when an entry is made, and none later: what can be right is, and the rest is reported.
#[test]
fn modes_that_are_taken_once() {
    let test = "places::file_systems::modes_that_are_taken_once";
    if !skip::is_root_or_say(test) || !has_or_say("bindfs", test) {
        return;
    }
    let place = Place { mount: "bindfs --chmod-ignore under place || exit 99", needs: "bindfs", ..PLACES[0] };
    let scratch = folder_with_place("place");
    if mounted(&scratch, &place, "true").code == Some(99) {
        return skip::say(test, "bindfs cannot mount here");
    }
    let answer = mounted(
        &scratch,
        &place,
        &format!("./M -u 1000:1000 --allow not-readable-by-user T place/out; {}", listing("place/out")),
    );
    assert_eq!(answer.code, Some(0), "{answer}");
    for line in ["f 755 0:0 run", "f 755 33:33 template/data/tool", "d 755 33:33 template/data/inner"] {
        assert!(answer.stdout.lines().any(|listed| listed == line), "{line}: {answer}");
    }
    let about = warnings(&answer);
    let expected =
        ["where 6755 is asked for, it is 0755", "where 0755 is asked for, it is 0700", "where 2755 is asked for, it is 0755"];
    assert_eq!(about.len(), expected.len(), "{answer}");
    assert!(about.iter().zip(expected).all(|(about, expected)| about.ends_with(expected)), "{answer}");
}

/// A name that the file system does not take is said to be that, of DIR and of what is in it; nothing is left over.
#[test]
fn a_name_that_is_not_taken_is_said() {
    each_place("places::file_systems::a_name_that_is_not_taken_is_said", |scratch, place| {
        if !matches!(place.label, "exFAT" | "NTFS") {
            return;
        }
        for (words, name) in
            [("T place/a:b", "place/a:b"), ("-r x:1 T place/new", "place/new/x:1"), ("U place/out", "place/out/template/c:d")]
        {
            let script = format!("cp -a T U; :> U/c:d; ./M {words}; code=$?; ls -A place; (exit $code)");
            let answer = mounted(scratch, place, &script);
            assert_eq!((answer.code, answer.stdout.as_str()), (Some(111), ""), "{}: {answer}", place.label);
            let message =
                format!("s6-instance-maker: fatal: unable to create `{name}`: the file system does not accept that name\n");
            assert!(answer.stderr.ends_with(&message), "{}: {answer}", place.label);
        }
    });
}

/// A result in which the user of -u could change files that root runs is refused: as their owner, or since anybody can; known here or
/// not; computed here or elsewhere. No other place is refused for that.
#[test]
fn the_user_of_u_does_not_get_the_scripts() {
    each_place("places::file_systems::the_user_of_u_does_not_get_the_scripts", |scratch, place| {
        let (to_user, to_all) = (place.script.contains(" 1000:"), place.script.contains(" 777 "));
        let accounts = "--allow not-readable-by-user --allow unknown-account";
        let elsewhere = format!("./M -u 1000:1000 {accounts} --dry-run --format json T x > plan && ./M --apply-plan plan T");
        for (command, is_refused) in [
            (format!("./M -u 1000:1000 {accounts} T"), to_user || to_all),
            (elsewhere, to_user || to_all),
            (format!("./M -u nobody-knows {accounts} T"), to_all),
            (format!("./M -u 4000:4000 {accounts} T"), to_all),
        ] {
            let script = format!("{command} place/out; code=$?; ls -A place; rm -rf place/out; (exit $code)");
            let answer = mounted(scratch, place, &script);
            let expected = if is_refused { (Some(100), "") } else { (Some(0), "out\n") };
            assert_eq!((answer.code, answer.stdout.as_str()), expected, "{}: {command}: {answer}", place.label);
            let is_named = answer.stderr.contains("fatal: place-changes-rights: ");
            assert_eq!(is_named, is_refused, "{}: {command}: {answer}", place.label);
        }
    });
}

/// The leftovers of a killed run are removed by the next one, also if they belong to another account.
#[test]
fn leftovers_of_other_owners_are_removed() {
    each_place("places::file_systems::leftovers_of_other_owners_are_removed", |scratch, place| {
        // Where anybody can have put something there, it is not removed.
        if place.needs != "bindfs" || place.script.contains("777") {
            return;
        }
        let killed = "strace -qq -o /dev/null -e inject=renameat2:signal=SIGKILL ./M T place/out 2>/dev/null";
        let script = format!("{killed}; ls -A place; echo then:; ./M T place/out && ls -A place");
        let answer = mounted(scratch, place, &script);
        assert_eq!(answer.code, Some(0), "{}: {answer}", place.label);
        let (left, then) = answer.stdout.split_once("then:\n").unwrap();
        assert!(left.starts_with(".s6-instance-maker+out+") && left.lines().count() == 1, "{}: {answer}", place.label);
        assert_eq!(then, "out\n", "{}: {answer}", place.label);
    });
}
