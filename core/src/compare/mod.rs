//! A plan beside what is at DIR: the differences that a refresh would remove, and notes about what it leaves alone.
//!
//! Pure: a walk and the contents of files are its arguments. What belongs to the living service is never a difference
//! (docs/original.md, "Bringing a living service up to date").

mod copies;
mod difference;
mod instance;
mod link;
mod note;
mod refresh_error;
mod scope;
mod sides;
mod state;
mod step;

pub use crate::layout::{
    CONTENTS_D, CONTROL, INSTANCE, INSTANCES, LOG, RECORD, RUN, STAGING_PREFIX, TEMPLATE, is_updated_by_s6_rc,
};
pub use copies::{CopyState, Fingerprint, Version, instances};
pub use difference::{Cause, Difference, Differences, Fate};
pub use instance::InstanceRefresh;
pub use link::{Link, LinkKind};
pub use note::{Note, notes};
pub use refresh_error::RefreshError;
pub use scope::{Claim, Scope, Visit};
pub use sides::{Contents, OwnerPower, Questions, Sides, compare};
pub use state::{Digest, Found, State, StateKind, within};
pub use step::{LoggerChange, Refresh, Step};
