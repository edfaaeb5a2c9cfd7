//! Modules that are costly to compile: refused before they are compiled, or compiled in little time and memory.

use super::{ask, module};
use s6_instance_maker_sandbox::limits::LimitOptions;
use s6_instance_maker_sandbox::{Origin, Sandbox, SandboxError};
use s6_instance_maker_workspace::program::{self, Answer, Sandboxed};
use s6_instance_maker_workspace::scratch::Scratch;
use s6_instance_maker_workspace::{disk, skip};
use std::fs;
use std::process::Command;
use std::time::Instant;

/// A module that does nothing, with more in it.
fn with(more: &str) -> String {
    format!("(module {more} (memory (export \"memory\") 1) (func (export \"_start\")))")
}

/// A module with `count` functions of one type and one body.
fn functions(count: usize, signature: &str, body: &str) -> String {
    with(&format!("(table 4 funcref) {}", format!("(func {signature} {body})").repeat(count)))
}

/// Parameters or variables of an i32 each.
fn i32s(kind: &str, count: usize) -> String {
    format!("({kind} {})", "i32 ".repeat(count))
}

fn nested(kind: &str, levels: usize) -> String {
    kind.repeat(levels) + &"end ".repeat(levels)
}

/// The name of what a module has too much of.
fn excess(text: &str) -> Option<String> {
    let sandbox = Sandbox::new(Origin::Bytes(module(text)), LimitOptions::default());
    match ask(&sandbox, &[], Vec::new()) {
        Ok(output) => {
            assert_eq!(output, b"");
            None
        }
        // The run has a limit of its own.
        Err(SandboxError::SetUp(_)) => None,
        Err(error @ SandboxError::TooComplex { .. }) => {
            let message = error.to_string();
            let excess = message.strip_prefix("the module is refused: it has more than ").unwrap();
            Some(excess.strip_suffix("; larger modules are not compiled").unwrap().to_owned())
        }
        Err(error) => panic!("{error}"),
    }
}

/// The maximum of each quantity is compiled, and one more is not. The start function counts as well.
#[test]
fn each_quantity_has_a_limit() {
    let imports = |count: usize| {
        let import = "(import \"wasi_snapshot_preview1\" \"proc_exit\" (func (param i32)))";
        format!("(module {} (memory (export \"memory\") 1) (func (export \"_start\")))", import.repeat(count))
    };
    let types = |count: usize| {
        let of = |number: usize| (0..10).map(|bit| if number >> bit & 1 == 0 { " i32" } else { " i64" }).collect::<String>();
        with(&(0..count).map(|number| format!("(type (func (param{})))", of(number))).collect::<String>())
    };
    let exports = |count: usize| with(&(0..count).map(|number| format!("(export \"{number}\" (func 0))")).collect::<String>());
    let tables = |count: usize| with(&"(table 1 funcref)".repeat(count));
    let straight = |length: usize| functions(1, "", &"nop ".repeat(length));
    let many = |count: usize| functions(count, "", &"nop ".repeat(8191));
    let pairs = |loads: usize| functions(4, "", &"(drop (i32.load (i32.const 0)))".repeat(loads));
    let variables = |count: usize| {
        let code = "(if (local.get 0) (then (nop)))".repeat(1000);
        functions(count, &i32s("local", 253), &code)
    };
    let elements = |count: usize| with(&format!("(table {count} funcref) (elem (i32.const 0) func{})", " 0".repeat(count)));
    type Text<'a> = &'a dyn Fn(usize) -> String;
    let quantities: [(Text<'_>, usize, &str); 17] = [
        (&imports, 64, "64 imports"),
        // With that of the start function.
        (&types, 255, "256 types"),
        (&|count| functions(count, "", ""), 4095, "4096 functions"),
        (&tables, 4, "4 tables"),
        (&|count| with(&"(memory 1)".repeat(count)), 3, "4 memories"),
        (&|count| with(&"(global i32 (i32.const 0))".repeat(count)), 1024, "1024 globals"),
        (&exports, 1022, "1024 exports"),
        (&elements, 16_383, "16384 elements of tables"),
        (&|count| with(&"(data (i32.const 0) \"\")".repeat(count)), 4096, "4096 segments of data"),
        // 8,192 each, with their ends, and the start function's.
        (&many, 95, "786432 instructions"),
        (&pairs, 8192, "268435456 pairs of branches in the same function"),
        // 262 variables and 1,000 branches each.
        (&variables, 32, "8388608 pairs of a branch and a local variable in the same function"),
        (&|count| functions(1, &i32s("param", count), ""), 32, "32 parameters of one function"),
        (&|count| functions(1, &i32s("local", count), ""), 256, "256 local variables of one function"),
        (&straight, 32_767, "32768 instructions of one function"),
        (&|levels| functions(1, "", &nested("block ", levels)), 512, "512 nested blocks"),
        (&|levels| functions(1, "", &nested("loop ", levels)), 32, "32 nested loops"),
    ];
    for (text, max, noun) in quantities {
        let refused_otherwise = noun.contains("tables") && max == 4 || noun.contains("memories");
        if !refused_otherwise {
            assert_eq!(excess(&text(max)), None, "{max}: {noun}");
        }
        assert_eq!(excess(&text(max + 1)).as_deref(), Some(noun), "{}", max + 1);
    }
}

/// A table of a `br_table` counts with its length, so that the limits cannot be evaded by it.
#[test]
fn targets_of_branch_tables_count() {
    let table = |targets: usize| format!("(block (br_table {}0 (local.get 0)))", "0 ".repeat(targets));
    let text = |targets| functions(1, &i32s("param", 1), &table(targets));
    assert_eq!(excess(&text(16_000)), None);
    assert_eq!(excess(&text(17_000)).as_deref(), Some("268435456 pairs of branches in the same function"));
    assert_eq!(excess(&text(50_000)).as_deref(), Some("32768 instructions of one function"));
}

/// Modules within the limits, each as costly as was found: compiled in 400 MB of address space, and in so much time that only
/// something that grows without bound is noticed.
#[test]
fn accepted_modules_are_compiled_soon() {
    let test = "wasm::complexity::accepted_modules_are_compiled_soon";
    let Ok(Sandboxed { with_compiler, .. }) = program::sandboxed().map_err(|why| skip::did_not_run(test, why)) else { return };
    let scratch = Scratch::new("wasm");
    disk::plain_template(scratch.join("template"));
    let numbered = |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<String>();
    let exported = with(&numbered(1022, &|number| format!("(func (export \"{number}\"))")));
    let loads = |count: usize| {
        numbered(count, &|number| format!("(local.set {} (i32.load (local.get {})))", number * 7 % 50, number % 50))
    };
    let loops = nested_loops(32, 250);
    let diamond = "(if (local.get 0) (then (i32.store (i32.const 0) (i32.const 0))))";
    let live = numbered(256, &|number| format!("(local.set {number} (i32.load (i32.const {})))", 4 * number));
    let dead = numbered(256, &|number| format!("(i32.store (i32.const {}) (local.get {number}))", 4 * number));
    let switch = |targets: usize| {
        let labels = numbered(targets, &|number| format!("{} ", 1 + number % 100));
        format!(
            "(if (local.get 0) (then (local.set 1 (i32.add (local.get 1) (i32.const 3))) (br_table {labels}1 (local.get 0))))"
        )
    };
    let switches = format!(
        "{live}{}{}{}{dead}",
        "block ".repeat(100),
        switch(100).repeat(5),
        "(local.set 0 (local.get 1)) end ".repeat(100)
    );
    // Of many functions that are alike, a share is enough every day.
    let share = if skip::all() { 1 } else { 8 };
    let mut costs = String::new();
    for (name, text) in [
        ("empty functions", functions(4095, "", "")),
        ("exported functions", exported),
        ("loads in one function", functions(1, &i32s("local", 50), &loads(10_600))),
        ("loads in many functions", functions(250 / share, &i32s("local", 50), &loads(500))),
        ("divisions", functions(1, &i32s("local", 1), &"(local.set 0 (i32.div_s (i32.const 7) (local.get 0)))".repeat(8000))),
        ("indirect calls in one function", functions(1, "", &"(call_indirect (i32.const 0))".repeat(2000))),
        ("indirect calls in many functions", functions(1000 / share, "", &"(call_indirect (i32.const 0))".repeat(60))),
        ("loops in one function", functions(1, &i32s("local", 1), &"(loop (br_if 0 (local.get 0)))".repeat(4000))),
        ("nested loops", functions(200 / share, &i32s("local", 250), &loops)),
        ("live values", functions(6, &i32s("local", 256), &format!("{live}{}{dead}", diamond.repeat(2000)))),
        ("switches", functions(6, &i32s("local", 256), &switches)),
        ("rotations", rotations(24 / share)),
        ("quotients of quotients", functions(1, &i32s("param", 1), &quotients(8000))),
        ("parameters", functions(4000, &i32s("param", 32), &"(drop (local.get 31))".repeat(90))),
        ("variables", functions(3800, &i32s("local", 256), "")),
    ] {
        fs::write(scratch.join("nasty.wasm"), module(&text)).unwrap();
        let limited = "ulimit -v 400000; exec timeout --signal=KILL 300 \"$0\" --module nasty.wasm template out";
        let begun = Instant::now();
        let answer = Answer::of(Command::new("sh").args(["-c", limited]).arg(with_compiler).current_dir(scratch.path()));
        // It was compiled, and run.
        assert!(answer.stderr.contains("the module's output: not a plan"), "{name}: {answer}");
        costs += &format!("{name} {:.1} s, ", begun.elapsed().as_secs_f32());
    }
    skip::tell(&format!("modules that are costly to compile: {costs}each in 400 MB, with 1/{share} of the functions"));
}

/// Rotations of the result of a rotation, in many functions.
fn rotations(count: usize) -> String {
    functions(count, &i32s("param", 1), &format!("local.get 0 {} drop", "local.get 0 i32.rotl ".repeat(3600)))
}

/// A quotient by a quotient by a quotient.
fn quotients(count: usize) -> String {
    format!("{} {} drop", "local.get 0 ".repeat(count + 1), "i32.div_s ".repeat(count))
}

/// Loops within loops, with variables that change in the innermost.
fn nested_loops(levels: usize, variables: usize) -> String {
    let change = |number| format!("(local.set {number} (i32.add (local.get {number}) (i32.const 1)))");
    let changes: String = (0..variables).map(change).collect();
    format!("{}{changes}{}", "loop ".repeat(levels), "(br_if 0 (local.get 0)) end ".repeat(levels))
}
