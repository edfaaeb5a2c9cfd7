//! Somebody swaps directories of a service with links that lead out of it while it is refreshed: nothing outside changes, and the
//! next refresh in peace makes everything new.

use super::pause;
use crate::refresh::{create, expect_copy, expect_new, folder, make};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use s6_instance_maker_workspace::program::maker;
use s6_instance_maker_workspace::{disk, skip};
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is swapped.
const VICTIMS: [&str; 9] = [
    "instances",
    "instances/live",
    "instances/live/conf",
    "instances/live/data",
    "instances/live/log",
    "instance",
    "template",
    "log",
    ".s6-instance-maker",
];

#[test]
fn nobody_leads_a_refresh_astray() {
    let runs = if skip::all() { 400 } else { 8 };
    let (all_swaps, mut done, mut refused) = (AtomicU64::new(0), 0, 0);
    for victim in VICTIMS {
        let scratch = folder();
        make(&scratch, &["-L", "/l", "one", "svc"]);
        for name in ["live", "other"] {
            create(&scratch, "svc", name);
        }
        disk::directory(scratch.join("svc/.s6-instance-maker"), 0o700);
        // It has all the names that a refresh might change.
        make(&scratch, &["-L", "/l", "--instance", "live", "--instance", "conf", "one", "outside"]);
        let copied = std::process::Command::new("cp").args(["-a", "one/.", "outside/"]).current_dir(scratch.path()).status();
        assert!(copied.unwrap().success());
        let outside = disk::read_tree(&scratch.join("outside"));
        let (place, lure) = (scratch.join("svc").join(victim), scratch.join("lure"));
        symlink(scratch.join("outside").join(victim.rsplit('/').next().unwrap()), &lure).unwrap();
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let swapper = scope.spawn(|| {
                let mut turn = 0;
                while !stop.load(Ordering::Relaxed) {
                    turn += 1;
                    // It may be absent for a moment.
                    let swap = || renameat_with(CWD, &place, CWD, &lure, RenameFlags::EXCHANGE).is_ok();
                    if swap() {
                        all_swaps.fetch_add(1, Ordering::Relaxed);
                        pause(turn);
                        while !swap() && !stop.load(Ordering::Relaxed) {
                            std::thread::yield_now();
                        }
                    }
                    pause(turn.wrapping_mul(31));
                }
            });
            let judged: Result<(), String> = (0..runs).try_for_each(|run| {
                let template = if run % 2 == 0 { "two" } else { "one" };
                let words = ["--refresh-instances", "--overwrite-edited", "-L", "/l", template, "svc"];
                let answer = maker(scratch.path(), words);
                match answer.code {
                    Some(0) => done += 1,
                    Some(100 | 111) if answer.stderr.starts_with("s6-instance-maker: fatal: ") => refused += 1,
                    _ => return Err(format!("{victim}: {answer}")),
                }
                let differences = disk::differences(&outside, &disk::read_tree(&scratch.join("outside")));
                if differences.is_empty() { Ok(()) } else { Err(format!("{victim}: outside: {answer}{differences}")) }
            });
            stop.store(true, Ordering::Relaxed);
            swapper.join().unwrap();
            assert_eq!(judged, Ok(()));
        });
        if place.is_symlink() {
            renameat_with(CWD, &place, CWD, &lure, RenameFlags::EXCHANGE).unwrap();
        }
        make(&scratch, &["--refresh-instances", "--overwrite-edited", "-L", "/l", "two", "svc"]);
        expect_new(&scratch, "svc", &["-L", "/l", "two"], &[]);
        for name in ["live", "other"] {
            let copy = scratch.join("svc/instances").join(name);
            // An instance that was away when the last other one became new has files that no recorded template has.
            for own in ["early", "data/first"] {
                let _ = std::fs::remove_file(copy.join(own));
            }
            expect_copy(&scratch.join("two"), &copy, &[]);
        }
        assert_eq!(disk::differences(&outside, &disk::read_tree(&scratch.join("outside"))), "", "{victim}");
    }
    skip::tell(&format!(
        "races of --refresh-instances: {} directories, {} swaps during {} runs: {done} done, {refused} refused",
        VICTIMS.len(),
        all_swaps.into_inner(),
        done + refused
    ));
    assert!(done > 5, "{done} {refused}");
}

/// Instances come and go, faster than s6 lets them: a refresh of all of them goes on.
#[test]
fn instances_that_come_and_go_do_not_stop_a_refresh() {
    let runs = if skip::all() { 300 } else { 12 };
    let scratch = folder();
    make(&scratch, &["one", "svc"]);
    for name in ["live", "other"] {
        create(&scratch, "svc", name);
    }
    let (stop, turns) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let rival = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let turn = turns.fetch_add(1, Ordering::Relaxed);
                let script = "
                    cp -a svc/template svc/instances/$0 2>/dev/null; ln -s ../instances/$0 svc/instance/$0
                    rm svc/instance/$0; rm -rf svc/instances/$0 || rm -rf svc/instances/$0";
                let name = format!("passing-{}", turn % 3);
                let ended = std::process::Command::new("sh").args(["-c", script, &name]).current_dir(scratch.path()).status();
                assert!(ended.unwrap().success());
            }
        });
        let judged: Result<(), String> = (0..runs).try_for_each(|run| {
            let template = if run % 2 == 0 { "two" } else { "one" };
            let option = if run % 3 == 0 { "--refresh" } else { "--refresh-instances" };
            let answer = maker(scratch.path(), [option, template, "svc"]);
            if answer.code == Some(0) { Ok(()) } else { Err(answer.to_string()) }
        });
        stop.store(true, Ordering::Relaxed);
        rival.join().unwrap();
        assert_eq!(judged, Ok(()));
    });
    make(&scratch, &["--refresh-instances", "two", "svc"]);
    for name in ["live", "other"] {
        expect_copy(&scratch.join("two"), &scratch.join("svc/instances").join(name), &[]);
    }
    let turns = turns.into_inner();
    skip::tell(&format!("races of --refresh-instances: {turns} instances came and went during {runs} runs, each done"));
    assert!(turns > 3, "{turns}");
}
