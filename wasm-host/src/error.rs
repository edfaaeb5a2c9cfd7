//! Errors of a guest, for the person who runs it.

use crate::limits::Limits;
use s6_instance_maker::Error;
use s6_instance_maker_core::check::Violation;
use s6_instance_maker_core::escape::Excerpt;
use s6_instance_maker_core::message::Message;
use s6_instance_maker_core::wire::WireError;
use std::io;

/// The reason why a guest has no plan, or one that is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The file with the module could not be read.
    #[error(transparent)]
    File(Box<Error>),
    /// The bytes are not a module, or this program cannot run it.
    #[error("the module is refused: {}", Excerpt(.0.as_bytes()))]
    NotAModule(String),
    /// Its compilation would take too much time or memory.
    #[error("the module is refused: it has more than {max} {noun}; larger modules are not compiled")]
    TooComplex {
        /// The name of what it has too much of, in the plural.
        noun: &'static str,
        /// The most that a module may have of it.
        max: u64,
    },
    /// It imports more than is offered.
    #[error("the module is refused: it imports `{}`; only the functions in docs/plan-format.md are offered", Excerpt(.0.as_bytes()))]
    Import(String),
    /// It lacks something that every guest has.
    #[error("the module is refused: it does not export {0}")]
    Export(&'static str),
    /// An argument has a NUL in it; no argument of a process can.
    #[error("an argument contains a NUL")]
    Nul,
    /// The built-in module could not be loaded.
    #[error("unable to load the built-in module: {}", Excerpt(.0.as_bytes()))]
    BuiltIn(String),
    /// A thread for it could not be started.
    #[error("unable to start a thread for the module: {}", s6_instance_maker::error::Cause(.0))]
    Thread(io::Error),
    /// There was not even enough for its beginning.
    #[error("unable to set up the module: {}", Excerpt(.0.as_bytes()))]
    SetUp(String),
    /// It has used up its fuel.
    #[error("the module was stopped: it has used up its fuel, {}", .0.fuel)]
    Fuel(Limits),
    /// It required more memory.
    #[error("the module ended: it may not use more than {} bytes of memory", .0.memory)]
    Memory(Limits),
    /// The system had no more memory for it.
    #[error("the module ended: the system has no more memory for it")]
    NoMemory,
    /// Its calls went too deep.
    #[error("the module was stopped: its calls need more than {} bytes of stack", .0.stack)]
    Stack(Limits),
    /// It has written too much.
    #[error("the module was stopped: it writes more than {} bytes", .0.output)]
    Output(Limits),
    /// Its messages are too long.
    #[error("the module was stopped: its messages are longer than {} bytes", Limits::MESSAGES)]
    Messages,
    /// It did something that no program may.
    #[error("the module was stopped: {}", Excerpt(.0.as_bytes()))]
    Trap(String),
    /// It named memory that it does not have.
    #[error("the module was stopped: it passed an address outside its memory")]
    Pointer,
    /// It has no plan, and says why.
    #[error("{}", messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("; "))]
    Refused {
        /// Its messages.
        messages: Vec<Message>,
        /// Its exit code, 100 or 111.
        code: u8,
    },
    /// It ended otherwise than programs of this project do.
    #[error("the module ended with exit code {code} and the messages `{}`", Excerpt(.messages))]
    Exit {
        /// Its exit code.
        code: i32,
        /// Its messages.
        messages: Vec<u8>,
    },
    /// It has a plan, and messages beside it.
    #[error("the module wrote a plan, and the messages `{}`", Excerpt(.0))]
    Talkative(Vec<u8>),
    /// Its output is not a plan.
    #[error("the module's output: {0}")]
    Document(#[from] WireError),
    /// It is a plan for something else.
    #[error("the module's output: a plan for another template, other options or another shape")]
    OtherJob,
    /// It is a plan that does what no plan may.
    #[error("the module's output: {0}")]
    Violation(#[from] Violation),
    /// A signal asked the program to end.
    #[error(transparent)]
    Interrupted(Box<Error>),
}

impl SandboxError {
    /// 100: the module that the user named is none, or lies. 111: it was stopped, or the system refused something.
    const fn exit_code(&self) -> u8 {
        match self {
            Self::File(error) | Self::Interrupted(error) => error.exit_code(),
            Self::NotAModule(_) | Self::TooComplex { .. } | Self::Import(_) | Self::Export(_) | Self::Nul => 100,
            Self::Talkative(_) | Self::Document(_) | Self::OtherJob | Self::Violation(_) => 100,
            Self::Refused { code, .. } => *code,
            _ => 111,
        }
    }

    /// A hint.
    const fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Fuel(_) => Some("raise the limit if you trust the module: --fuel N"),
            Self::Memory(_) => Some("raise the limit if you trust the module: --memory BYTES"),
            Self::Stack(_) => Some("raise the limit if you trust the module: --stack BYTES"),
            Self::Output(_) => Some("raise the limit if you trust the module: --output-limit BYTES"),
            _ => None,
        }
    }
}

impl From<SandboxError> for Error {
    fn from(error: SandboxError) -> Self {
        match error {
            SandboxError::File(error) | SandboxError::Interrupted(error) => *error,
            SandboxError::Refused { messages, code } => Self::Planner { messages, exit_code: code },
            error => Self::Planner { messages: vec![Message::new(&error, error.hint())], exit_code: error.exit_code() },
        }
    }
}
