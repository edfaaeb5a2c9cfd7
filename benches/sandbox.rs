//! The cost of the sandbox: a plan computed in it and by the library, in one process; and whole processes in turn, for a small and a
//! large template.
//!
//! `cargo bench --bench sandbox` prints medians and ratios; nothing is judged.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout, reason = "a bench runs programs and prints")]

use s6_instance_maker::run::{NoProgress, Run};
use s6_instance_maker::{InProcess, PlanInputs, Planner};
use s6_instance_maker_core::instances::Instances;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::{Kind, Meta, Mode, Node};
use s6_instance_maker_sandbox::limits::LimitOptions;
use s6_instance_maker_sandbox::{Origin, Sandbox};
use s6_instance_maker_workspace::scratch::{Memory, Scratch};
use s6_instance_maker_workspace::{disk, manifest, program};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// The number of measurements of each, after one that is not counted.
const TURNS: usize = 31;

fn main() {
    plans();
    processes("5 files", TURNS, five_files);
    processes("10,000 files of 1 KiB", 9, |template| disk::template_of_files(template, 10_000));
}

fn plans() {
    let sandbox = Sandbox::new(Origin::BuiltIn, LimitOptions::default());
    println!("{:<24}{:>16}{:>16}{:>10}", "plan of", "library, ms", "sandbox, ms", "ratio");
    for entries in [10, 1_000, 10_000, 100_000] {
        let template = template(entries);
        let planners: [&dyn Fn(); 2] = [&|| plan(&InProcess, &template), &|| plan(&sandbox, &template)];
        let turns = if entries > 10_000 { 3 } else { TURNS };
        let [library, sandbox] = medians(turns, planners, timed);
        println!("{:<24}{:>16}{:>16}{:>10}", format!("{entries} entries"), ms(library), ms(sandbox), ratio(sandbox, library));
    }
}

fn plan(planner: &impl Planner, template: &Template) {
    let words = ["s6-instance-maker", "-c", "20", "t", "d"];
    let arguments: Vec<_> = words.iter().map(Into::into).collect();
    let request = manifest::request(words.iter().skip(1)).unwrap();
    let run = Run { interrupt: &AtomicBool::new(false), progress: &NoProgress };
    let facts = manifest::facts();
    let listed = Instances::default();
    let inputs = PlanInputs { arguments: &arguments, listed: &listed, request: &request, facts: &facts, template };
    planner.plan(&inputs, &run).unwrap();
}

fn template(entries: usize) -> Template {
    let mut template = manifest::template("0755 file run = #!/bin/sh");
    let owner = Some(manifest::facts().caller);
    let mut add = |path: String, mode, kind| {
        template.insert(TreePath::parse(path).unwrap(), Node::new(Meta { mode: Mode::new(mode), owner }, kind)).unwrap();
    };
    for index in 0..entries - 2 {
        if index % 100 == 0 {
            add(format!("data-{}", index / 100), 0o755, Kind::Directory);
        }
        add(format!("data-{}/file-{index}", index / 100), 0o644, Kind::File(Default::default()));
    }
    template
}

fn five_files(template: &Path) {
    disk::plain_template(template);
    disk::file(template.join("log/run"), 0o755, "#!/bin/sh\nexec sleep 1000 \"$1\"\n");
    for name in ["finish", "data/check"] {
        disk::file(template.join(name), 0o755, "#!/bin/sh\n");
    }
    disk::file(template.join("notification-fd"), 0o644, "3\n");
}

fn processes(what: &str, turns: usize, build: impl Fn(&Path)) {
    let scratch = Scratch::new("bench");
    let _memory = Memory::on(scratch.path());
    build(&scratch.join("template"));
    let native = program::released_program();
    let [plain, with_compiler] = program::released_sandboxed();
    let module = program::target_dir().join("wasm/s6-instance-maker.wasm");
    let module = module.to_str().unwrap();
    let programs: [(&Path, &[&str]); 4] =
        [(&native, &[]), (&plain, &[]), (&with_compiler, &[]), (&with_compiler, &["--module", module])];
    let times = medians(turns, programs, |(program, words)| {
        let mut command = Command::new(program);
        command.args(words).args(["template", "out"]).current_dir(scratch.path()).stdin(Stdio::null());
        let time = timed(|| assert!(command.status().unwrap().success(), "{command:?}"));
        std::fs::remove_dir_all(scratch.join("out")).unwrap();
        time
    });
    println!("\n{:<44}{:>14}{:>10}{:>14}", format!("whole process, {what}"), "time, ms", "ratio", "size, MB");
    let names = ["s6-instance-maker", "s6-instance-maker-sandboxed", "  with its compiler in it", "  that compiles the module"];
    for ((name, time), (program, _)) in names.into_iter().zip(times).zip(programs) {
        let size = format!("{:.1}", std::fs::metadata(program).unwrap().len() as f64 / 1e6);
        println!("{name:<44}{:>14}{:>10}{size:>14}", ms(time), ratio(time, times[0]));
    }
}

/// The median time of each, by turns, after one turn that fills the caches.
fn medians<T: Copy, const N: usize>(turns: usize, subjects: [T; N], work: impl Fn(T) -> Duration) -> [Duration; N] {
    let mut times = [(); N].map(|()| Vec::new());
    for turn in 0..=turns {
        for (subject, times) in subjects.into_iter().zip(&mut times) {
            let time = work(subject);
            if turn > 0 {
                times.push(time);
            }
        }
    }
    times.map(|mut times| {
        times.sort();
        times.get(times.len() / 2).copied().unwrap_or_default()
    })
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1e3)
}

fn ratio(time: Duration, other: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() / other.as_secs_f64())
}
