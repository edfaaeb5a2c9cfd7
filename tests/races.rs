//! Somebody changes the template, the place of the result, or the staging directory, again and again while the program works:
//! nothing leaves for elsewhere, nothing comes from elsewhere, and what succeeds is a tree that was there to be copied.

use crate::apply::names;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use s6_instance_maker::STAGING_PREFIX;
use s6_instance_maker_workspace::disk::{self, OnDisk};
use s6_instance_maker_workspace::program::{self, Answer};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::skip;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

mod refresh;

/// A way to make trouble.
struct Attack {
    label: &'static str,
    words: &'static [&'static str],
    /// Changes something, or changes it back.
    swap: fn(&World, u64) -> bool,
    aim: Aim,
}

/// A change by a rival, and the condition that must hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    /// The template, or what leads to the result: a success is one of the states at rest, and a failure leaves nothing.
    Paths,
    /// The staging directory's name: as above, but what was taken from the program may be left.
    Staging,
    /// The content of the staging directory, which is the program's own. Nothing may be written elsewhere; an entry that a rival
    /// puts into it is kept.
    Inside,
}

const PLAIN: &[&str] = &["template", "place/out"];
const WITHIN: &[&str] = &["-r", "out", "template", "place"];

const ATTACKS: &[Attack] = &[
    Attack {
        label: "a file and a link out",
        words: PLAIN,
        swap: |w, _| w.exchange("template/file", "spare/file-link"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a script and a link out",
        words: PLAIN,
        swap: |w, _| w.exchange("template/run", "spare/run-link"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a file and another",
        words: PLAIN,
        swap: |w, _| w.exchange("template/file", "spare/file"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a file and a FIFO",
        words: PLAIN,
        swap: |w, _| w.exchange("template/file", "spare/fifo"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a file and a directory",
        words: PLAIN,
        swap: |w, _| w.exchange("template/file", "spare/data"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a directory and a link out",
        words: PLAIN,
        swap: |w, _| w.exchange("template/data", "spare/data-link"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a deep directory and a link out",
        words: PLAIN,
        swap: |w, _| w.exchange("template/data/deep", "spare/deep-link"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a directory and another",
        words: PLAIN,
        swap: |w, _| w.exchange("template/data", "spare/data"),
        aim: Aim::Paths,
    },
    Attack {
        label: "the template and another",
        words: PLAIN,
        swap: |w, _| w.exchange("template", "spare/template"),
        aim: Aim::Paths,
    },
    Attack { label: "a file that grows", words: PLAIN, swap: World::grow, aim: Aim::Paths },
    Attack { label: "a file that shrinks", words: PLAIN, swap: World::shrink, aim: Aim::Paths },
    Attack {
        label: "a file that vanishes",
        words: PLAIN,
        swap: |w, _| w.move_away("template/file", "spare/away"),
        aim: Aim::Paths,
    },
    Attack {
        label: "a directory that vanishes",
        words: PLAIN,
        swap: |w, _| w.move_away("template/data", "spare/away"),
        aim: Aim::Paths,
    },
    Attack { label: "the parent and another", words: PLAIN, swap: |w, _| w.exchange("place", "spare/place"), aim: Aim::Paths },
    Attack { label: "the parent and a link", words: PLAIN, swap: World::parent_and_link, aim: Aim::Paths },
    Attack { label: "-r: DIR and another", words: WITHIN, swap: |w, _| w.exchange("place", "spare/place"), aim: Aim::Paths },
    Attack {
        label: "-r: a directory and a link out",
        words: WITHIN,
        swap: |w, _| w.exchange("template/data", "spare/data-link"),
        aim: Aim::Paths,
    },
    Attack {
        label: "staging and a link out",
        words: PLAIN,
        swap: |w, turn| w.staging("", &w.join("outside/trap"), turn),
        aim: Aim::Staging,
    },
    Attack { label: "staging and a directory", words: PLAIN, swap: |w, turn| w.staging_and_directory(turn), aim: Aim::Staging },
    Attack {
        label: "-r: staging and a link out",
        words: WITHIN,
        swap: |w, turn| w.staging("", &w.join("outside/trap"), turn),
        aim: Aim::Staging,
    },
    Attack {
        label: "in staging, a directory and a link out",
        words: PLAIN,
        swap: |w, turn| w.staging("template/data", &w.join("outside/data"), turn),
        aim: Aim::Inside,
    },
    Attack {
        label: "in staging, a FIFO and a link out",
        words: PLAIN,
        swap: |w, turn| w.staging("template/fifo", &w.join("outside/file"), turn),
        aim: Aim::Inside,
    },
    Attack {
        label: "-r: in staging, a directory and a link out",
        words: WITHIN,
        swap: |w, turn| w.staging("out/template/data", &w.join("outside/data"), turn),
        aim: Aim::Inside,
    },
];

/// The number of files in a directory: reading and copying the template take long enough to be disturbed.
const FILES: usize = 30;

/// The content of a file that grows and shrinks.
const RECORD: usize = 64;
const RECORDS: usize = 400;

fn records(count: usize) -> Vec<u8> {
    (0..count).flat_map(|number| format!("{number:0>width$}\n", width = RECORD - 1).into_bytes()).collect()
}

/// A folder: a template, spare parts to swap with, two places for results, and what nobody may read or write.
struct World {
    scratch: Scratch,
}

impl World {
    fn new() -> Self {
        let scratch = Scratch::new("races");
        for (folder, version) in [("template", "one"), ("spare/template", "two")] {
            let folder = scratch.join(folder);
            disk::file(folder.join("run"), 0o755, format!("#!/bin/sh\n# {version}\n"));
            disk::file(folder.join("file"), 0o4711, format!("file {version}"));
            disk::file(folder.join("records"), 0o644, records(RECORDS));
            disk::fifo(folder.join("fifo"), 0o1622);
            // What is made last, so that there is time to swap what is made before.
            for index in 0..30 {
                disk::file(folder.join(format!("more/{index}")), 0o644, version);
            }
            for directory in ["data", "data/deep"] {
                for index in 0..FILES {
                    disk::file(folder.join(directory).join(index.to_string()), 0o640, format!("{directory} {index} {version}"));
                }
            }
        }
        let spare = scratch.join("spare");
        disk::file(spare.join("file"), 0o4711, "file two");
        disk::fifo(spare.join("fifo"), 0o600);
        for index in 0..FILES {
            disk::file(spare.join("data").join(index.to_string()), 0o640, format!("data {index} two"));
        }
        let outside = scratch.join("outside");
        disk::file(outside.join("file"), 0o600, "a secret");
        disk::directory(outside.join("trap"), 0o700);
        for index in 0..FILES {
            disk::file(outside.join(format!("data/{index}")), 0o600, "a secret");
            disk::file(outside.join(format!("data/deep/{index}")), 0o600, "a secret");
        }
        for (link, to) in [("file-link", "file"), ("run-link", "file"), ("data-link", "data"), ("deep-link", "data/deep")] {
            symlink(outside.join(to), spare.join(link)).unwrap();
        }
        disk::directory(scratch.join("place"), 0o755);
        disk::directory(spare.join("place"), 0o755);
        Self { scratch }
    }

    fn join(&self, path: &str) -> PathBuf {
        self.scratch.join(path)
    }

    fn exchange(&self, one: &str, other: &str) -> bool {
        renameat_with(CWD, self.join(one), CWD, self.join(other), RenameFlags::EXCHANGE).unwrap();
        true
    }

    fn move_away(&self, here: &str, there: &str) -> bool {
        let (here, there) = (self.join(here), self.join(there));
        if fs::rename(&here, &there).is_err() {
            fs::rename(&there, &here).unwrap();
        }
        true
    }

    fn parent_and_link(&self, _: u64) -> bool {
        let link = self.join("spare/place-link");
        if fs::symlink_metadata(&link).is_err() && !self.join("place").is_symlink() {
            symlink(self.join("spare/place"), &link).unwrap();
        }
        self.exchange("place", "spare/place-link")
    }

    fn grow(&self, _: u64) -> bool {
        let path = self.join("template/records");
        let length = fs::metadata(&path).unwrap().len() as usize / RECORD;
        if length >= 2 * RECORDS {
            // As rename puts it: another file, at once.
            fs::write(self.join("spare/records"), records(RECORDS)).unwrap();
            fs::rename(self.join("spare/records"), &path).unwrap();
        } else {
            let record = records(length + 1).split_off(length * RECORD);
            fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(&record).unwrap();
        }
        true
    }

    fn shrink(&self, _: u64) -> bool {
        let path = self.join("template/records");
        let length = fs::metadata(&path).unwrap().len() as usize / RECORD;
        if length < 8 {
            fs::write(self.join("spare/records"), records(RECORDS)).unwrap();
            fs::rename(self.join("spare/records"), &path).unwrap();
        } else {
            fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(((length - 7) * RECORD) as u64).unwrap();
        }
        true
    }

    /// The staging directory that there is now, in `place`.
    fn staging_directory(&self) -> Option<PathBuf> {
        let names = fs::read_dir(self.join("place")).ok()?;
        let staging = |name: &OsStr| name.as_bytes().starts_with(STAGING_PREFIX.as_bytes());
        names.flatten().find(|entry| staging(&entry.file_name())).map(|entry| entry.path())
    }

    /// Swaps what is at `path` in the staging directory, itself when that is empty, with a link to `target`; mostly back, too.
    fn staging(&self, path: &str, target: &Path, turn: u64) -> bool {
        let Some(staging) = self.staging_directory() else { return false };
        let lure = self.join("spare/lure");
        if fs::symlink_metadata(&lure).is_err() {
            symlink(target, &lure).unwrap();
        }
        let victim = if path.is_empty() { staging } else { staging.join(path) };
        // It may be gone again.
        let swapped = renameat_with(CWD, &victim, CWD, &lure, RenameFlags::EXCHANGE).is_ok();
        if swapped && !turn.is_multiple_of(3) {
            pause(turn);
            let _ = renameat_with(CWD, &victim, CWD, &lure, RenameFlags::EXCHANGE);
        } else if swapped {
            let _ = fs::rename(&lure, self.join(&format!("spare/taken-{turn}")));
        }
        swapped
    }

    fn staging_and_directory(&self, turn: u64) -> bool {
        let lure = self.join("spare/lure");
        if self.staging_directory().is_some() && fs::symlink_metadata(&lure).is_err() {
            disk::file(lure.join("lure"), 0o644, "somebody else's");
        }
        self.staging("", Path::new("never made"), turn)
    }

    /// The entries beside the results, by name and path.
    fn found(&self) -> Vec<PathBuf> {
        let places = ["place", "spare/place", "spare/place-link"].map(|place| self.join(place));
        let mut found: Vec<PathBuf> = Vec::new();
        for place in places.iter().filter(|place| place.is_dir() && !place.is_symlink()) {
            found.extend(names(place).into_iter().map(|name| place.join(name)));
        }
        found
    }

    fn clear(&self) {
        for path in self.found() {
            // A link or a directory.
            if fs::remove_file(&path).is_err() {
                fs::remove_dir_all(&path).unwrap();
            }
        }
    }
}

/// Waits for nothing, a little, or longer than the program needs, as `turn` has it.
fn pause(turn: u64) {
    let random = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
    match random {
        0..6 => std::thread::yield_now(),
        6..11 => std::thread::sleep(Duration::from_micros(20)),
        11..15 => std::thread::sleep(Duration::from_micros(600)),
        _ => std::thread::sleep(Duration::from_millis(12)),
    }
}

fn attempt(world: &World, words: &[&str]) -> Answer {
    // What hangs is killed, and so reported.
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", "60"]);
    Answer::of(command.arg(program::program()).args(program::all_allowed()).args(words).current_dir(world.scratch.path()))
}

type Tree = BTreeMap<Vec<u8>, OnDisk>;

/// A result such that results which may be different are equal.
fn result(path: &Path) -> Tree {
    let mut tree = disk::read_tree(path);
    if let Some(file) = tree.get_mut(b"template/records".as_slice()) {
        let count = file.bytes.len() / RECORD;
        if file.bytes == records(count) {
            file.bytes = b"whole records".to_vec();
        }
    }
    tree
}

#[derive(Default)]
struct Counts {
    swaps: u64,
    made: u64,
    refused: u64,
}

/// Runs the program `applies` times while `attack` goes on.
fn endure(attack: &Attack, applies: u64, counts: &mut Counts) {
    let world = World::new();
    let outside = disk::read_tree(&world.join("outside"));
    // What there is to be copied, at rest.
    let mut states = Vec::new();
    for turn in 0..2 {
        assert_eq!(attempt(&world, attack.words).code, Some(0), "{}: at rest", attack.label);
        let found = world.found();
        assert_eq!(found.len(), 1, "{}: at rest there is {found:?}", attack.label);
        states.push(result(&found[0]));
        world.clear();
        if attack.aim == Aim::Paths {
            (attack.swap)(&world, turn);
        }
    }
    let stop = AtomicBool::new(false);
    // Held while something is swapped, and while results are looked at; whoever wants to look says so, since a lock is not fair.
    let (looking, still) = (AtomicBool::new(false), Mutex::new(()));
    let check = |answer: &Answer| -> Result<bool, String> {
        let differences = disk::differences(&outside, &disk::read_tree(&world.join("outside")));
        if !differences.is_empty() {
            return Err(format!("something outside was changed: {differences}"));
        }
        let found = world.found();
        let made = match answer.code {
            Some(0) => true,
            Some(111) => false,
            _ => return Err("that is no right end".to_owned()),
        };
        let told = answer.stderr.starts_with("s6-instance-maker: fatal: ") && answer.stderr.lines().count() == 1;
        if !(made || told) {
            return Err("that is no message".to_owned());
        }
        match attack.aim {
            Aim::Inside => return Ok(made),
            Aim::Paths if made && found.len() != 1 => return Err(format!("there is {found:?}")),
            Aim::Paths if !made && !found.is_empty() => return Err(format!("{found:?} was left")),
            Aim::Paths | Aim::Staging => {}
        }
        if made {
            let out = found.iter().find(|path| path.ends_with("out")).ok_or("there is no result")?;
            let is = result(out);
            if !states.contains(&is) {
                return Err(format!("it was never so:\n{}", disk::differences(&states[0], &is)));
            }
        }
        Ok(made)
    };
    let swaps = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            let mut turn = 0;
            while !stop.load(Ordering::Relaxed) {
                if looking.load(Ordering::Relaxed) {
                    std::thread::sleep(Duration::from_micros(100));
                    continue;
                }
                turn += 1;
                let swapped = {
                    let _still = still.lock().unwrap();
                    (attack.swap)(&world, turn)
                };
                swaps.fetch_add(u64::from(swapped), Ordering::Relaxed);
                if attack.aim == Aim::Paths {
                    pause(turn);
                } else if !swapped {
                    // There is nothing to swap yet; not so often that nothing else gets done.
                    std::thread::sleep(Duration::from_micros(20));
                }
            }
        });
        let mut failure = None;
        let mut run = 0;
        // What is there for a moment only may need more runs to be met at all.
        while run < applies || (swaps.load(Ordering::Relaxed) == 0 && run < 40 * applies) {
            run += 1;
            let answer = attempt(&world, attack.words);
            looking.store(true, Ordering::Relaxed);
            let _still = still.lock().unwrap();
            match check(&answer) {
                Ok(true) => counts.made += 1,
                Ok(false) => counts.refused += 1,
                Err(why) => {
                    failure = Some(format!("{}: {why}\n{answer}", attack.label));
                    break;
                }
            }
            world.clear();
            looking.store(false, Ordering::Relaxed);
        }
        // Also when something failed, or nobody would wait for the other.
        stop.store(true, Ordering::Relaxed);
        swapper.join().unwrap();
        assert!(failure.is_none(), "{}", failure.unwrap_or_default());
    });
    let swaps = swaps.into_inner();
    assert!(swaps > 0, "{}: nothing was swapped", attack.label);
    counts.swaps += swaps;
}

#[test]
fn nobody_leads_it_astray() {
    /// Runs for each attack.
    const APPLIES: u64 = 12;
    let enough = if skip::all() { 100_000 } else { 1 };
    let mut counts = Counts::default();
    while counts.swaps < enough {
        for attack in ATTACKS {
            endure(attack, APPLIES, &mut counts);
        }
    }
    let Counts { swaps, made, refused } = counts;
    skip::tell(&format!(
        "races: {} attacks, {swaps} swaps during {} runs: {made} made what was there, {refused} refused",
        ATTACKS.len(),
        made + refused
    ));
    // Where nothing succeeds, or nothing is noticed, nothing is shown.
    assert!(made >= 20 && refused >= 10, "{made} {refused}");
}

/// Whatever is opened, examined or made in the template and beside DIR is named by a single name in an open directory, without
/// following it: no path, which somebody could lead elsewhere in its middle.
#[test]
fn only_single_names_are_looked_up() {
    let world = World::new();
    disk::directory(world.join("place/deep"), 0o755);
    for (index, words) in [PLAIN, &["-r", "a/b", "-L", "/l", "template", "place"], &["--sync", "template", "place/deep/out"]]
        .into_iter()
        .enumerate()
    {
        let log = world.join(&format!("log-{index}"));
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-e", "trace=%file", "-o"]).arg(&log).arg(program::program());
        Answer::of(command.args(program::all_allowed()).args(words).current_dir(world.scratch.path())).expect_code(0);
        let log = fs::read_to_string(&log).unwrap();
        // From the last operand on: what comes before is the loader's and the C library's.
        let begin = log.rfind("AT_FDCWD").unwrap();
        let calls: Vec<&str> = log.get(begin..).unwrap().lines().skip(1).collect();
        assert!(calls.len() > 100, "{} calls: {log}", calls.len());
        for call in calls {
            // A link's text is nothing that is looked up.
            let looked_up = call.split_once("symlinkat(").map_or(call, |(_, link)| link.split_once(", ").unwrap().1);
            let names = looked_up.split('"').skip(1).step_by(2);
            // Calls that take no handle go by way of /proc to the open directory itself.
            let in_open = |name: &'_ str| match name.strip_prefix("/proc/self/fd/").and_then(|rest| rest.split_once('/')) {
                Some((_, name)) if call.contains("xattr(") => name.to_owned(),
                _ => name.to_owned(),
            };
            let bad: Vec<String> = names.map(in_open).filter(|name| name.contains('/') || *name == "..").collect();
            assert!(bad.is_empty() && !call.contains("openat2("), "{bad:?}: {call}");
        }
    }
}
