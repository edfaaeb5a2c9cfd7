//! One case: settings, a template, a shape and a umask; its two command lines, and what is there before.

use super::settings::Settings;
use super::templates::Template;
use s6_instance_maker_workspace::disk::{chmod, directory, file};
use s6_instance_maker_workspace::program::all_allowed;
use s6_instance_maker_workspace::roots::Suite;
use s6_instance_maker_workspace::s6rc_model::Tree;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;

/// The service of -r.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A service directory.
    Plain,
    /// `-r service`
    Service,
    /// `-r service/logger`
    Pair,
    /// `-r service/logger/pipeline`
    Pipeline,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Plain, Self::Service, Self::Pair, Self::Pipeline];
    /// Those of -r.
    pub const WITH_R: [Self; 3] = [Self::Service, Self::Pair, Self::Pipeline];
    /// Those of -r with a logger.
    pub const WITH_LOGGER: [Self; 2] = [Self::Pair, Self::Pipeline];

    const fn names(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Service => Some("the service"),
            Self::Pair => Some("the service/caf\u{e9}"),
            Self::Pipeline => Some("the service/caf\u{e9}/all of it"),
        }
    }

    /// A change of the settings' -L: left out, or added.
    pub const fn logger(self) -> Option<bool> {
        match self {
            Self::Plain => None,
            Self::Service => Some(false),
            Self::Pair | Self::Pipeline => Some(true),
        }
    }
}

/// DIR and its spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `out`, which is not there.
    New,
    /// `out//`
    Slashes,
    /// With needless dots and slashes in it.
    Dots,
    /// With its whole path.
    Absolute,
    /// An empty directory.
    Empty,
    /// A directory with a mode, an owner and a content of its own.
    Full,
    /// A link to a directory.
    Link,
    /// The working directory, `.`.
    Here,
}

impl Place {
    /// Those that may be made new.
    pub const NEW: [Self; 4] = [Self::New, Self::Slashes, Self::Dots, Self::Absolute];
    /// Those that may be there before, and those that are not.
    pub const ANY: [Self; 8] =
        [Self::New, Self::Full, Self::Slashes, Self::Link, Self::Dots, Self::Here, Self::Absolute, Self::Empty];
}

/// The spelling of TEMPLATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// As it is.
    Straight,
    /// With slashes at its end.
    Slashes,
    /// With needless dots and slashes in it.
    Dots,
    /// With its whole path.
    Absolute,
}

/// The spelling of the options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `-c 10`
    Separate,
    /// `-c10`, where the value is not empty.
    Attached,
    /// `-c 10`, and `--` before the operands.
    Ended,
    /// Every option twice; the second counts.
    Twice,
    /// `-c 10`, in the opposite order.
    Backwards,
    /// Ours with long options, before the operands or behind them; s6's program as with [`Self::Separate`].
    Long,
}

/// The account that runs the programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// root
    Root,
    /// www-data
    WwwData,
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The versions of s6 that it is for.
    pub suite: Suite,
    /// Its version.
    pub s6_version: String,
    /// Under which umask.
    pub umask: &'static str,
    /// The account.
    pub caller: Caller,
    /// The result.
    pub shape: Shape,
    /// Where.
    pub place: Place,
    /// Of what.
    pub template: &'static Template,
    /// The spelling of the template.
    pub route: Route,
    /// The options, as far as the shape admits them.
    pub settings: Settings,
    /// The spelling of the options.
    pub spelling: Spelling,
}

/// The paths that the two programs see under different names.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The folder of templates.
    pub templates: &'a Path,
    /// The working directory.
    pub work: &'a Path,
}

impl Case {
    /// The options that both programs know, with their values.
    fn options(&self) -> Vec<(&'static str, &'static str, &'static [u8])> {
        let text = |value: Option<&'static str>| value.map(str::as_bytes);
        let settings = &self.settings;
        [
            ("-r", "--s6-rc", text(self.shape.names())),
            ("-c", "--max-instances", text(settings.max)),
            ("-u", "--user", settings.user.map(|user| user.raw)),
            ("-L", "--log-dir", settings.log_dir.map(|dir| dir.raw)),
            ("-l", "--log-user", settings.log_user.map(|user| user.account.raw)),
            ("-t", "--timestamp", text(settings.timestamp)),
            ("-n", "--log-archives", text(settings.archives)),
            ("-s", "--log-file-size", text(settings.file_size)),
            ("-S", "--log-total-size", text(settings.total_size)),
            ("-P", "--log-prefix", settings.prefix.map(|prefix| prefix.raw)),
        ]
        .into_iter()
        .filter_map(|(short, long, value)| value.map(|value| (short, long, value)))
        .collect()
    }

    fn operands(&self, view: View<'_>) -> [OsString; 2] {
        let name = self.template.name;
        let template = match self.route {
            Route::Straight => format!("../../templates/{name}").into(),
            Route::Slashes => format!("../../templates/{name}//").into(),
            Route::Dots => format!(".//../.././templates/../templates//{name}").into(),
            Route::Absolute => view.templates.join(name).into_os_string(),
        };
        let dir = match self.place {
            Place::New | Place::Empty | Place::Full | Place::Link => "out".into(),
            Place::Slashes => "out//".into(),
            Place::Dots => ".//././/out".into(),
            Place::Absolute => view.work.join("out").into_os_string(),
            Place::Here => ".".into(),
        };
        [template, dir]
    }

    /// The arguments for s6's program.
    #[must_use]
    pub fn original(&self, view: View<'_>) -> Vec<OsString> {
        let mut args = self.short_options();
        if self.spelling == Spelling::Ended {
            args.push("--".into());
        }
        args.extend(self.operands(view));
        args
    }

    /// The arguments for ours.
    #[must_use]
    pub fn ours(&self, view: View<'_>) -> Vec<OsString> {
        let mut args = vec![OsString::from("--installation=debian")];
        // What cannot work is refused unless it is allowed; s6's program makes it all the same.
        args.extend(all_allowed().into_iter().map(OsString::from));
        if self.settings.told {
            args.extend(["--s6-version".into(), self.s6_version.clone().into()]);
        }
        if self.settings.log_user.is_some_and(|user| !user.prepare) {
            args.push("--no-prepare-log-dir".into());
        }
        if self.spelling == Spelling::Long {
            let mut operands = self.operands(view).into_iter();
            args.extend(operands.next());
            for (index, (_, long, value)) in self.options().into_iter().enumerate() {
                if index % 2 == 0 {
                    args.extend([OsString::from(long), OsStr::from_bytes(value).into()]);
                } else {
                    args.push(OsStr::from_bytes(&[long.as_bytes(), b"=", value].concat()).into());
                }
            }
            args.extend(operands);
        } else {
            args.extend(self.original(view));
        }
        args
    }

    fn short_options(&self) -> Vec<OsString> {
        let mut options = self.options();
        match self.spelling {
            Spelling::Backwards => options.reverse(),
            Spelling::Twice => {
                let first: Vec<_> = options.iter().map(|&(short, long, _)| (short, long, overridden(short))).collect();
                options.splice(0..0, first);
            }
            Spelling::Separate | Spelling::Attached | Spelling::Ended | Spelling::Long => {}
        }
        let mut args = Vec::new();
        for (short, _, value) in options {
            if self.spelling == Spelling::Attached && !value.is_empty() {
                args.push(OsStr::from_bytes(&[short.as_bytes(), value].concat()).into());
            } else {
                args.extend([OsString::from(short), OsStr::from_bytes(value).into()]);
            }
        }
        args
    }

    /// Makes what is there before, in the working directory `work`.
    pub fn prepare(&self, work: &Path) {
        directory(work, 0o755);
        let mut made = vec![work.to_owned()];
        match self.place {
            Place::New | Place::Slashes | Place::Dots | Place::Absolute | Place::Here => {}
            Place::Empty => {
                directory(work.join("out"), 0o700);
                made.push(work.join("out"));
            }
            Place::Full => {
                file(work.join("out/other service/run"), 0o640, "another's");
                chown(work.join("out"), Some(33), Some(1234)).unwrap();
                chmod(work.join("out"), 0o710);
            }
            Place::Link => {
                directory(work.join("real"), 0o755);
                made.push(work.join("real"));
                symlink("real", work.join("out")).unwrap();
            }
        }
        if self.caller == Caller::WwwData {
            for path in made {
                chown(path, Some(33), Some(33)).unwrap();
            }
        }
    }

    fn below(&self, directory: &str, path: &str) -> Vec<u8> {
        let base = match self.place {
            Place::Here => "",
            Place::Link => "real",
            _ => "out",
        };
        let parts: Vec<&str> = [base, directory, path].into_iter().filter(|part| !part.is_empty()).collect();
        parts.join("/").into_bytes()
    }

    /// Returns `path` of the service, seen from the working directory.
    #[must_use]
    pub fn in_service(&self, path: &str) -> Vec<u8> {
        self.below(if self.shape == Shape::Plain { "" } else { "the service" }, path)
    }

    /// Returns `path` of the service's logger.
    #[must_use]
    pub fn in_logger(&self, path: &str) -> Vec<u8> {
        self.below(if self.shape == Shape::Plain { "log" } else { "caf\u{e9}" }, path)
    }

    /// Returns the definitions for s6-rc in the `tree` of the working directory.
    #[must_use]
    pub fn definitions(&self, tree: &Tree) -> Option<Tree> {
        self.shape.names()?;
        let (service, logger) = (self.in_service(""), self.in_logger(""));
        let start = service.len() - "the service".len();
        let is_ours = |path: &[u8]| path.starts_with(&service) || path.starts_with(&logger);
        let ours = tree.iter().filter(|(path, _)| path.is_empty() || is_ours(path));
        Some(ours.map(|(path, entry)| (path.get(start..).unwrap_or_default().to_vec(), entry.clone())).collect())
    }

    /// Its name in a report.
    #[must_use]
    pub fn name(&self) -> String {
        let Self { suite, s6_version, umask, caller, shape, place, template, spelling, .. } = self;
        let suite = suite.name();
        let template = template.name;
        format!("{suite} ({s6_version}), umask {umask}, {caller:?}: {shape:?} of `{template}`, DIR {place:?}, {spelling:?}")
    }

    /// Returns `true` if s6-svscan counts slots.
    #[must_use]
    pub fn counts_slots(&self) -> bool {
        !self.settings.told || self.suite != Suite::Bookworm
    }

    /// Returns `true` if ours makes anything of it: what it refuses is in the table of wrong command lines.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        let Self { settings, template, .. } = self;
        let user = settings.user.is_some_and(|user| !user.raw.is_empty());
        let most = if self.counts_slots() && template.logged { 80_000 } else { 90_000 };
        let max: u32 = settings.max.map_or(500, |max| max.parse().unwrap());
        let readable = self.caller == Caller::Root || template.open;
        (!user || !template.scripts.is_empty()) && max <= most && readable
    }
}

/// A value that counts for nothing, as another follows.
fn overridden(option: &str) -> &'static [u8] {
    match option {
        "-r" | "-u" | "-l" => b"overridden",
        "-L" => b"/overridden",
        "-t" => b"2",
        "-P" => b"over\"ridden",
        _ => b"123",
    }
}
