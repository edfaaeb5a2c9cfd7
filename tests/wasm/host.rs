//! The functions that a guest may call: nothing that it gives them makes them touch what is not its own.

use super::{ask, module, settings};
use proptest::prelude::*;
use s6_instance_maker_sandbox::limits::LimitOptions;
use s6_instance_maker_sandbox::{Origin, Sandbox, SandboxError, host};
use s6_instance_maker_workspace::{program, skip};
use std::fmt::Write as _;
use std::fs;

/// A guest that reads commands, 20 bytes each: a function's number and four values; calls it with these, and writes its memory out
/// when there are no more.
const CALLER: &str = r#"(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (func $value (param $at i32) (result i32) (i32.load (local.get $at)))
  (func (export "_start")
    (local $which i32) (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (loop $next
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 20))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.ne (i32.load (i32.const 8)) (i32.const 20)) (then (call $exit (i32.const 7))))
      (local.set $which (call $value (i32.const 16)))
      (local.set $a (call $value (i32.const 20)))
      (local.set $b (call $value (i32.const 24)))
      (local.set $c (call $value (i32.const 28)))
      (local.set $d (call $value (i32.const 32)))
      (if (i32.eq (local.get $which) (i32.const 0)) (then (drop (call $args_sizes (local.get $a) (local.get $b)))))
      (if (i32.eq (local.get $which) (i32.const 1)) (then (drop (call $args (local.get $a) (local.get $b)))))
      (if (i32.eq (local.get $which) (i32.const 2)) (then (drop (call $environ_sizes (local.get $a) (local.get $b)))))
      (if (i32.eq (local.get $which) (i32.const 3)) (then (drop (call $environ (local.get $a) (local.get $b)))))
      (if (i32.eq (local.get $which) (i32.const 4))
        (then (drop (call $read (local.get $a) (local.get $b) (local.get $c) (local.get $d)))))
      (if (i32.eq (local.get $which) (i32.const 5))
        (then (drop (call $write (local.get $a) (local.get $b) (local.get $c) (local.get $d)))))
      (br $next))))"#;

/// Values that are at some edge, and any others.
fn value() -> impl Strategy<Value = u32> {
    let edges = vec![0, 1, 2, 3, 8, 16, 1023, 1024, 1025, 65532, 131_064, 131_068, 131_071, 131_072, 131_073, 0x7fff_ffff];
    prop_oneof![
        4 => prop::sample::select(edges),
        2 => 0..131_072u32,
        1 => any::<u32>(),
        1 => (0..16u32).prop_map(|less| u32::MAX - less),
    ]
}

#[test]
fn no_value_makes_a_function_misbehave() {
    let sandbox = Sandbox::new(Origin::Bytes(module(CALLER)), LimitOptions::default());
    let commands = prop::collection::vec((0..6u32, [value(), value(), value(), value()]), 1..6);
    let mut met = [0; 5];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 3000, ..ProptestConfig::default() });
    let counted = std::cell::RefCell::new(&mut met);
    runner
        .run(&commands, |commands| {
            let input: Vec<u8> =
                commands.iter().flat_map(|(which, [a, b, c, d])| [*which, *a, *b, *c, *d]).flat_map(u32::to_le_bytes).collect();
            let which = match ask(&sandbox, &["a".into(), "".into(), "c".repeat(100).into()], input) {
                Err(SandboxError::Exit { code: 7, .. }) => 0,
                Err(SandboxError::Pointer) => 1,
                Err(SandboxError::Output(_)) => 2,
                Err(SandboxError::Messages) => 3,
                Err(SandboxError::Fuel(_)) => 4,
                answer => return Err(TestCaseError::fail(format!("{answer:?}"))),
            };
            counted.borrow_mut()[which] += 1;
            Ok(())
        })
        .unwrap();
    skip::tell(&format!(
        "calls with any values: {met:?} ended by themselves, at a pointer, at a limit of output, messages, fuel"
    ));
    assert!(met[0] >= 100 && met[1] >= 500, "{met:?}");
}

/// A guest reads its input whatever its buffers are, and its output arrives.
#[test]
fn input_and_output_are_whole() {
    const ECHO: &str = r#"(module
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start") (local $left i32)
        (loop $next
          (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 7))
          (i32.store (i32.const 8) (i32.const 107)) (i32.store (i32.const 12) (i32.const 0))
          (i32.store (i32.const 16) (i32.const 107)) (i32.store (i32.const 20) (i32.const 1000))
          (drop (call $read (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 64)))
          (local.set $left (i32.load (i32.const 64)))
          (if (local.get $left) (then
            (i32.store (i32.const 4) (local.get $left))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
            (br $next))))))"#;
    let sandbox = Sandbox::new(Origin::Bytes(module(ECHO)), LimitOptions::default());
    for length in [0, 1, 6, 7, 8, 1006, 1007, 1008, 100_000] {
        let input: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
        assert_eq!(ask(&sandbox, &[], input.clone()).unwrap(), input);
    }
}

/// Descriptors, other than the three that there are, are none; and a call with more buffers than it may have does nothing.
#[test]
fn answers_of_functions() {
    const ASK: &str = r#"(module
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "_start") (call $exit CALL)))"#;
    for (call, code) in [
        ("(call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))", 0),
        ("(call $read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))", 8),
        ("(call $read (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8))", 8),
        ("(call $read (i32.const 0) (i32.const 0) (i32.const 1025) (i32.const 8))", 28),
        ("(call $read (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 8))", 28),
        ("(call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))", 0),
        ("(call $write (i32.const 2) (i32.const 0) (i32.const 1024) (i32.const 8200))", 0),
        ("(call $write (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))", 8),
        ("(call $write (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 8))", 8),
        ("(call $write (i32.const 1) (i32.const 0) (i32.const 1025) (i32.const 8))", 28),
    ] {
        let sandbox = Sandbox::new(Origin::Bytes(module(&ASK.replace("CALL", call))), LimitOptions::default());
        match ask(&sandbox, &[], Vec::new()) {
            Ok(_) => assert_eq!(code, 0, "{call}"),
            Err(SandboxError::Exit { code: found, .. }) => assert_eq!(found, code, "{call}"),
            answer => panic!("{call}: {answer:?}"),
        }
    }
}

/// The host offers what the guest imports, all of it and nothing else.
#[test]
fn imports() {
    let guest = match program::guest() {
        Ok(guest) => fs::read(guest).unwrap(),
        Err(why) => return skip::did_not_run("wasm::host::imports", why),
    };
    let text = |functions: Vec<String>| {
        functions.iter().fold(String::new(), |mut text, function| {
            writeln!(text, "{function}").unwrap();
            text
        })
    };
    let (imported, offered) = (text(host::imports(&guest).unwrap()), text(host::offered().unwrap()));
    assert_eq!(imported, offered);
    settings("wasm").bind(|| insta::assert_snapshot!("imports", offered));
}

/// All functions of WASI, preview 1, with the parameters that they have there: i for 32 bits, l for 64. Each has one result, but
/// for `proc_exit`.
const PREVIEW_1: [(&str, &str); 46] = [
    ("args_get", "ii"),
    ("args_sizes_get", "ii"),
    ("clock_res_get", "ii"),
    ("clock_time_get", "ili"),
    ("environ_get", "ii"),
    ("environ_sizes_get", "ii"),
    ("fd_advise", "illi"),
    ("fd_allocate", "ill"),
    ("fd_close", "i"),
    ("fd_datasync", "i"),
    ("fd_fdstat_get", "ii"),
    ("fd_fdstat_set_flags", "ii"),
    ("fd_fdstat_set_rights", "ill"),
    ("fd_filestat_get", "ii"),
    ("fd_filestat_set_size", "il"),
    ("fd_filestat_set_times", "illi"),
    ("fd_pread", "iiili"),
    ("fd_prestat_dir_name", "iii"),
    ("fd_prestat_get", "ii"),
    ("fd_pwrite", "iiili"),
    ("fd_read", "iiii"),
    ("fd_readdir", "iiili"),
    ("fd_renumber", "ii"),
    ("fd_seek", "ilii"),
    ("fd_sync", "i"),
    ("fd_tell", "ii"),
    ("fd_write", "iiii"),
    ("path_create_directory", "iii"),
    ("path_filestat_get", "iiiii"),
    ("path_filestat_set_times", "iiiilli"),
    ("path_link", "iiiiiii"),
    ("path_open", "iiiiillii"),
    ("path_readlink", "iiiiii"),
    ("path_remove_directory", "iii"),
    ("path_rename", "iiiiii"),
    ("path_symlink", "iiiii"),
    ("path_unlink_file", "iii"),
    ("poll_oneoff", "iiii"),
    ("proc_exit", "i"),
    ("proc_raise", "i"),
    ("random_get", "ii"),
    ("sched_yield", ""),
    ("sock_accept", "iii"),
    ("sock_recv", "iiiiii"),
    ("sock_send", "iiiii"),
    ("sock_shutdown", "ii"),
];

/// A module that imports one function, of the type that it has in WASI, is run or refused; and by another name or from elsewhere it
/// is refused.
#[test]
fn seven_functions_and_no_others() {
    let outcome = |namespace: &str, name: &str, parameters: &str| {
        let parameters: String = parameters.chars().map(|letter| if letter == 'i' { " i32" } else { " i64" }).collect();
        let result = if name == "proc_exit" { "" } else { "(result i32)" };
        let text = format!(
            "(module (import \"{namespace}\" \"{name}\" (func (param{parameters}) {result}))
               (memory (export \"memory\") 1) (func (export \"_start\")))"
        );
        match ask(&Sandbox::new(Origin::Bytes(module(&text)), LimitOptions::default()), &[], Vec::new()) {
            Ok(_) => true,
            Err(SandboxError::Import(import)) => {
                assert_eq!(import, format!("{namespace}.{name}"));
                false
            }
            Err(error) => panic!("{name}: {error}"),
        }
    };
    let granted: Vec<_> = PREVIEW_1.iter().filter(|(name, parameters)| outcome(host::NAMESPACE, name, parameters)).collect();
    let names: Vec<_> = granted.iter().map(|(name, _)| *name).collect();
    let expected = ["args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "fd_read", "fd_write", "proc_exit"];
    assert_eq!(names, expected);
    for (name, parameters) in granted {
        for namespace in ["wasi_unstable", "wasi_snapshot_preview2", "env", ""] {
            assert!(!outcome(namespace, name, parameters), "{namespace}.{name}");
        }
        assert!(!outcome(host::NAMESPACE, name, &format!("{parameters}i")), "{name}");
    }
}

/// Every byte that a function moves into or out of the guest's memory costs one unit of fuel: counted for each function, with few
/// bytes and with many.
#[test]
fn every_byte_costs_fuel() {
    let guest = |call: &str| {
        format!(
            r#"(module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (func $looks_at_its_fuel)
      (func (export "_start") {call} (call $looks_at_its_fuel)))"#
        )
    };
    // The least fuel with which a guest with one argument and some input ends.
    let fuel = |call: &str, argument: usize, input: usize| {
        super::least_fuel(&module(&guest(call)), &["a".repeat(argument).into()], vec![b'x'; input])
    };
    // Four constants, a call that does nothing, and a result that is dropped.
    let none = fuel("(drop (call $read (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 8)))", 0, 0);
    // A function with two parameters has two constants less.
    let (two, four) = (none - 2, none);
    // The arguments' pointers, and what they have with a NUL each, the program's name among them.
    let name = "s6-instance-maker".len() as u64 + 1;
    assert_eq!(fuel("(drop (call $args_sizes (i32.const 0) (i32.const 4)))", 9, 0), two + 8);
    for length in [0, 1, 1000, 60_000] {
        let moved = 8 + name + length as u64 + 1;
        assert_eq!(fuel("(drop (call $args (i32.const 0) (i32.const 64)))", length, 0), two + moved, "{length}");
    }
    assert_eq!(fuel("(drop (call $environ_sizes (i32.const 0) (i32.const 4)))", 0, 0), two + 8);
    assert_eq!(fuel("(drop (call $environ (i32.const 0) (i32.const 4)))", 0, 0), two);
    for length in [0u64, 1, 1000, 60_000] {
        // One buffer at 64: its address and length are written by the guest first, with two stores of three instructions.
        let buffer = format!("(i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const {length}))");
        let stores = fuel(&buffer, 0, 0) - fuel("", 0, 0);
        let moved = stores + 8 + length + 4;
        let read = format!("{buffer} (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))");
        assert_eq!(fuel(&read, 0, 100_000), four + moved, "{length}");
        for descriptor in [1, 2] {
            let write =
                format!("{buffer} (drop (call $write (i32.const {descriptor}) (i32.const 0) (i32.const 1) (i32.const 8)))");
            assert_eq!(fuel(&write, 0, 0), four + moved, "{descriptor}: {length}");
        }
    }
    // Of its input no more than there is, and the buffers of a call as well.
    let buffers = "(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1000) (i32.const 9000)))";
    assert_eq!(fuel(buffers, 0, 0), four + 8000 + 4);
}
