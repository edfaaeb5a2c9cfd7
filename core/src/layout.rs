//! The file names that s6, s6-log and s6-rc know, each once (docs/original.md, "Generated files", "Control files of s6-supervise"
//! and "Source definitions of s6-rc").
//!
//! Names of files are [`Name`]s; directories in a service directory that contain others are [`TreePath`]s.

use crate::path::{Name, TreePath};

/// The script that s6-supervise runs as the service.
pub const RUN: Name = Name::constant("run");
/// The script that s6-supervise runs when the service has ended.
pub(crate) const FINISH: Name = Name::constant("finish");
/// The script itself where a wrapper has the name `run`; s6-rc gives it the same name.
pub(crate) const RUN_USER: Name = Name::constant("run.user");
/// The script itself where a wrapper has the name `finish`; s6-rc gives it the same name.
pub(crate) const FINISH_USER: Name = Name::constant("finish.user");
/// The directory of a service's logger, itself a service directory.
pub const LOG: TreePath = TreePath::constant(&"log");
/// The program that s6-notifyoncheck runs to find out whether a service is ready.
pub(crate) const DATA_CHECK: TreePath = TreePath::constant(&"data/check");
/// The file that keeps a service down until somebody starts it.
pub(crate) const DOWN: Name = Name::constant("down");

/// The descriptor by which a service reports that it is ready.
pub(crate) const NOTIFICATION_FD: Name = Name::constant("notification-fd");
/// The descriptor of a service's lock.
pub(crate) const LOCK_FD: Name = Name::constant("lock-fd");
/// The time after which a service that does not stop is killed.
pub(crate) const TIMEOUT_KILL: Name = Name::constant("timeout-kill");
/// The time that `finish` has.
pub(crate) const TIMEOUT_FINISH: Name = Name::constant("timeout-finish");
/// The number of deaths that s6-supervise remembers.
pub(crate) const MAX_DEATH_TALLY: Name = Name::constant("max-death-tally");
/// The signal that stops a service.
pub(crate) const DOWN_SIGNAL: Name = Name::constant("down-signal");
/// The signal that makes a service read its configuration again.
pub(crate) const RELOAD_SIGNAL: Name = Name::constant("reload-signal");

/// The state of s6-supervise: directories that it makes itself.
pub(crate) const STATE: [Name; 2] = [Name::constant("supervise"), Name::constant("event")];
/// The files whose contents s6-supervise reads.
pub(crate) const SETTINGS: [Name; 7] =
    [NOTIFICATION_FD, LOCK_FD, TIMEOUT_KILL, TIMEOUT_FINISH, MAX_DEATH_TALLY, DOWN_SIGNAL, RELOAD_SIGNAL];
/// The flag of a service with a namespace of process numbers of its own.
pub(crate) const FLAG_NEWPIDNS: Name = Name::constant("flag-newpidns");
/// The flag of a service whose whole process group is killed in the end.
pub(crate) const FLAG_TIMEOUT_KILLPG: Name = Name::constant("flag-timeout-killpg");
/// The flag of a service that stays in the session of its supervisor.
pub(crate) const NOSETSID: Name = Name::constant("nosetsid");
/// The files of which s6-supervise reads only the presence.
pub(crate) const FLAGS: [Name; 3] = [FLAG_NEWPIDNS, FLAG_TIMEOUT_KILLPG, NOSETSID];

/// The scan directory of an instanced service.
pub const INSTANCE: TreePath = TreePath::constant(&"instance");
/// The service directories of the instances.
pub const INSTANCES: TreePath = TreePath::constant(&"instances");
/// The copy of the template, of which s6-instance-create makes the instances.
pub const TEMPLATE: TreePath = TreePath::constant(&"template");

/// The record of earlier templates in an instanced service, of this program.
pub const RECORD: Name = Name::constant(".s6-instance-maker");
/// The beginning of the name of every staging directory of this program.
pub const STAGING_PREFIX: &str = ".s6-instance-maker+";

/// The directory that s6-rc copies whole for a longrun.
pub(crate) const DATA: TreePath = TreePath::constant(&"data");
/// The directory of environment variables, which s6-rc copies whole too.
pub(crate) const ENV: TreePath = TreePath::constant(&"env");
/// The directory for the entries of a template that s6-rc would not copy from where they are.
pub(crate) const DATA_TEMPLATE: TreePath = TreePath::constant(&"data/.template");
/// The template's `finish` there.
pub(crate) const DATA_TEMPLATE_FINISH: TreePath = TreePath::constant(&"data/.template/finish");

/// The kind of an s6-rc service.
pub(crate) const TYPE: Name = Name::constant("type");
/// The name of the logger that a service writes to.
pub(crate) const PRODUCER_FOR: Name = Name::constant("producer-for");
/// The names of the services that a logger reads from.
pub(crate) const CONSUMER_FOR: Name = Name::constant("consumer-for");
/// The name of the bundle that s6-rc-compile makes of a pipeline.
pub(crate) const PIPELINE_NAME: Name = Name::constant("pipeline-name");
/// The directory with a file for each service that must be up before.
pub(crate) const DEPENDENCIES_D: Name = Name::constant("dependencies.d");
/// The same as one list: the older form.
pub(crate) const DEPENDENCIES: Name = Name::constant("dependencies");
/// The directory with a file for each service of a bundle.
pub const CONTENTS_D: Name = Name::constant("contents.d");
/// The same as one list: the older form.
pub(crate) const CONTENTS: Name = Name::constant("contents");
/// The flag of a service that stays up when those that are not essential are stopped.
pub(crate) const FLAG_ESSENTIAL: Name = Name::constant("flag-essential");
/// The flag of a service that a repository's tools put into a new set.
pub(crate) const FLAG_RECOMMENDED: Name = Name::constant("flag-recommended");
/// The time in which a service must be ready, in milliseconds.
pub(crate) const TIMEOUT_UP: Name = Name::constant("timeout-up");
/// The time in which a service must stop, in milliseconds.
pub(crate) const TIMEOUT_DOWN: Name = Name::constant("timeout-down");

/// The files that mean something to s6-rc, in the order in which they are reported: the first [`AMBIGUOUS`] only if one of the
/// others is beside them, the others to no other program.
pub(crate) const S6_RC_FILES: [Name; 12] = [
    TYPE,
    DEPENDENCIES,
    CONTENTS,
    PRODUCER_FOR,
    CONSUMER_FOR,
    PIPELINE_NAME,
    DEPENDENCIES_D,
    CONTENTS_D,
    FLAG_ESSENTIAL,
    FLAG_RECOMMENDED,
    TIMEOUT_UP,
    TIMEOUT_DOWN,
];
/// The files with one value each that s6-rc-compile copies for a longrun.
pub(crate) const S6_RC_COPIES: [Name; 9] = [
    NOTIFICATION_FD,
    LOCK_FD,
    TIMEOUT_KILL,
    TIMEOUT_FINISH,
    MAX_DEATH_TALLY,
    DOWN_SIGNAL,
    RELOAD_SIGNAL,
    FLAG_NEWPIDNS,
    FLAG_TIMEOUT_KILLPG,
];
/// The FIFO in `supervise` by which a supervisor takes commands.
pub const CONTROL: TreePath = TreePath::constant(&"supervise/control");

/// Returns `true` if s6-rc-update brings the entry `name` of a running service's directory up to date, and of each of its instances
/// (docs/original.md, "Bringing a living service up to date").
#[must_use]
pub fn is_updated_by_s6_rc(name: &[u8]) -> bool {
    let files = [RUN, FINISH, RUN_USER, FINISH_USER];
    files.iter().chain(&S6_RC_COPIES).any(|known| known.as_bytes() == name)
        || [DATA, ENV].iter().any(|known| known.as_bytes() == name)
}

/// The number of names at the beginning of [`S6_RC_FILES`] that other programs may have a use for.
pub(crate) const AMBIGUOUS: usize = 3;
