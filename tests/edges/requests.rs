//! Requests that are accepted and refused.

use s6_instance_maker_core::account::{Account, AccountError};
use s6_instance_maker_core::cli::{self, Refusal};
use s6_instance_maker_core::logging::Timestamp;
use s6_instance_maker_core::target::{ProgramDir, ProgramDirError, ShebangDir, Target};
use s6_instance_maker_core::tree::Ids;
use s6_instance_maker_workspace::manifest::request;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

#[test]
fn directories_of_programs() {
    assert_eq!(ShebangDir::new(format!("/{}", "a".repeat(238)).as_bytes()).map(|_| ()), Ok(()));
    assert_eq!(ShebangDir::new(format!("/{}", "a".repeat(239)).as_bytes()), Err(ProgramDirError::TooLong));
    assert_eq!(ShebangDir::new("/é".as_bytes()), Err(ProgramDirError::NotForShebang));
    assert_eq!(ProgramDir::new(b"/a\0"), Err(ProgramDirError::Nul));
    assert_eq!(ProgramDir::new(b"a"), Err(ProgramDirError::NotAbsolute));
    assert_eq!(ProgramDir::new(b"///").unwrap().as_bytes(), b"");
    assert_eq!(ProgramDir::new(b"/a//").unwrap().as_bytes(), b"/a");
    let target = Target::default();
    assert_eq!((target.shebang_dir.as_bytes(), target.execline_dir, target.s6_dir), (b"/usr/bin".as_slice(), None, None));
}

#[test]
fn timestamps() {
    let all = [Timestamp::None, Timestamp::Tai64n, Timestamp::Iso8601, Timestamp::Both].map(Some);
    assert_eq!([0, 1, 2, 3].map(Timestamp::new), all);
    assert_eq!(Timestamp::new(4), None);
}

#[test]
fn refusals_of_command_lines() {
    let refusal = |words: &[&[u8]]| match request(words.iter().map(|word| OsString::from_vec(word.to_vec()))) {
        Err(Refusal::Usage(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal(&[b"--dry-run", b"--print-job", b"t", b"d"]), "--dry-run and --print-job are mutually exclusive");
    assert_eq!(refusal(&[b"-\xff", b"t", b"d"]), r"unknown option `-\xff`");
    assert_eq!(refusal(&[b"--\xff", b"t", b"d"]), r"unknown option `--\xff`");
    assert_eq!(refusal(&[b"--\xff=x", b"t", b"d"]), "unknown option `--\u{fffd}`");
    assert_eq!(refusal(&[b"--installation=\xff", b"t", b"d"]), "--installation `\u{fffd}`: unknown value");
    assert!(cli::parse_common([]).is_err());
}

/// Accounts that s6-setuidgid accepts: a name, or two numbers.
#[test]
fn accounts() {
    let numbered = |uid, gid| Ok(Account::Numbered(Ids { uid, gid }));
    for (text, account) in [
        ("", Err(AccountError::Empty)),
        ("-", Err(AccountError::Dash)),
        ("-a", Err(AccountError::Dash)),
        ("0", Err(AccountError::NumberAlone)),
        ("33", Err(AccountError::NumberAlone)),
        ("a b", Err(AccountError::Forbidden)),
        ("a/b", Err(AccountError::Forbidden)),
        ("a\0", Err(AccountError::Forbidden)),
        ("a\u{1}", Err(AccountError::Forbidden)),
        ("a\u{7f}", Err(AccountError::Forbidden)),
        (":", Err(AccountError::NotNumeric)),
        ("1:", Err(AccountError::NotNumeric)),
        (":1", Err(AccountError::NotNumeric)),
        ("1:2:3", Err(AccountError::NotNumeric)),
        ("a:1", Err(AccountError::NotNumeric)),
        ("4294967295:1", Err(AccountError::NotNumeric)),
        ("1:4294967295", Err(AccountError::NotNumeric)),
        ("1:4294967296", Err(AccountError::NotNumeric)),
        ("0:0", numbered(0, 0)),
        ("4294967294:4294967294", numbered(u32::MAX - 1, u32::MAX - 1)),
    ] {
        assert_eq!(Account::parse(text.as_bytes()), account, "{text:?}");
    }
    for name in ["a", "a1", "1a", "_", "a-b", "a.b", "machine$", "jörg", "!"] {
        let Ok(Account::Named(parsed)) = Account::parse(name.as_bytes()) else { panic!("{name} is no name") };
        assert_eq!(parsed.as_bytes(), name.as_bytes());
    }
}
