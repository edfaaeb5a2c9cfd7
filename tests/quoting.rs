//! Every byte in every field that a user can fill, read back by the real execlineb.
//!
//! The scripts are run as they are; the first program that they call is one that only tells its arguments.

use s6_instance_maker_core::execline::Text;
use s6_instance_maker_core::instances::InstanceName;
use s6_instance_maker_core::laws;
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{self, PlanError};
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::Kind;
use s6_instance_maker_workspace::corpus::{Seed, kept, seeds};
use s6_instance_maker_workspace::disk;
use s6_instance_maker_workspace::manifest;
use s6_instance_maker_workspace::program::Answer;
use s6_instance_maker_workspace::roots::{Root, Suite};
use s6_instance_maker_workspace::skip;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

#[test]
fn bookworm() {
    check(Suite::Bookworm);
}

#[test]
fn trixie() {
    check(Suite::Trixie);
}

#[test]
fn forky() {
    check(Suite::Forky);
}

#[test]
fn lexer_of_bookworm() {
    check_lexer(Suite::Bookworm);
}

#[test]
fn lexer_of_trixie() {
    check_lexer(Suite::Trixie);
}

#[test]
fn lexer_of_forky() {
    check_lexer(Suite::Forky);
}

/// A program that tells its arguments, each with a NUL behind it.
const TELL: &str = "#!/bin/sh\n[ $# = 0 ] || printf '%s\\0' \"$@\"\n";

/// One script to run and the arguments that its first program must get.
struct Case {
    script: Vec<u8>,
    expected: Vec<Vec<u8>>,
}

fn check(suite: Suite) {
    let Some(root) = Root::of(suite, &format!("quoting, {}", suite.name())) else { return };
    let (scratch, inside) = root.scratch("quoting");
    // Under every name that a script begins with.
    let programs = scratch.join("pro \"grams\"#$");
    for name in ["if", "s6-setuidgid", "s6-log", "fdmove"] {
        disk::file(programs.join(name), 0o755, TELL);
    }
    let cases = cases(&root.inside(&programs));
    for (index, case) in cases.iter().enumerate() {
        fs::write(scratch.join(index.to_string()), &case.script).unwrap();
    }
    // Executed by the kernel, as a supervisor would; with arguments that execline must not touch.
    let loop_all = "chmod 755 [0-9]*; for f in [0-9]*; do ./$f 'a b' '$@' '' '{' >out.$f || echo $f; done";
    let answer =
        Answer::of(root.command("/bin/sh").args(["-c", &format!("cd \"$0\" && {loop_all}")]).arg(&inside)).expect_code(0);
    assert_eq!((answer.stdout.as_str(), answer.stderr.as_str()), ("", ""), "scripts failed");
    for (index, case) in cases.iter().enumerate() {
        let told = fs::read(scratch.join(format!("out.{index}"))).unwrap();
        let told: Vec<_> = told.strip_suffix(b"\0").unwrap().split(|&byte| byte == 0).map(<[u8]>::to_vec).collect();
        assert_eq!(told, case.expected, "{}", case.script.escape_ascii());
    }
    skip::tell(&format!("quoting, {}: {} scripts read back by execlineb", suite.name(), cases.len()));
}

fn cases(programs: &Path) -> Vec<Case> {
    let mut texts = Vec::new();
    for byte in 1..=255u8 {
        texts.extend([vec![byte], [b"x", [byte].as_slice(), b"1"].concat(), [b"\\\"", [byte].as_slice(), b"f\\"].concat()]);
    }
    let (mut cases, refused) = cases_of(programs, &texts);
    assert_eq!(refused, 1);
    // And what a fuzzer found worth keeping.
    texts = kept("quoting").into_iter().map(|seed| seed.bytes).filter(|text| !text.contains(&0)).collect();
    cases.extend(cases_of(programs, &texts).0);
    cases
}

/// The scripts with these texts in them; and how many texts were refused for what -S0 would substitute.
fn cases_of(programs: &Path, texts: &[Vec<u8>]) -> (Vec<Case>, usize) {
    let mut cases = Vec::new();
    let mut refused = 0;
    for text in texts {
        // It ends in a letter, so that it is the name of a directory whatever the text is.
        let slashed = [b"/", text.as_slice(), b"d"].concat();
        // What these two fields refuse is refused whatever stands around it.
        let account = Some(text.as_slice()).filter(|text| account_is_accepted(text));
        cases.extend(logger_case(programs, &slashed, text, account, true));
        cases.extend(logger_case(programs, &slashed, text, account, false));
        cases.extend(static_cases(programs, text));
        // What -S0 would substitute no quoting protects: it must be refused, and nothing else may be.
        match account.map(|account| wrapper_case(programs, account)) {
            None => {}
            Some(Ok(case)) => cases.push(case),
            Some(Err(error)) => {
                let names_argument = |byte: &u8| matches!(byte, b'0'..=b'9' | b'@' | b'#');
                let mut pairs = text.windows(2);
                let by_looks = pairs.any(|pair| pair == b"${" || pair[0] == b'$' && names_argument(&pair[1]));
                assert!(by_looks, "{}: {error}", text.escape_ascii());
                refused += 1;
            }
        }
    }
    (cases, refused)
}

/// An account that is written as it is typed: not none, nor numbers, which lose their leading zeros.
fn account_is_accepted(account: &[u8]) -> bool {
    !account.is_empty()
        && !account.contains(&b':')
        && manifest::request([OsString::from("-u"), OsString::from_vec(account.to_vec()), "t".into(), "d".into()]).is_ok()
}

/// log/run with these texts in it.
fn logger_case(programs: &Path, dir: &[u8], prefix: &[u8], account: Option<&[u8]>, prepare: bool) -> Option<Case> {
    let mut words = common(programs);
    words.extend(["-L".into(), OsString::from_vec(dir.to_vec()), "-P".into(), OsString::from_vec(prefix.to_vec())]);
    let log = [b"t".to_vec(), b"n10".to_vec(), b"s1000000".to_vec(), [b"p", prefix].concat(), dir.to_vec()];
    let mut expected: Vec<Vec<u8>> = vec![b"-bd3".to_vec(), b"--".to_vec()];
    expected.extend(log);
    if let Some(account) = account {
        words.extend(["-l".into(), OsString::from_vec(account.to_vec())]);
        let program = |name: &str| programs.join(name).into_os_string().into_vec();
        expected.insert(0, program("s6-log"));
        expected.insert(0, account.to_vec());
        if prepare {
            expected.insert(0, program("s6-setuidgid"));
            // A block is its words with a space before each, and an empty word at its end.
            let block = |words: &[&[u8]]| {
                let mut block: Vec<_> = words.iter().map(|word| [b" ", *word].concat()).collect();
                block.push(Vec::new());
                block
            };
            let owner = [account, b":"].concat();
            let mut first = block(&[b"mkdir", b"-p", b"-m", b"2700", b"--", dir]);
            first.push(program("if"));
            first.extend(block(&[b"chown", b"-h", b"--", &owner, dir]));
            expected.splice(0..0, first);
        } else {
            words.push("--no-prepare-log-dir".into());
        }
    } else if !prepare {
        // Without an account there is nothing to prepare: it would be the same script again.
        return None;
    }
    Some(Case { script: generated(words, "log/run").unwrap(), expected })
}

/// The wrapper of a template's run script, for this account; the arguments of the script follow.
fn wrapper_case(programs: &Path, account: &[u8]) -> Result<Case, PlanError> {
    let mut words = common(programs);
    words.extend(["-u".into(), OsString::from_vec(account.to_vec())]);
    let arguments = [b"a b".as_slice(), b"$@", b"", b"{"];
    let expected = [account, b"./run.user"].into_iter().chain(arguments).map(<[u8]>::to_vec).collect();
    Ok(Case { script: generated(words, "template/run")?, expected })
}

/// The scripts of an instance that s6-rc runs: with this text as its name, and with an entry of the template of that name.
fn static_cases(programs: &Path, text: &[u8]) -> Vec<Case> {
    let is_name = |name: &&[u8]| InstanceName::new(name).is_ok() && !name.contains(&b'$') && name.len() < 200;
    let name = Some(text).filter(is_name).unwrap_or(b"a");
    let entry = Name::new(text).ok();
    if name != text && entry.is_none() {
        return Vec::new();
    }
    let mut template = manifest::template("0755 file run\n0755 file finish");
    let run = template.tree().get(&TreePath::constant(&"run")).unwrap().clone();
    let linked = entry.filter(|entry| template.insert(entry.clone().into(), run).is_ok());
    let mut words = common(programs);
    words.extend(["-u", "www-data", "-r", "svc", "--static", "--instance"].map(Into::into));
    words.push(OsString::from_vec(name.to_vec()));
    let directory = [b"svc@", name].concat();
    let script = |script: &str| {
        let path = [&directory, b"/".as_slice(), script.as_bytes()].concat();
        generated_of(words.clone(), &TreePath::parse(path).unwrap(), &template).unwrap()
    };
    let setuidgid = programs.join("s6-setuidgid").into_os_string().into_vec();
    let mut start: Vec<Vec<u8>> = Vec::new();
    if let Some(entry) = linked {
        // A block is its words with a space before each, and an empty word at its end.
        let target = [b"data/.template/", entry.as_bytes()].concat();
        let block = [b"ln".as_slice(), b"-sfn", b"--", &target, b"."].map(|word| [b" ", word].concat());
        start.extend(block.into_iter().chain([Vec::new(), setuidgid]));
    }
    let arguments = [b"a b".as_slice(), b"$@", b"", b"{"];
    let run = [b"www-data".as_slice(), b"./data/.template/run", name].map(<[u8]>::to_vec);
    // Of the arguments, the third is the name; the rest follows.
    let finish = [b"www-data".as_slice(), b"./data/.template/finish", arguments[0], arguments[1], name, arguments[3]];
    vec![
        Case { script: script("run"), expected: start.into_iter().chain(run).collect() },
        Case { script: script("finish"), expected: finish.map(<[u8]>::to_vec).to_vec() },
    ]
}

fn common(programs: &Path) -> Vec<OsString> {
    let programs = programs.as_os_str();
    vec!["--s6-dir".into(), programs.into(), "--execline-dir".into(), programs.into()]
}

/// The bytes of a file that a command line generates.
fn generated(words: Vec<OsString>, path: &str) -> Result<Vec<u8>, PlanError> {
    generated_of(words, &TreePath::parse(path).unwrap(), &manifest::template("0755 file run"))
}

/// The same for another template.
fn generated_of(mut words: Vec<OsString>, path: &TreePath, template: &Template) -> Result<Vec<u8>, PlanError> {
    words.extend(["template".into(), "dir".into()]);
    let shown = format!("{words:?}");
    let request = manifest::request(words).unwrap_or_else(|refusal| panic!("{shown}: {refusal:?}"));
    let plan = plan::plan(&request, &manifest::facts(), template)?;
    match &plan.tree.get(path).unwrap().kind {
        Kind::File(plan::Content::Generated(bytes)) => Ok(bytes.clone()),
        other => panic!("{path}: {other:?}"),
    }
}

/// The inputs of the fuzzer as scripts: the laws' lexer, by which quoting is judged without an execlineb, reads
/// the same words from them as the real one.
fn check_lexer(suite: Suite) {
    let Some(root) = Root::of(suite, &format!("the lexer, {}", suite.name())) else { return };
    let (scratch, inside) = root.scratch("lexer");
    disk::file(scratch.join("tell"), 0o755, TELL);
    let tell = inside.join("tell").into_os_string().into_vec();
    let mut scripts = Vec::new();
    for Seed { bytes: text, .. } in seeds("quoting") {
        let script = [tell.as_slice(), b" ", text.as_slice()].concat();
        // No script holds a NUL, and of blocks the lexer knows no more than where they begin and end.
        let has_block = laws::lex(&script).is_ok_and(|words| words.iter().any(|word| matches!(word.as_slice(), b"{" | b"}")));
        if !text.contains(&0) && !has_block {
            scripts.push(script);
        }
    }
    for (index, script) in scripts.iter().enumerate() {
        fs::write(scratch.join(index.to_string()), script).unwrap();
    }
    let loop_all = "for f in [0-9]*; do execlineb -P $f >out.$f 2>/dev/null; echo $? >code.$f; done";
    Answer::of(root.command("/bin/sh").args(["-c", &format!("cd \"$0\" && {loop_all}")]).arg(&inside)).expect_code(0);
    let (mut read, mut refused) = (0, 0);
    let mut differences = String::new();
    for (index, script) in scripts.iter().enumerate() {
        let code = fs::read_to_string(scratch.join(format!("code.{index}"))).unwrap();
        let told = fs::read(scratch.join(format!("out.{index}"))).unwrap();
        let words: Vec<_> = told.split_inclusive(|&byte| byte == 0).map(|word| word[..word.len() - 1].to_vec()).collect();
        let real = (code.trim() == "0").then_some(words);
        let ours = laws::lex(script).ok().map(|words| words[1..].to_vec());
        *(if ours.is_some() { &mut read } else { &mut refused }) += 1;
        if ours != real {
            let _ = writeln!(differences, "{}\n  ours: {ours:?}\n  execlineb's: {real:?}", script.escape_ascii());
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(read >= 1000 && refused >= 100, "{read} read, {refused} refused");
    skip::tell(&format!("the lexer, {}: {read} scripts read and {refused} refused as execlineb does", suite.name()));
}

/// The field types refuse what no argument can hold.
#[test]
fn nul_is_refused() {
    assert!(Text::new(*b"a\0b").is_err());
}
