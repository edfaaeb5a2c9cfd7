//! Facts about this process and about accounts, for the core.

use cap_std::AmbientAuthority;
use nix::unistd::{Gid, User, getgrouplist};
use s6_instance_maker_core::facts::{Credentials, Facts};
use s6_instance_maker_core::request::{Account, Request};
use s6_instance_maker_core::tree::{Ids, Mode};
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt as _;

/// The process's umask and ids, and the accounts that a request names, as far as they are known here.
///
/// # Ambient Authority
///
/// Clears the process's umask, so that files get the modes that they are made with; and asks the system for accounts, which may
/// read files and ask daemons.
#[must_use]
pub fn resolve(request: Option<&Request>, _: AmbientAuthority) -> Facts {
    #[expect(clippy::disallowed_methods, reason = "its one place; the caller holds ambient authority")]
    let umask = Mode::new(rustix::process::umask(rustix::fs::Mode::empty()).as_raw_mode());
    let caller = Ids { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() };
    let mut accounts = BTreeMap::new();
    if let Some(Account::Named(name)) = request.and_then(|request| request.user.as_ref())
        && let Some(credentials) = look_up(name.as_bytes())
    {
        accounts.insert(name.clone(), credentials);
    }
    Facts { umask, caller, accounts }
}

/// An account that cannot be looked up is one that is not known here: it may exist where the result will run.
fn look_up(name: &[u8]) -> Option<Credentials> {
    // nix takes names as str; an account's name that is not UTF-8 cannot be asked for.
    let user = User::from_name(OsStr::from_bytes(name).to_str()?).ok()??;
    let groups = getgrouplist(&CString::new(name).ok()?, user.gid).unwrap_or_else(|_| vec![user.gid]);
    let ids = Ids { uid: user.uid.as_raw(), gid: user.gid.as_raw() };
    Some(Credentials { ids, groups: groups.into_iter().map(Gid::as_raw).collect() })
}
