//! The plan: a pure function from what is wanted and what was seen to the tree that shall be made.
//!
//! The bytes and modes are those of s6's own program wherever its result works (docs/original.md, "Generated files" and
//! "Modes"); where it does not, docs/deviations.md says what is made instead.

use crate::escape::{Shown, ShownWord};
use crate::execline::Script;
use crate::facts::Facts;
use crate::path::{Name, PathError, TreePath};
use crate::request::{Consumer, LOG_FILE_SIZES, Request, ServiceName, Shape};
use crate::scripts::{self, MOST_LOGGED, NoRoom};
use crate::target::S6Version;
use crate::template::{LOG, Template};
use crate::tree::{DisplayContent, Kind, Meta, Mode, Node, Tree, TreeError};
use crate::warning::{self, Warning};
use crate::wrap::{WrapError, Wrapping};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

/// A tree of files to be made, and what its user should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What shall be there. Its root is DIR itself.
    pub tree: Tree<Content>,
    /// Where it may be made.
    pub placement: Placement,
    /// What works, but probably not as meant.
    pub warnings: Vec<Warning>,
}

impl Plan {
    /// The entries of the root: with [`Placement::Within`], what appears in DIR, each as a whole.
    pub fn parts(&self) -> impl Iterator<Item = Name> {
        self.tree.iter().filter_map(|(path, _)| match path.split() {
            Some((b"", name)) => Name::new(name).ok(),
            _ => None,
        })
    }
}

impl Plan {
    /// Whether this makes in `shape` what is called as everything in that shape is: nothing else appears in DIR.
    #[must_use]
    pub fn is_in_shape(&self, shape: &Shape) -> bool {
        let named: BTreeSet<Name> = match shape {
            Shape::ServiceDirectory { log } => {
                let always = [NOTIFICATION_FD, RUN, INSTANCE, INSTANCES, TEMPLATE];
                let names = always.into_iter().chain(log.is_some().then_some(LOG));
                names.filter_map(|path| Name::new(path.as_bytes()).ok()).collect()
            }
            Shape::S6Rc(definition) => {
                let logger = definition.log().map(|consumer| &consumer.logger);
                core::iter::once(definition.service()).chain(logger).map(|name| name.as_name().clone()).collect()
            }
        };
        self.placement == Placement::of(shape) && self.parts().collect::<BTreeSet<_>>() == named
    }
}

/// Where a plan may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// As DIR, which must not exist.
    New,
    /// In DIR, which may exist: the plan's parts become entries of it.
    Within,
}

impl Placement {
    /// Where what is made in this shape goes.
    #[must_use]
    pub const fn of(shape: &Shape) -> Self {
        match shape {
            Shape::ServiceDirectory { .. } => Self::New,
            Shape::S6Rc(_) => Self::Within,
        }
    }
}

/// The text form of [`Plan::tree`], for people and for snapshots; warnings are not in it.
///
/// ```
/// use s6_instance_maker_core::facts::Facts;
/// use s6_instance_maker_core::path::TreePath;
/// use s6_instance_maker_core::plan::plan;
/// use s6_instance_maker_core::request::{Request, Shape};
/// use s6_instance_maker_core::target::Target;
/// use s6_instance_maker_core::template::{FileFacts, Template};
/// use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
///
/// let root = Ids { uid: 0, gid: 0 };
/// let seen = |mode| Meta { mode: Mode::new(mode), owner: Some(root) };
/// let mut template = Template::new(seen(0o755));
/// template.insert(TreePath::parse(*b"run")?, Node::new(seen(0o755), Kind::File(FileFacts::default())))?;
///
/// let request = Request {
///     shape: Shape::ServiceDirectory { log: None },
///     max_instances: None,
///     user: None,
///     target: Target::default(),
///     idle_logger_options: vec![],
/// };
/// let facts = Facts { umask: Mode::new(0o022), caller: root, accounts: [].into() };
/// let plan = plan(&request, &facts, &template)?;
/// // In your own tests: insta::assert_snapshot!(plan, @"...")
/// assert_eq!(plan.to_string(), "\
/// 0755 dir  .
/// 0755 dir  instance
/// 0755 dir  instances
/// 0644 file notification-fd
///      | 3
/// 0755 file run
///      | #!/usr/bin/execlineb -P
///      |
///      | fdmove -c 2 1
///      | s6-svscan -d3 -- instance
/// 0755 dir  template
/// 0755 file template/run <- run
/// ");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.fmt(f)
    }
}

/// What a regular file of a plan holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Generated(Vec<u8>),
    /// What the template has at this path.
    Template(TreePath),
}

impl DisplayContent for Content {
    fn fmt_content(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Template(path) => write!(f, " <- {}", ShownWord(path.as_bytes())),
            Self::Generated(bytes) => {
                let body = bytes.strip_suffix(b"\n");
                for line in body.unwrap_or(bytes).split(|&byte| byte == b'\n') {
                    f.write_str("\n     |")?;
                    if !line.is_empty() {
                        write!(f, " {}", Shown(line))?;
                    }
                }
                if body.is_none() {
                    f.write_str("\n     (no newline at the end)")?;
                }
                Ok(())
            }
        }
    }
}

/// Why there can be no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// s6-svscan has no room for so many instances with their loggers.
    #[error(
        "-c {given}: the template has a log directory, and s6-svscan from 2.12 on has room for {most} instances with a logger",
        most = MOST_LOGGED
    )]
    TooManyLogged {
        /// How many were asked for.
        given: u32,
    },
    /// The result's owner could not read it.
    #[error("umask {umask}: the files would be unreadable for their owner")]
    UnreadableUmask {
        /// The umask.
        umask: Mode,
    },
    /// The instances cannot run as the user that was asked for.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// A path of the result is too long.
    #[error("`template/{path}`: {source}")]
    Path {
        /// The path in the template.
        path: TreePath,
        /// What is wrong with it.
        source: PathError,
    },
    /// Two parts of the result are in each other's way.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

const INSTANCE: TreePath = TreePath::constant("instance");
const INSTANCES: TreePath = TreePath::constant("instances");
const NOTIFICATION_FD: TreePath = TreePath::constant("notification-fd");
const RUN: TreePath = TreePath::constant("run");
const TEMPLATE: TreePath = TreePath::constant("template");
const TYPE: TreePath = TreePath::constant("type");
const PRODUCER_FOR: TreePath = TreePath::constant("producer-for");
const CONSUMER_FOR: TreePath = TreePath::constant("consumer-for");
const PIPELINE_NAME: TreePath = TreePath::constant("pipeline-name");

/// Computes what shall be made of `template`: the same arguments, the same plan.
pub fn plan(request: &Request, facts: &Facts, template: &Template) -> Result<Plan, PlanError> {
    let modes = Modes::under(facts.umask)?;
    let run =
        scripts::supervisor(request, template.is_logged()).map_err(|NoRoom { given }| PlanError::TooManyLogged { given })?;
    let wrapping = match &request.user {
        Some(user) => Wrapping::new(user, &request.target, facts, template)?,
        None => Wrapping::default(),
    };
    let mut draft =
        Draft { tree: Tree::new(Meta::callers(Modes::DIRECTORY)), modes, warnings: warnings(request, facts, &wrapping) };

    match &request.shape {
        Shape::ServiceDirectory { log } => {
            draft.longrun(&TreePath::ROOT, run, modes.script)?;
            draft.directory(INSTANCE)?;
            draft.directory(INSTANCES)?;
            draft.template(&TreePath::ROOT, facts, template, &wrapping)?;
            if let Some(logging) = log {
                draft.directory(LOG)?;
                draft.longrun(&LOG, scripts::logger(logging, &request.target), modes.script)?;
            }
        }
        Shape::S6Rc(definition) => {
            let service = draft.definition(definition.service(), run)?;
            draft.template(&service, facts, template, &wrapping)?;
            if let Some(Consumer { logger, pipeline, logging }) = definition.log() {
                draft.list(&service, &PRODUCER_FOR, logger)?;
                let log = draft.definition(logger, scripts::logger(logging, &request.target))?;
                draft.list(&log, &CONSUMER_FOR, definition.service())?;
                if let Some(pipeline) = pipeline {
                    draft.list(&log, &PIPELINE_NAME, pipeline)?;
                }
            }
        }
    }
    Ok(Plan { tree: draft.tree, placement: Placement::of(&request.shape), warnings: draft.warnings })
}

/// A plan in the making.
struct Draft {
    tree: Tree<Content>,
    modes: Modes,
    warnings: Vec<Warning>,
}

impl Draft {
    fn directory(&mut self, path: TreePath) -> Result<(), PlanError> {
        Ok(self.tree.insert(path, Node::new(Meta::callers(Modes::DIRECTORY), Kind::Directory))?)
    }

    fn file(&mut self, directory: &TreePath, name: &TreePath, mode: Mode, bytes: Vec<u8>) -> Result<(), PlanError> {
        let path = below(directory, name)?;
        Ok(self.tree.insert(path, Node::new(Meta::callers(mode), Kind::File(Content::Generated(bytes))))?)
    }

    /// What every longrun here has: it is ready when it writes to descriptor 3, and it is run by a script.
    fn longrun(&mut self, directory: &TreePath, script: Script, mode: Mode) -> Result<(), PlanError> {
        self.file(directory, &NOTIFICATION_FD, self.modes.file, b"3\n".to_vec())?;
        self.file(directory, &RUN, mode, script.into_bytes())
    }

    /// A source definition directory of a longrun; s6-rc-compile makes its script executable.
    fn definition(&mut self, name: &ServiceName, script: Script) -> Result<TreePath, PlanError> {
        let directory = TreePath::from(name.as_name().clone());
        self.directory(directory.clone())?;
        self.longrun(&directory, script, self.modes.file)?;
        self.file(&directory, &TYPE, self.modes.file, b"longrun\n".to_vec())?;
        Ok(directory)
    }

    /// A file of s6-rc that lists one name.
    fn list(&mut self, directory: &TreePath, file: &TreePath, name: &ServiceName) -> Result<(), PlanError> {
        self.file(directory, file, self.modes.file, [name.as_name().as_bytes(), b"\n"].concat())
    }

    /// The copy of the template in `directory`.
    fn template(
        &mut self,
        directory: &TreePath,
        facts: &Facts,
        template: &Template,
        wrapping: &Wrapping,
    ) -> Result<(), PlanError> {
        let base = below(directory, &TEMPLATE)?;
        let state = template.state();
        for (path, node) in template.tree().iter() {
            if let Some(state) = state.iter().find(|state| path.starts_with(state)) {
                if path == state {
                    self.warnings.push(Warning::StateNotCopied(path.clone()));
                }
                continue;
            }
            let kind = match &node.kind {
                Kind::Directory => Kind::Directory,
                Kind::File(_) => Kind::File(Content::Template(path.clone())),
                Kind::Symlink(target) => Kind::Symlink(target.clone()),
                Kind::Fifo => Kind::Fifo,
            };
            let meta = facts.copied(node.meta, &kind);
            if meta.mode != node.meta.mode {
                self.warnings.push(Warning::SetIdDropped(path.clone()));
            }
            let node = Node::new(meta, kind);
            match wrapping.of(path) {
                None => self.tree.insert(below(&base, path)?, node)?,
                Some(wrapped) => {
                    self.tree.insert(below(&base, &wrapped.renamed)?, node)?;
                    self.file(&base, path, Modes::WRAPPER, wrapped.script.clone())?;
                }
            }
        }
        Ok(())
    }
}

fn below(directory: &TreePath, path: &TreePath) -> Result<TreePath, PlanError> {
    directory.join_path(path).map_err(|source| PlanError::Path { path: path.clone(), source })
}

/// The modes of what is generated (docs/original.md, "Modes").
#[derive(Clone, Copy)]
struct Modes {
    file: Mode,
    script: Mode,
}

impl Modes {
    /// Directories, whatever the umask.
    const DIRECTORY: Mode = Mode::new(0o755);
    /// Scripts that drop privileges: any account must be able to read and run them.
    const WRAPPER: Mode = Mode::new(0o755);

    fn under(umask: Mode) -> Result<Self, PlanError> {
        if umask.has(0o400) {
            return Err(PlanError::UnreadableUmask { umask });
        }
        let file = Mode::new(0o666).without(umask.bits());
        // Who may read a script may execute it.
        let script = Mode::new(u32::from(file.bits() | (file.bits() & 0o444) >> 2));
        Ok(Self { file, script })
    }
}

fn warnings(request: &Request, facts: &Facts, wrapping: &Wrapping) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if !request.idle_logger_options.is_empty() {
        warnings.push(Warning::IdleLoggerOptions(request.idle_logger_options.clone()));
    }
    if let Some(logging) = request.shape.logging()
        && !LOG_FILE_SIZES.contains(&logging.file_size)
    {
        warnings.push(Warning::LogFileSize { given: logging.file_size });
    }
    if let Some(version) = request.target.s6_version.filter(|&version| version > S6Version::NEWEST) {
        warnings.push(Warning::NewerS6 { given: version });
    }
    if !warning::writers(facts.umask).is_empty() {
        warnings.push(Warning::WritableScripts { umask: facts.umask });
    }
    warnings.extend(wrapping.user_writable().iter().cloned().map(Warning::UserWritable));
    warnings.extend(wrapping.links().iter().cloned().map(Warning::LinkToWrapped));
    warnings.extend(wrapping.unknown_account().cloned().map(Warning::UnknownAccount));
    warnings
}
