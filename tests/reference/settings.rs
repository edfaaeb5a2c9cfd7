//! The settings: values of the options, beside each value what a script must hold for it.

/// A text, and how execline scripts quote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// The value of the option.
    pub raw: &'static [u8],
    /// The word in a script, with its quotes.
    pub word: &'static str,
}

/// The logger's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogUser {
    /// The account.
    pub account: Quoted,
    /// The argument of chown for it, with its quotes.
    pub owner: &'static str,
    /// `true` if the logger's script prepares the directory.
    pub prepare: bool,
}

/// A prefix for log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The value of the option.
    pub raw: &'static [u8],
    /// The word in a script where that is not `p` and the text as it is.
    pub word: Option<&'static str>,
}

/// Values of the options; what is none is not given.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// -c
    pub max: Option<&'static str>,
    /// -u
    pub user: Option<Quoted>,
    /// -L
    pub log_dir: Option<Quoted>,
    /// -l
    pub log_user: Option<LogUser>,
    /// -t
    pub timestamp: Option<&'static str>,
    /// -n
    pub archives: Option<&'static str>,
    /// -s
    pub file_size: Option<&'static str>,
    /// -S
    pub total_size: Option<&'static str>,
    /// -P
    pub prefix: Option<Prefix>,
    /// `true` if ours is told which s6 it is for.
    pub told: bool,
}

/// A log directory for cases that need some.
pub const LOG_DIR: Quoted = Quoted { raw: b"/var/log/services", word: r#""/var/log/services""# };

const NONE: Settings = Settings {
    max: None,
    user: None,
    log_dir: None,
    log_user: None,
    timestamp: None,
    archives: None,
    file_size: None,
    total_size: None,
    prefix: None,
    told: true,
};
/// A logger, and nothing else.
pub const LOGGED: Settings = Settings { log_dir: Some(LOG_DIR), ..NONE };
const UNTOLD: Settings = Settings { told: false, ..NONE };

const WWW_DATA: Quoted = Quoted { raw: b"www-data", word: r#""www-data""# };
const FOR_WWW_DATA: LogUser = LogUser { account: WWW_DATA, owner: r#""www-data:""#, prepare: true };
const FOR_NUMBERS: LogUser = LogUser { account: quoted("33:65534", r#""33:65534""#), owner: r#""33:65534""#, prepare: true };
const FOR_ODD: LogUser =
    LogUser { account: quoted("a\"b\\é", r#""a\"b\\\0xc3\0xa9""#), owner: r#""a\"b\\\0xc3\0xa9:""#, prepare: true };
const FOR_NOBODY: LogUser = LogUser { account: quoted("", r#""""#), owner: "", prepare: true };

const fn quoted(raw: &'static str, word: &'static str) -> Quoted {
    Quoted { raw: raw.as_bytes(), word }
}

const fn max(max: &'static str) -> Settings {
    Settings { max: Some(max), ..NONE }
}

const fn user(raw: &'static str, word: &'static str) -> Settings {
    Settings { user: Some(quoted(raw, word)), ..NONE }
}

const fn log_dir(raw: &'static [u8], word: &'static str) -> Settings {
    Settings { log_dir: Some(Quoted { raw, word }), ..NONE }
}

const fn log_user(log_user: LogUser) -> Settings {
    Settings { log_user: Some(log_user), ..LOGGED }
}

const fn unprepared(user: LogUser) -> Settings {
    log_user(LogUser { prepare: false, ..user })
}

const fn timestamp(value: &'static str) -> Settings {
    Settings { timestamp: Some(value), ..LOGGED }
}

const fn archives(value: &'static str) -> Settings {
    Settings { archives: Some(value), ..LOGGED }
}

const fn file_size(value: &'static str) -> Settings {
    Settings { file_size: Some(value), ..LOGGED }
}

const fn total_size(value: &'static str) -> Settings {
    Settings { total_size: Some(value), ..LOGGED }
}

/// A prefix that is written as it is.
const fn bare(raw: &'static [u8]) -> Settings {
    Settings { prefix: Some(Prefix { raw, word: None }), ..LOGGED }
}

/// A prefix that must be quoted.
const fn prefix(raw: &'static [u8], word: &'static str) -> Settings {
    Settings { prefix: Some(Prefix { raw, word: Some(word) }), ..LOGGED }
}

/// All of them.
pub const ALL: &[Settings] = &[
    NONE,
    LOGGED,
    UNTOLD,
    max("2"),
    max("3"),
    max("4"),
    max("5"),
    max("17"),
    max("500"),
    max("0000000000000000000000000000500"),
    max("8000"),
    max("8001"),
    max("16000"),
    max("16001"),
    max("80000"),
    max("80001"),
    max("90000"),
    Settings { max: Some("2"), ..LOGGED },
    Settings { max: Some("7"), ..LOGGED },
    Settings { max: Some("8001"), ..LOGGED },
    Settings { max: Some("20000"), ..LOGGED },
    Settings { max: Some("7"), ..UNTOLD },
    Settings { max: Some("20000"), ..UNTOLD },
    Settings { told: false, ..LOGGED },
    Settings { told: false, user: Some(WWW_DATA), ..LOGGED },
    user("www-data", r#""www-data""#),
    user("root", r#""root""#),
    user("33:33", r#""33:33""#),
    user("0:0", r#""0:0""#),
    user("4294967294:0", r#""4294967294:0""#),
    user("there-is-no-such-account", r#""there-is-no-such-account""#),
    user("a\"b\\c", r#""a\"b\\c""#),
    user("$HOME", r#""$HOME""#),
    user("{#'}", r#""{#'}""#),
    user("café", r#""caf\0xc3\0xa9""#),
    user("", ""),
    Settings { max: Some("9000"), user: Some(WWW_DATA), ..LOGGED },
    Settings { max: Some("17"), user: Some(WWW_DATA), log_user: Some(FOR_WWW_DATA), ..LOGGED },
    log_dir(b"/", r#""/""#),
    log_dir(b"/var/log/", r#""/var/log/""#),
    log_dir(b"/with space", r#""/with space""#),
    log_dir(b"/q\"b\\s", r#""/q\"b\\s""#),
    log_dir(b"/caf\xc3\xa9", r#""/caf\0xc3\0xa9""#),
    log_dir(b"/\xff\xfe1", r#""/\0xff\0xfe1""#),
    log_dir(b"/\n\t\x07\x08\x0b\x0c\r", r#""/\n\t\a\b\v\f\r""#),
    log_dir(b"/\x01\x1b\x1f\x7fa", r#""/\0x01\0x1b\0x1f\0x7fa""#),
    log_dir(b"/$x ${x} {} #'", r#""/$x ${x} {} #'""#),
    log_user(FOR_WWW_DATA),
    log_user(FOR_NUMBERS),
    log_user(FOR_ODD),
    log_user(FOR_NOBODY),
    unprepared(FOR_WWW_DATA),
    unprepared(FOR_NUMBERS),
    unprepared(FOR_ODD),
    Settings { log_dir: Some(quoted("/a \"b\"", r#""/a \"b\"""#)), ..log_user(FOR_WWW_DATA) },
    Settings { log_user: Some(FOR_WWW_DATA), ..NONE },
    timestamp("0"),
    timestamp("1"),
    timestamp("2"),
    timestamp("3"),
    timestamp("00000000000000000000003"),
    Settings { timestamp: Some("2"), ..NONE },
    archives("0"),
    archives("007"),
    archives("4294967295"),
    Settings { archives: Some("3"), ..NONE },
    file_size("0"),
    file_size("4096"),
    file_size("0268435456"),
    file_size("4294967295"),
    Settings { file_size: Some("5000"), ..NONE },
    total_size("0"),
    total_size("000"),
    total_size("1"),
    total_size("18446744073709551615"),
    Settings { total_size: Some("1"), ..NONE },
    bare(b""),
    bare(b"x"),
    bare(b"pfx:"),
    bare(b"="),
    bare(b"=x"),
    bare(b"a=b"),
    bare(b"-x"),
    bare(b"--"),
    bare(b"--log-prefix=x"),
    bare(b"{"),
    bare(b"}"),
    bare(b"#"),
    bare(b"a#b{c}d"),
    bare(b"$x"),
    bare(b"${x}$@"),
    bare(b"'a'"),
    bare(b"!|&;<>()*?~`"),
    bare(b"caf\xc3\xa9"),
    bare(b"\x7f\x80\xff"),
    prefix(b" ", r#""p ""#),
    prefix(b"a b", r#""pa b""#),
    prefix(b"a ", r#""pa ""#),
    prefix(b" a", r#""p a""#),
    prefix(b"{ }", r#""p{ }""#),
    prefix(b"a { b", r#""pa { b""#),
    prefix(b"a } b", r#""pa } b""#),
    prefix(b"a #x", r#""pa #x""#),
    prefix(b"a\\b", r#""pa\\b""#),
    prefix(b"a\\", r#""pa\\""#),
    prefix(b"\\", r#""p\\""#),
    prefix(b"a\"b", r#""pa\"b""#),
    prefix(b"\"", r#""p\"""#),
    prefix(b"\"ab\"", r#""p\"ab\"""#),
    prefix(b"x /srv/L2", r#""px /srv/L2""#),
    prefix(b"x \"!touch /srv/F\"", r#""px \"!touch /srv/F\"""#),
    prefix(b"a\nb", r#""pa\nb""#),
    prefix(b"\n", r#""p\n""#),
    prefix(b"\x07\x08\t\x0b\x0c\r", r#""p\a\b\t\v\f\r""#),
    prefix(b"\x01", r#""p\0x01""#),
    prefix(b"\x1f1", r#""p\0x1f1""#),
    prefix(b"caf\xc3\xa9 1", r#""pcaf\0xc3\0xa9 1""#),
    prefix(b"\xff \x7f", r#""p\0xff \0x7f""#),
    Settings { prefix: Some(Prefix { raw: b"a b", word: Some(r#""pa b""#) }), ..NONE },
    Settings {
        max: Some("17"),
        log_user: Some(FOR_NUMBERS),
        timestamp: Some("3"),
        archives: Some("20"),
        file_size: Some("100000"),
        total_size: Some("2000000"),
        prefix: Some(Prefix { raw: b"service ", word: Some(r#""pservice ""#) }),
        ..LOGGED
    },
    Settings {
        max: Some("18"),
        timestamp: Some("0"),
        archives: Some("0"),
        file_size: Some("4096"),
        total_size: Some("1"),
        prefix: Some(Prefix { raw: b"service:", word: None }),
        ..LOGGED
    },
];
