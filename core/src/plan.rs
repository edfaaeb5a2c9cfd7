//! The plan: a pure function from what is wanted and what was seen to the tree that shall be made.
//!
//! The bytes and modes are those of s6's own program wherever its result works (docs/original.md, "Generated files" and
//! "Modes"); where it does not, docs/deviations.md says what is made instead.

use crate::access::UserAccess;
use crate::copying::Copying;
use crate::definition::{Consumer, Definition, ServiceName};
use crate::escape::{Shown, ShownWord};
use crate::execline::Script;
use crate::facts::Facts;
use crate::instances::{DeclaredTwice, InstanceName, Instances, NameMax};
use crate::lint::{self, Findings};
use crate::message::Said;
use crate::path::{Name, PathError, TreePath};
use crate::request::{LOG_FILE_SIZES, Request, Shape};
use crate::scripts::{self, MOST_LOGGED, NoRoom};
use crate::target::S6Version;
use crate::template::{LOG, Template};
use crate::tree::{DisplayContent, Kind, Meta, Mode, Node, Tree, TreeError};
use crate::warning::{self, Warning};
use crate::wrap::{WrapError, Wrapping};
use alloc::collections::BTreeSet;
use alloc::format;
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
    /// Whether this makes in `shape` what is called as everything in that shape is, and with the instances of the shape and of
    /// `facts`: nothing else appears in DIR, nor in its `instance` and `instances`.
    #[must_use]
    pub fn is_in_shape(&self, shape: &Shape, facts: &Facts) -> bool {
        let named: BTreeSet<Name> = match shape {
            Shape::ServiceDirectory { log, .. } => {
                let always = [NOTIFICATION_FD, RUN, INSTANCE, INSTANCES, TEMPLATE];
                let names = always.into_iter().chain(log.is_some().then_some(LOG));
                names.filter_map(|path| Name::new(path.as_bytes()).ok()).collect()
            }
            Shape::S6Rc(definition) => {
                let logger = definition.log().map(|consumer| &consumer.logger);
                core::iter::once(definition.service()).chain(logger).map(|name| name.as_name().clone()).collect()
            }
        };
        let instances_fit = match shape {
            Shape::ServiceDirectory { instances, .. } => instances.and(&facts.instances).is_ok_and(|instances| {
                let names: BTreeSet<_> = instances.iter().map(|name| name.as_name().as_bytes()).collect();
                [INSTANCE, INSTANCES].iter().all(|directory| self.names_in(directory) == names)
            }),
            Shape::S6Rc(_) => facts.instances.is_empty(),
        };
        self.placement == Placement::of(shape) && self.parts().collect::<BTreeSet<_>>() == named && instances_fit
    }

    fn names_in(&self, directory: &TreePath) -> BTreeSet<&[u8]> {
        let split = self.tree.iter().filter_map(|(path, _)| path.split());
        split.filter(|(parent, _)| *parent == directory.as_bytes()).map(|(_, name)| name).collect()
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
/// use s6_instance_maker_core::instances::Instances;
/// use s6_instance_maker_core::path::TreePath;
/// use s6_instance_maker_core::plan::plan;
/// use s6_instance_maker_core::request::{Request, Shape};
/// use s6_instance_maker_core::template::{FileFacts, Template};
/// use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
///
/// let root = Ids { uid: 0, gid: 0 };
/// let seen = |mode| Meta { mode: Mode::new(mode), owner: Some(root) };
/// let mut template = Template::new(seen(0o755));
/// template.insert(TreePath::parse(*b"run")?, Node::new(seen(0o755), Kind::File(FileFacts::default())))?;
///
/// let request = Request::new(Shape::ServiceDirectory { log: None, instances: Instances::default() });
/// let facts =
///     Facts { umask: Mode::new(0o022), caller: root, accounts: [].into(), instances: Instances::default() };
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
            Self::Generated(bytes) if bytes.is_empty() => f.write_str("\n     (empty)"),
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
    /// The template cannot work, or is not as it should be.
    #[error(transparent)]
    Lint(#[from] Findings),
    /// The instances cannot run as the user that was asked for.
    #[error(transparent)]
    Wrap(#[from] WrapError),
    /// More instances are declared than there is room for.
    #[error("{declared} instances are declared, and there is room for {room}")]
    TooManyInstances {
        /// How many.
        declared: usize,
        /// For how many there is room.
        room: u32,
    },
    /// A declared instance has a name that s6-svscan will pass over.
    #[error("the instance `{name}` has a longer name than --name-max allows, {} bytes", .name_max.get())]
    LongInstanceName {
        /// The name.
        name: InstanceName,
        /// What is allowed.
        name_max: NameMax,
    },
    /// An instance is declared on the command line and in a file.
    #[error(transparent)]
    DeclaredTwice(#[from] DeclaredTwice),
    /// Instances are declared for source definitions.
    #[error("instances cannot be declared for s6-rc: s6-rc-compile makes their directories itself, empty")]
    NoInstancesForS6Rc,
    /// A path of the result is too long.
    #[error("`{directory}/{path}`: {source}")]
    Path {
        /// The directory of the result that it would be in.
        directory: TreePath,
        /// The path below it.
        path: TreePath,
        /// What is wrong with it.
        source: PathError,
    },
    /// Two parts of the result are in each other's way.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl PlanError {
    /// What there is to say about it: a line for each finding about the template, one for anything else.
    #[must_use]
    pub fn said(&self) -> Vec<Said> {
        match self {
            Self::Lint(findings) => findings.iter().map(|finding| Said::new(finding, Some(finding.rule.hint()))).collect(),
            other => Vec::from([Said::new(other, None)]),
        }
    }
}

const INSTANCE: TreePath = TreePath::constant("instance");
pub(crate) const INSTANCES: TreePath = TreePath::constant("instances");
const NOTIFICATION_FD: TreePath = TreePath::constant("notification-fd");
const RUN: TreePath = TreePath::constant("run");
const TEMPLATE: TreePath = TreePath::constant("template");
const TYPE: TreePath = TreePath::constant("type");
const PRODUCER_FOR: TreePath = TreePath::constant("producer-for");
const CONSUMER_FOR: TreePath = TreePath::constant("consumer-for");
const PIPELINE_NAME: TreePath = TreePath::constant("pipeline-name");
const DEPENDENCIES: TreePath = TreePath::constant("dependencies.d");
const ESSENTIAL: TreePath = TreePath::constant("flag-essential");
const TIMEOUT_UP: TreePath = TreePath::constant("timeout-up");
const TIMEOUT_DOWN: TreePath = TreePath::constant("timeout-down");

/// Computes what shall be made of `template`: the same arguments, the same plan.
pub fn plan(request: &Request, facts: &Facts, template: &Template) -> Result<Plan, PlanError> {
    let modes = Modes::under(facts.umask)?;
    let run =
        scripts::supervisor(request, template.is_logged()).map_err(|NoRoom { given }| PlanError::TooManyLogged { given })?;
    let instances = instances(request, facts)?;
    let findings = lint::warnings(lint::lint(request, facts, template), request.lint.severity)?;
    let copying = Copying::new(request.script_modes, facts, template);
    let wrapping = match &request.user {
        Some(user) => Wrapping::new(user, &request.target, template, &UserAccess::new(user, facts, template, &copying))?,
        None => Wrapping::default(),
    };
    let mut warnings = warnings(request, facts, &wrapping);
    warnings.extend(findings.into_iter().map(Warning::Lint));
    let copy = Copy::new(template, &copying, &wrapping, &mut warnings)?;
    let mut draft = Draft { tree: Tree::new(Meta::callers(Modes::DIRECTORY)), modes };

    match &request.shape {
        Shape::ServiceDirectory { log, .. } => {
            draft.longrun(&TreePath::ROOT, run, modes.script)?;
            draft.directory(INSTANCE)?;
            draft.directory(INSTANCES)?;
            draft.copy(&TEMPLATE, &copy)?;
            for instance in instances.iter() {
                draft.instance(instance, &copy)?;
            }
            if let Some(logging) = log {
                draft.directory(LOG)?;
                draft.longrun(&LOG, scripts::logger(logging, &request.target), modes.script)?;
            }
        }
        Shape::S6Rc(definition) => {
            let service = draft.definition(definition.service(), definition, run)?;
            draft.managed(&service, definition)?;
            draft.copy(&below(&service, &TEMPLATE)?, &copy)?;
            if let Some(Consumer { logger, pipeline, logging }) = definition.log() {
                draft.list(&service, &PRODUCER_FOR, logger)?;
                let log = draft.definition(logger, definition, scripts::logger(logging, &request.target))?;
                draft.list(&log, &CONSUMER_FOR, definition.service())?;
                if let Some(pipeline) = pipeline {
                    draft.list(&log, &PIPELINE_NAME, pipeline)?;
                }
            }
        }
    }
    Ok(Plan { tree: draft.tree, placement: Placement::of(&request.shape), warnings })
}

/// All instances that shall be there from the start, if there can be.
fn instances(request: &Request, facts: &Facts) -> Result<Instances, PlanError> {
    let instances = match &request.shape {
        Shape::ServiceDirectory { instances, .. } => instances.and(&facts.instances)?,
        Shape::S6Rc(_) if facts.instances.is_empty() => Instances::default(),
        Shape::S6Rc(_) => return Err(PlanError::NoInstancesForS6Rc),
    };
    let (declared, room) = (instances.iter().len(), request.room().get());
    if u32::try_from(declared).map_or(true, |declared| declared > room) {
        return Err(PlanError::TooManyInstances { declared, room });
    }
    if let Some(name_max) = request.name_max
        && let Some(name) = instances.iter().find(|name| !name_max.allows(name))
    {
        return Err(PlanError::LongInstanceName { name: name.clone(), name_max });
    }
    Ok(instances)
}

/// What every copy of the template is, by its paths there.
struct Copy(Vec<(TreePath, Node<Content>)>);

impl Copy {
    fn new(
        template: &Template,
        copying: &Copying<'_>,
        wrapping: &Wrapping,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, PlanError> {
        const SET_ID: u16 = Mode::SET_UID | Mode::SET_GID;
        let state = template.state();
        let mut entries = Vec::with_capacity(template.tree().count());
        for (path, node) in template.tree().iter() {
            if state.iter().any(|state| path.starts_with(state)) {
                continue;
            }
            let kind = match &node.kind {
                Kind::Directory => Kind::Directory,
                Kind::File(_) => Kind::File(Content::Template(path.clone())),
                Kind::Symlink(target) => Kind::Symlink(target.clone()),
                Kind::Fifo => Kind::Fifo,
            };
            let meta = copying.meta(path, node);
            if node.meta.mode.bits() & !meta.mode.bits() & SET_ID != 0 {
                warnings.push(Warning::SetIdDropped(path.clone()));
            }
            let node = Node::new(meta, kind);
            match wrapping.of(path) {
                None => entries.push((path.clone(), node)),
                Some(wrapped) => {
                    let script = Kind::File(Content::Generated(wrapped.script.clone()));
                    entries.push((wrapped.renamed.clone(), node));
                    entries.push((path.clone(), Node::new(Meta::callers(Modes::WRAPPER), script)));
                }
            }
        }
        Ok(Self(entries))
    }
}

/// A plan in the making.
struct Draft {
    tree: Tree<Content>,
    modes: Modes,
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
    fn definition(&mut self, name: &ServiceName, definition: &Definition, script: Script) -> Result<TreePath, PlanError> {
        let directory = TreePath::from(name.as_name().clone());
        self.directory(directory.clone())?;
        self.longrun(&directory, script, self.modes.file)?;
        self.file(&directory, &TYPE, self.modes.file, b"longrun\n".to_vec())?;
        let depends_on = &definition.management().depends_on;
        if !depends_on.is_empty() {
            let dependencies = below(&directory, &DEPENDENCIES)?;
            self.directory(dependencies.clone())?;
            for dependency in depends_on {
                self.file(&dependencies, &dependency.as_name().clone().into(), self.modes.file, Vec::new())?;
            }
        }
        Ok(directory)
    }

    /// What s6-rc is told about the service itself; its logger follows it.
    fn managed(&mut self, directory: &TreePath, definition: &Definition) -> Result<(), PlanError> {
        let management = definition.management();
        if management.essential {
            self.file(directory, &ESSENTIAL, self.modes.file, Vec::new())?;
        }
        for (name, milliseconds) in [(TIMEOUT_UP, management.timeout_up), (TIMEOUT_DOWN, management.timeout_down)] {
            if let Some(milliseconds) = milliseconds {
                self.file(directory, &name, self.modes.file, format!("{milliseconds}\n").into_bytes())?;
            }
        }
        Ok(())
    }

    /// A file of s6-rc that lists one name.
    fn list(&mut self, directory: &TreePath, file: &TreePath, name: &ServiceName) -> Result<(), PlanError> {
        self.file(directory, file, self.modes.file, [name.as_name().as_bytes(), b"\n"].concat())
    }

    /// A copy of the template as `directory`.
    fn copy(&mut self, directory: &TreePath, copy: &Copy) -> Result<(), PlanError> {
        for (path, node) in &copy.0 {
            self.tree.insert(below(directory, path)?, node.clone())?;
        }
        Ok(())
    }

    /// An instance as s6-instance-create makes it: a copy of the template, and a link to it in the scan directory.
    fn instance(&mut self, name: &InstanceName, copy: &Copy) -> Result<(), PlanError> {
        let name = TreePath::from(name.as_name().clone());
        let target = [b"../", INSTANCES.as_bytes(), b"/", name.as_bytes()].concat();
        let link = Node::new(Meta::callers(Mode::new(0o777)), Kind::Symlink(target));
        self.tree.insert(below(&INSTANCE, &name)?, link)?;
        self.copy(&below(&INSTANCES, &name)?, copy)
    }
}

fn below(directory: &TreePath, path: &TreePath) -> Result<TreePath, PlanError> {
    let place = directory.join_path(path);
    place.map_err(|source| PlanError::Path { directory: directory.clone(), path: path.clone(), source })
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
