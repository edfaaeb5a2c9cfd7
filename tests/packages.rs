//! Packages: built, installed on a fresh machine, used for the tutorial, and removed without a trace.
//!
//! tests/nightly builds them as the documentation says, which takes many minutes; otherwise they contain the programs under test.

use crate::docs::pages;
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use s6_instance_maker_workspace::stage::Stage;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds a package into a folder of its own, which is returned.
fn build(script: &str, test: &str) -> Option<Scratch> {
    let sandboxed = match program::sandboxed() {
        Ok(sandboxed) => sandboxed,
        Err(why) => {
            skip::did_not_run(test, why);
            return None;
        }
    };
    let scratch = Scratch::new("packages");
    let mut command = Command::new(program::workspace().join("packaging").join(script));
    command.env("DEBFULLNAME", "Somebody").env("DEBEMAIL", "somebody@example.org").env("SOURCE_DATE_EPOCH", "1700000000");
    if skip::all() {
        // Not where the programs under test are: it has other defaults.
        command.env("CARGO_TARGET_DIR", program::target_dir().join("packaging"));
    } else {
        skip::tell(&format!("{test}: with the programs under test; tests/nightly builds the release"));
        for (name, path) in [("s6-instance-maker", program::program()), ("s6-instance-maker-sandboxed", &sandboxed.plain)] {
            std::fs::copy(path, scratch.join(name)).unwrap();
        }
        command.arg(scratch.path()).env("CARGO_TARGET_DIR", scratch.path());
        command.env("S6_INSTANCE_MAKER_GUEST_WASM", program::guest().unwrap());
    }
    let answer = Answer::of(&mut command).expect_code(0);
    let folder = if skip::all() { program::target_dir().join("packaging/packages") } else { scratch.join("packages") };
    let built = scratch.join("built");
    std::fs::create_dir(&built).unwrap();
    let mut count = 0;
    for file in files(&folder) {
        std::fs::copy(&file, built.join(file.file_name().unwrap())).unwrap();
        count += 1;
    }
    assert!(count > 0, "{answer}");
    Some(scratch)
}

/// The packages in a folder, and their sums.
fn files(folder: &Path) -> Vec<PathBuf> {
    let is_package = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.ends_with(".deb") || name.ends_with(".tar.gz") || name == "SHA256SUMS"
    };
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(is_package).collect()
}

/// What there is on the machine, but for what apt and dpkg write in any case.
const LIST: &str = "list() { find / -xdev \\( -path /shared -o -path /proc -o -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/apt \
                    -o -path /var/log -o -path /var/cache \\) -prune -o -printf '%p %y %m %u %l\\n' | sort; }\n";

/// Puts what `build` made, and the examples, where a script on the machine finds it.
fn share(stage: &Stage, built: &Scratch) {
    for file in files(&built.join("built")) {
        std::fs::copy(&file, stage.shared().join(file.file_name().unwrap())).unwrap();
    }
}

#[test]
fn debian() {
    const TEST: &str = "packages::debian";
    let Some(stage) = Stage::without_programs(TEST) else { return };
    let Some(built) = build("debian", TEST) else { return };
    share(&stage, &built);
    let tutorial = std::fs::read_to_string(program::workspace().join("docs/tutorial.md")).unwrap();
    let script = format!(
        "{LIST}
        list >/shared/before
        s6-instance-maker --version 2>&1 | grep -q usage
        apt-get install -y /shared/s6-instance-maker_*.deb
        s6-instance-maker --version
        s6-instance-maker-sandboxed --version
        s6-instance-maker.s6 -h 2>&1 | grep -q usage
        gzip -dc /usr/share/man/man8/s6-instance-maker-sandboxed.8.gz | grep -q fuel
        test -s /usr/share/s6-instance-maker/s6-instance-maker.wasm
        test -s /usr/share/doc/s6-instance-maker/copyright
        # The examples of the package are templates.
        s6-instance-maker-sandboxed /usr/share/doc/s6-instance-maker/examples/getty /srv/getty
        rm -r /srv/getty
        {}
        rm -r /etc/s6 /var/log/clock
        # An upgrade of s6 obeys the diversion, and an installation of the same package changes nothing.
        apt-get install -y --reinstall /shared/s6-instance-maker_*.deb
        test -e /usr/bin/s6-instance-maker.s6
        apt-get remove -y s6-instance-maker
        s6-instance-maker --version 2>&1 | grep -q usage
        list >/shared/after
        dpkg-divert --list s6-instance-maker >/shared/diversions
        ",
        pages::plain_script(&tutorial)
    );
    let answer = stage.run(&script).expect_code(0);
    let [before, after] = ["before", "after"].map(|list| std::fs::read_to_string(stage.shared().join(list)).unwrap());
    let traces: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
    assert!(traces.is_empty() && before.lines().count() == after.lines().count(), "{answer}{traces:#?}");
    assert_eq!(std::fs::read_to_string(stage.shared().join("diversions")).unwrap(), "");
    if skip::all() {
        for default in ["--s6-version 2.13", "--installation debian"] {
            assert!(answer.stdout.contains(&format!("built-in default: {default}")), "{answer}");
        }
    }
}

/// lintian finds no error.
#[test]
fn lintian() {
    const TEST: &str = "packages::lintian";
    if !Command::new("sh").args(["-c", "command -v lintian >/dev/null"]).status().unwrap().success() {
        return skip::did_not_run(TEST, "there is no lintian");
    }
    let Some(built) = build("debian", TEST) else { return };
    let package =
        files(&built.join("built")).into_iter().find(|file| file.extension().is_some_and(|end| end == "deb")).unwrap();
    let answer = Answer::of(Command::new("lintian").args(["--allow-root", "--fail-on=error"]).arg(package)).expect_code(0);
    assert!(!answer.stdout.contains("E: "), "{answer}");
}

/// The archive is unpacked into /usr/local, used, and removed by the list that it contains.
#[test]
fn tarball() {
    const TEST: &str = "packages::tarball";
    let Some(stage) = Stage::without_programs(TEST) else { return };
    let Some(built) = build("tarball", TEST) else { return };
    share(&stage, &built);
    let unpacked = built.join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    let unpack = "tar -C \"$1\" --strip-components=1 -xzf \"$2\"/built/*.tar.gz";
    Answer::of(Command::new("sh").args(["-c", unpack, "sh"]).arg(&unpacked).arg(built.path())).expect_code(0);
    let dead = pages::dead_links(&unpacked.join("share/doc/s6-instance-maker"));
    assert!(dead.is_empty(), "{dead}");
    let page = std::fs::read_to_string(program::workspace().join("docs/how-to/install.md")).unwrap();
    let block =
        |start: &str| page.split("```sh\n").find(|block| block.starts_with(start)).unwrap().split("```").next().unwrap();
    let tutorial = std::fs::read_to_string(program::workspace().join("docs/tutorial.md")).unwrap();
    let script = format!(
        "{LIST}
        # As Debian has them where /etc/staff-group-for-usr-local is.
        chmod 2775 /usr/local/bin /usr/local/share
        list >/shared/before
        cd /shared
        {}
        cd
        test -s /usr/local/share/zsh/site-functions/_s6-instance-maker
        test \"$(command -v s6-instance-maker)\" = /usr/local/bin/s6-instance-maker
        s6-instance-maker-sandboxed --version
        {}
        rm -r /etc/s6 /var/log/clock
        {}
        cd /
        test ! -e /usr/local/share/doc/s6-instance-maker
        test ! -e /usr/local/share/s6-instance-maker
        # Directories of /usr/local stay.
        list | grep -v '^/usr/local/share/[^ ]* d ' >/shared/after
        ",
        block("sha256sum"),
        pages::plain_script(&tutorial),
        block("cd /usr/local"),
    );
    let answer = stage.run(&script).expect_code(0);
    let [before, after] = ["before", "after"].map(|list| std::fs::read_to_string(stage.shared().join(list)).unwrap());
    let traces: Vec<_> = after.lines().filter(|line| !before.contains(line)).collect();
    assert!(traces.is_empty(), "{answer}{traces:#?}");
}

/// `cargo install` from a folder with the sources. Only tests/nightly builds that.
#[test]
fn cargo_install() {
    if !skip::all() {
        return skip::tell("packages::cargo_install: tests/nightly runs it");
    }
    let scratch = Scratch::new("packages");
    let mut command = Command::new(env!("CARGO"));
    command.args(["install", "--path", "native", "--locked", "--root"]).arg(scratch.path());
    command.current_dir(program::workspace()).env("CARGO_TARGET_DIR", program::target_dir().join("packaging"));
    let _ = Answer::of(&mut command).expect_code(0);
    let answer = Answer::of(Command::new(scratch.join("bin/s6-instance-maker")).arg("--version")).expect_code(0);
    assert!(answer.stdout.starts_with("s6-instance-maker "), "{answer}");
}

/// The program for aarch64 makes what this machine's makes. tests/nightly builds the sandboxed one as well.
#[test]
fn aarch64() {
    const TEST: &str = "packages::aarch64";
    const TARGET: &str = "aarch64-unknown-linux-gnu";
    if !skip::all() {
        return skip::tell(&format!("{TEST}: tests/nightly runs it"));
    }
    let have = ["aarch64-linux-gnu-gcc", "qemu-aarch64"];
    let is_there =
        |tool: &&str| Command::new("sh").args(["-c", &format!("command -v {tool} >/dev/null")]).status().unwrap().success();
    if let Some(missing) = have.iter().find(|tool| !is_there(tool)) {
        return skip::say(TEST, &format!("there is no {missing}"));
    }
    let target = program::target_dir().join("packaging");
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(program::workspace()).args(["build", "--locked", "--target", TARGET, "--package", "s6-instance-maker"]);
    command.args(["--package", "s6-instance-maker-wasm-host", "--features", "s6-instance-maker-wasm-host/cross"]);
    command.env("CARGO_TARGET_DIR", &target).env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");
    let _ = Answer::of(&mut command).expect_code(0);
    let scratch = Scratch::new("packages");
    let examples = program::workspace().join("examples/heartbeat");
    for name in ["s6-instance-maker", "s6-instance-maker-sandboxed"] {
        let mut emulated = Command::new("qemu-aarch64");
        emulated.args(["-L", "/usr/aarch64-linux-gnu"]).arg(target.join(TARGET).join("debug").join(name));
        let _ = Answer::of(emulated.args(["-c", "20", "--s6-version", "2.13"]).arg(&examples).arg(scratch.join(name)))
            .expect_code(0);
    }
    let words = ["-c", "20", "--s6-version", "2.13", examples.to_str().unwrap(), "here"];
    let _ = program::maker(scratch.path(), words).expect_code(0);
    let here = disk::read_tree(&scratch.join("here"));
    for name in ["s6-instance-maker", "s6-instance-maker-sandboxed"] {
        let differences = disk::differences(&here, &disk::read_tree(&scratch.join(name)));
        assert!(differences.is_empty() && here.len() > 8, "{name}: {differences}");
    }
}

/// The published crates build from what they contain: the host's has the module. Only tests/nightly builds them.
#[test]
fn crates() {
    if !skip::all() {
        return skip::tell("packages::crates: tests/nightly runs it");
    }
    let mut command = Command::new(program::workspace().join("packaging/crates"));
    let answer = Answer::of(command.arg("--dry-run").env("CARGO_TARGET_DIR", program::target_dir().join("packaging")));
    let answer = answer.expect_code(0);
    // That nothing was uploaded; that the crates name no address, as they have none; and the size and sum of the module.
    let known = [
        "warning: aborting upload due to dry run",
        "warning: manifest has no documentation, homepage or repository",
        "warning: s6-instance-maker-wasm-host@",
    ];
    let is_known = |line: &&str| known.iter().any(|known| line.starts_with(known));
    let others: Vec<_> = answer.stderr.lines().filter(|line| line.starts_with("warning: ") && !is_known(line)).collect();
    assert!(others.is_empty(), "{answer}");
}
