//! The language of a script, by its interpreter line.

/// The language of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// That of a POSIX shell.
    Shell,
    /// execline.
    Execline(Arguments),
    /// Another one, of which nothing is known here.
    Other,
}

/// The way in which a script in execline reads its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arguments {
    /// `-S`, `-s`: they are put in place of `$1` and the like.
    Substituted,
    /// Neither, or `-p`: they are variables of the environment, called 1 and so on.
    Variables,
    /// `-P`: not at all.
    Dropped,
}

impl Language {
    /// By its interpreter, which may be found by another program, or be one of busybox's.
    pub(super) fn of(interpreter: &[u8], arguments: &[u8]) -> Self {
        let mut words = arguments.split(|&byte| byte == b' ' || byte == b'\t').filter(|word| !word.is_empty());
        let name = match base(interpreter) {
            b"env" | b"busybox" | b"toybox" | b"with-contenv" => {
                words.find(|word| !word.starts_with(b"-") && !word.contains(&b'=')).map_or(b"".as_slice(), base)
            }
            name => name,
        };
        match name {
            b"sh" | b"ash" | b"dash" | b"bash" | b"ksh" | b"mksh" | b"zsh" | b"yash" => Self::Shell,
            b"execlineb" => {
                let options = || words.clone().take_while(|word| word.starts_with(b"-")).flatten();
                Self::Execline(if options().any(|byte| b"sS".contains(byte)) {
                    Arguments::Substituted
                } else if options().any(|byte| *byte == b'P') {
                    Arguments::Dropped
                } else {
                    Arguments::Variables
                })
            }
            _ => Self::Other,
        }
    }

    /// Returns `true` if `$1` and the like may stand for arguments.
    pub(super) const fn names_arguments(self) -> bool {
        matches!(self, Self::Shell | Self::Execline(Arguments::Substituted))
    }
}

/// The last name of a path.
pub(super) fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}
