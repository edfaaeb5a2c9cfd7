//! fakeroot, pseudo and proot: an ordinary user who is shown as root.

use super::*;

const FAKEROOT: &str = "places::stand_ins::fakeroot_sees_everything";
const PSEUDO: &str = "places::stand_ins::pseudo_sees_everything";
const PROOT: &str = "places::stand_ins::proot_as_far_as_it_goes";

/// Gives parts of the template to others, as root would, and makes results of every kind from it; lists them all.
const MAKE: &str = "\
    chown -R 0:0 T && chown 33:33 T/data/file && chown 33:4 T/data/tool && chmod 6755 T/data/tool && chown 0:33 T/data && chmod 2750 T/data || exit 99
    ./M T work/plain && ./M --sync T work/flushed && ./M -u 1:1 --allow not-readable-by-user T work/user && ./M -r svc T work/new &&
    mkdir work/there && ./M -r svc T work/there && ./M -r other T work/there && ./M --dereference T work/followed";

/// The entries of every result, from the directory of the service on.
fn expected(generated_script: &str) -> String {
    format!(
        "d 755 0:0 template\nd 2750 0:33 template/data\nf 640 33:33 template/data/file\nf 6755 33:4 template/data/tool\n\
         f 755 0:0 template/run\nf {generated_script} 0:0 run\n"
    )
}

/// The lines of `listing` that `expected` has, in the order of that.
fn lines_of(listing: &str, expected: &str) -> String {
    expected.lines().filter(|line| listing.lines().any(|listed| listed == *line)).map(|line| format!("{line}\n")).collect()
}

/// A folder for an ordinary user, whose template is that user's own.
fn folder_of_nobody(label: &str) -> Scratch {
    let scratch = folder(label);
    disk::directory(scratch.join("work"), 0o755);
    for path in ["T", "T/run", "T/data", "T/data/file", "T/data/tool", "work"] {
        chown(scratch.join(path), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    disk::chmod(scratch.join("T/data"), 0o2750);
    scratch
}

/// s6's own program, with its library, where an ordinary user can run it without chroot: a line of a script that does.
fn original(scratch: &Scratch, test: &str) -> Option<String> {
    let root = Root::of(Suite::Bookworm, test)?;
    let there = scratch.join("original");
    disk::directory(&there, 0o755);
    let libraries = root.path.join("usr/lib/x86_64-linux-gnu");
    let libraries = fs::read_dir(libraries).unwrap().map(|entry| entry.unwrap().path());
    let libraries = libraries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("libs"));
    for path in libraries.chain([root.path.join("usr/bin/s6-instance-maker")]) {
        if path.file_name().unwrap().to_string_lossy().contains("skarnet") || path.ends_with("s6-instance-maker") {
            fs::copy(&path, there.join(path.file_name().unwrap())).unwrap();
        }
    }
    Some("LD_LIBRARY_PATH=original:$LD_LIBRARY_PATH original/s6-instance-maker".to_owned())
}

/// Everything that the program makes under `stand_in` is seen by it: owners and modes are those that root would have made, and
/// those of s6's own program.
fn sees_everything(stand_in: &str, test: &str) {
    if !skip::is_root_or_say(test) || !has_or_say(stand_in, test) {
        return;
    }
    let scratch = folder_of_nobody("stand-in");
    let Some(original) = original(&scratch, test) else { return };
    let results = ["plain", "flushed", "user", "new/svc", "there/svc", "there/other", "followed"];
    let lists: String =
        results.iter().map(|result| format!("echo '{result}:'; {}; ", listing(&format!("work/{result}")))).collect();
    let script = format!("{MAKE} && {original} T work/theirs && {lists} echo theirs:; {}", listing("work/theirs"));
    let answer = as_nobody(&scratch, [stand_in.to_owned()].into_iter().chain(shell(&script)));
    if answer.code == Some(99) {
        return skip::say(test, &format!("{stand_in} does not work here"));
    }
    assert_eq!(answer.code, Some(0), "{answer}");
    assert_eq!(warnings(&answer), Vec::<&str>::new(), "{answer}");
    let part = |name: &str| {
        let after = answer.stdout.split_once(&format!("{name}:\n")).unwrap_or_else(|| panic!("{name}: {answer}")).1;
        after.lines().take_while(|line| !line.ends_with(':')).map(|line| format!("{line}\n")).collect::<String>()
    };
    for result in results {
        // With -r, s6-rc-compile makes the script executable.
        let script = if result.contains('/') { "644" } else { "755" };
        let (listing, expected) = (part(result), expected(script));
        assert_eq!(lines_of(&listing, &expected), expected, "{result}:\n{listing}{answer}");
        let others = listing.lines().filter(|line| !line.contains(" 0:0 ") && !expected.contains(*line)).count();
        assert_eq!(others, 0, "{result}: what is nobody else's is root's\n{listing}");
    }
    assert_eq!(part("plain"), part("theirs"), "s6's own program made something else");
    for directory in ["work", "work/new", "work/there"] {
        assert!(staging_in(&scratch.join(directory)).is_empty(), "{directory}");
    }
    // Outside of the stand-in, all of it belongs to the user.
    let real = disk::read_tree(&scratch.join("work/plain"));
    assert!(real.values().all(|entry| entry.owner == (NOBODY, NOBODY)), "somebody gained something");
}

#[test]
fn fakeroot_sees_everything() {
    sees_everything("fakeroot", FAKEROOT);
}

#[test]
fn pseudo_sees_everything() {
    sees_everything("fakeroot-pseudo", PSEUDO);
}

/// proot shows everything as root's, whatever is given away: then the copies are the caller's, and a warning says so.
#[test]
fn proot_as_far_as_it_goes() {
    if !skip::is_root_or_say(PROOT) || !has_or_say("proot", PROOT) {
        return;
    }
    let scratch = folder("proot");
    for path in ["T/data", "T/data/file"] {
        chown(scratch.join(path), Some(33), Some(33)).unwrap();
    }
    disk::chmod(scratch.join("T/data"), 0o755);
    disk::chmod(scratch.join("T/data/file"), 0o644);
    let script = format!("./M T out && ./M -r svc T new && {}", listing("out"));
    let answer = as_nobody(&scratch, ["proot", "-0"].map(str::to_owned).into_iter().chain(shell(&script)));
    if answer.code == Some(255) || answer.stderr.contains("ptrace") {
        return skip::say(PROOT, "processes cannot be traced here");
    }
    assert_eq!(answer.code, Some(0), "{answer}");
    assert!(answer.stdout.lines().all(|line| line.contains(" 0:0 ")), "{answer}");
    assert!(answer.stdout.contains("f 755 0:0 template/run\n") && staging_in(scratch.path()).is_empty(), "{answer}");
    let about = warnings(&answer);
    assert!(about.iter().any(|warning| warning.starts_with("owner-not-given: ")), "{answer}");
}

/// A program that the stand-in does not see, as one that is linked statically, refuses; it does not make results of the wrong
/// owner.
#[test]
fn programs_that_a_stand_in_does_not_see_refuse() {
    let scratch = folder("unseen");
    disk::chmod(scratch.join("T/data"), 0o755);
    disk::chmod(scratch.join("T/data/file"), 0o644);
    let run_words = |environment: &str, words: &str| {
        let script = format!("env {environment} ./M {words}");
        if rustix::process::geteuid().is_root() {
            as_nobody(&scratch, shell(&script))
        } else {
            Answer::of(Command::new("sh").args(["-c", &script]).current_dir(scratch.path()))
        }
    };
    let run = |environment: &str| run_words(environment, "T out");
    // The library is not there, and so does nothing.
    for (environment, name) in [
        ("LD_PRELOAD=/nowhere/libfakeroot-sysv.so FAKEROOTKEY=1", "fakeroot"),
        ("LD_PRELOAD=/nowhere/libpseudo.so PSEUDO_PREFIX=/usr", "pseudo"),
    ] {
        let answer = run(environment);
        assert_eq!(answer.code, Some(111), "{answer}");
        assert!(answer.stderr.contains(&format!("fatal: {name}: active, ")) && answer.stderr.contains("hint: "), "{answer}");
        assert!(!scratch.join("out").exists(), "{answer}");
        // The hint can be followed as it stands.
        let words = answer.stderr.lines().find_map(|line| line.split_once(&format!("an archive without {name}: ")));
        let (_, words) = words.unwrap_or_else(|| panic!("{answer}"));
        let archive = run_words("", &format!("{words} T out | tar --numeric-owner -tvf -")).expect_code(0);
        assert!(archive.stdout.lines().count() > 5 && archive.stdout.lines().all(|line| line.contains(" 0/0 ")), "{archive}");
    }
    let answer = run("LD_PRELOAD=/nowhere/libpseudo.so PSEUDO_DISABLED=1");
    assert_eq!(answer.code, Some(0), "{answer}");
    fs::remove_dir_all(scratch.join("out")).unwrap();
    assert_eq!(run("FAKEROOTKEY=1").code, Some(0));
}
