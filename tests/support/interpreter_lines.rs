//! Interpreter lines that fail, each with the line of its hint.

/// A line that the interpreter does not accept.
#[derive(Clone, Copy, Debug)]
pub struct FailingLine {
    /// The line, without `#!`.
    pub line: &'static str,
    /// The hint.
    pub hint: &'static str,
    /// The options that a mended script has, as its `$-` shows them.
    pub options: &'static str,
}

const fn line(line: &'static str, hint: &'static str, options: &'static str) -> FailingLine {
    FailingLine { line, hint, options }
}

/// Each form of hint, and each interpreter.
pub const FAILING_LINES: &[FailingLine] = &[
    line("/bin/sh -e -u", "write #!/bin/sh, and set -e -u on the next line", "eu"),
    line("/bin/sh -eu -f", "write #!/bin/sh, and set -eu -f on the next line", "euf"),
    line("/bin/sh - -e", "write #!/bin/sh, and set its options in the script (set -eu)", "eu"),
    line("/bin/sh -- x", "write #!/bin/sh, and set its options in the script (set -eu)", "eu"),
    line("/bin/sh -c -e", "write #!/bin/sh, and set its options in the script (set -eu)", "eu"),
    line("/bin/sh -s -e", "write #!/bin/sh, and set its options in the script (set -eu)", "eu"),
    line("/bin/sh -l -e", "write #!/bin/sh -l, and set -e on the next line", "e"),
    line("/bin/sh ./script with", "write #!/usr/bin/env -S /bin/sh ./script with", ""),
    line("/bin/sh -e ./script", "write #!/usr/bin/env -S /bin/sh -e ./script", "e"),
    line("/bin/sh ./script $with", "write #!/bin/sh, and set its options in the script (set -eu)", "eu"),
    line("/bin/dash -e -x", "write #!/bin/dash, and set -e -x on the next line", "e"),
    line("/bin/bash --posix -e", "write #!/bin/bash --posix, and set -e on the next line", "e"),
    line("/bin/bash --norc -e", "write #!/bin/bash --norc, and set -e on the next line", "e"),
    line("/bin/bash -e --norc", "write #!/bin/bash --norc, and set -e on the next line", "e"),
    line("/bin/bash -l -e", "write #!/bin/bash -l, and set -e on the next line", "e"),
    line("/bin/bash -l -p -e", "write #!/usr/bin/env -S /bin/bash -l -p -e", "ep"),
    line("/bin/bash --norc --posix -e", "write #!/usr/bin/env -S /bin/bash --norc --posix -e", "e"),
    line("/bin/bash -l --norc", "write #!/bin/bash, and set its options in the script (set -eu)", "eu"),
    line("/bin/bash -c -e", "write #!/bin/bash, and set its options in the script (set -eu)", "eu"),
    line("/bin/bash -e -o pipefail", "write #!/bin/bash, and set -e -o pipefail on the next line", "e"),
    line("/bin/bash -euo pipefail", "write #!/bin/bash, and set -euo pipefail on the next line", "eu"),
    line("/bin/bash -o PIPE", "write #!/bin/bash, and set its options in the script (set -eu)", "eu"),
    line("/bin/bash -O extglob", "write #!/bin/bash, and set its options in the script (set -eu)", "eu"),
    line("/bin/bash --rcfile /etc/x -e", "write #!/bin/bash, and set its options in the script (set -eu)", "eu"),
    line("/bin/rbash -e -u", "write #!/bin/rbash, and set -e -u on the next line", "eur"),
    line("/bin/zsh -e -u", "write #!/bin/zsh, and set -e -u on the next line", "eu"),
    line("/bin/zsh -f -e", "write #!/bin/zsh -f, and set -e on the next line", "ef"),
    line("/bin/ksh93 -e -u", "write #!/bin/ksh93, and set -e -u on the next line", "eu"),
    line("/bin/mksh -e -l", "write #!/bin/mksh -l, and set -e on the next line", "e"),
    line("/bin/busybox sh -e", "write #!/bin/busybox sh, and set -e on the next line", "e"),
    line("/bin/busybox ash -e -u", "write #!/bin/busybox ash, and set -e -u on the next line", "eu"),
    line("/bin/busybox sh -l -e", "write #!/usr/bin/env -S /bin/busybox sh -l -e", "e"),
    line("/bin/busybox sh -c -e", "write #!/bin/busybox sh, and set its options in the script (set -eu)", "eu"),
    line("/bin/busybox env sh", "write #!/usr/bin/env -S /bin/busybox env sh", ""),
    line("/usr/bin/env bash -e", "write #!/usr/bin/env -S bash -e", "e"),
    line("/usr/bin/env -i /bin/sh", "write #!/usr/bin/env -S -i /bin/sh", ""),
    line("/usr/bin/env - /bin/sh", "write #!/usr/bin/env -S - /bin/sh", ""),
    line("/usr/bin/env A=b sh", "write #!/usr/bin/env -S A=b sh", ""),
    line("/usr/bin/env", "name the interpreter behind env, such as #!/usr/bin/env sh", ""),
    line("/usr/bin/env -i", "name the interpreter behind env, such as #!/usr/bin/env sh", ""),
    line("/usr/bin/env A=b", "name the interpreter behind env, such as #!/usr/bin/env sh", ""),
    line("/usr/bin/env -S", "name the interpreter behind env, such as #!/usr/bin/env sh", ""),
    line("/usr/bin/env -S A=b", "name the interpreter behind env, such as #!/usr/bin/env sh", ""),
    line("/usr/bin/execlineb -S 1", "write its options as one: #!/usr/bin/execlineb -S1", ""),
    line("/usr/bin/execlineb -s 1", "write its options as one: #!/usr/bin/execlineb -s1", ""),
    line("/usr/bin/execlineb -S1 -P", "write its options as one: #!/usr/bin/execlineb -S1", ""),
    line("/usr/bin/execlineb -W -S1", "write its options as one: #!/usr/bin/execlineb -WS1", ""),
    line("/usr/bin/execlineb -Ws 1 -q", "write its options as one: #!/usr/bin/execlineb -Wqs1", ""),
];

/// Lines for other languages, which have no `$-`.
pub const FAILING_LINES_OF_OTHERS: &[FailingLine] = &[
    line("/usr/bin/fish -l -N", "write #!/usr/bin/env -S /usr/bin/fish -l -N", "echo ran $argv[1]"),
    line(
        "/usr/bin/fish --no-config --private",
        "write #!/usr/bin/env -S /usr/bin/fish --no-config --private",
        "echo ran $argv[1]",
    ),
    line("/usr/bin/python3 -u -O", "write #!/usr/bin/env -S /usr/bin/python3 -u -O", "import sys; print('ran', sys.argv[1])"),
    line(
        "/usr/bin/python3 -EB -W ignore",
        "write #!/usr/bin/env -S /usr/bin/python3 -EB -W ignore",
        "import sys; print('ran', sys.argv[1])",
    ),
    line("/usr/bin/execlineb -P -W", "write its options as one: #!/usr/bin/execlineb -WP", "echo \"ran NAME\""),
    line("/usr/bin/execlineb -S x", "write its options as one: #!/usr/bin/execlineb", "echo \"ran NAME\""),
];

/// Lines with a blank that work, or that fail by something else.
pub const PASSING_LINES: &[&str] = &[
    "/usr/bin/perl -w -T",
    "/usr/bin/env -S sh -e",
    "/usr/bin/env -iS A=b sh -e",
    "/usr/bin/env --split-string=sh -e",
    "/usr/bin/env -u",
    "/usr/bin/python3 -W ignore -u",
    "/usr/bin/python3 -uX dev",
    "/usr/bin/python -u -O",
    "/usr/bin/fish -p /run/profile -N",
    "/usr/bin/fish --features=a b",
    "/usr/bin/yash -o pipefail",
    "/usr/bin/execlineb -Pc x y",
    "/usr/bin/awk -f -v",
];

/// The script with `rest` in which a hint is followed to the letter. `None`: the hint names no line.
#[must_use]
pub fn followed(hint: &str, rest: &str) -> Option<String> {
    let (_, line) = hint.split_once("#!")?;
    let (line, set) = match line.split_once(", and set ") {
        None => (line, String::new()),
        Some((line, more)) => match more.strip_suffix(" on the next line") {
            Some(options) => (line, format!("set {options}\n")),
            None => (line, format!("{}\n", more.split_once('(')?.1.trim_end_matches(')'))),
        },
    };
    Some(format!("#!{line}\n{set}{rest}\n"))
}
