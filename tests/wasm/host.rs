//! The functions that a guest may call: nothing that it gives them makes them touch what is not its own.

use super::{ask, module, settings};
use proptest::prelude::*;
use s6_instance_maker_sandbox::limits::Chosen;
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
    let sandbox = Sandbox::new(Origin::Bytes(module(CALLER)), Chosen::default());
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

/// What a guest reads is what it is given, whatever its buffers are; and what it writes arrives.
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
    let sandbox = Sandbox::new(Origin::Bytes(module(ECHO)), Chosen::default());
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
        let sandbox = Sandbox::new(Origin::Bytes(module(&ASK.replace("CALL", call))), Chosen::default());
        match ask(&sandbox, &[], Vec::new()) {
            Ok(_) => assert_eq!(code, 0, "{call}"),
            Err(SandboxError::Exit { code: found, .. }) => assert_eq!(found, code, "{call}"),
            answer => panic!("{call}: {answer:?}"),
        }
    }
}

/// All that the guest imports, with types; every name of it is a name that the host has.
#[test]
fn imports() {
    let guest = match program::guest() {
        Ok(guest) => fs::read(guest).unwrap(),
        Err(why) => return skip::did_not_run("wasm::host::imports", why),
    };
    let text = host::imports(&guest).unwrap().iter().fold(String::new(), |mut text, import| {
        writeln!(text, "{import}").unwrap();
        text
    });
    settings().bind(|| insta::assert_snapshot!("imports", text));
}
