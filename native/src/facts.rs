//! Facts about this process and about accounts, for the core.

use crate::error::Error;
use cap_std::AmbientAuthority;
use nix::errno::Errno;
use nix::unistd::{Gid, User, getgrouplist};
use s6_instance_maker_core::account::Account;
use s6_instance_maker_core::account::Credentials;
use s6_instance_maker_core::facts::Facts;
use s6_instance_maker_core::request::Request;
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
#[expect(clippy::disallowed_methods, reason = "its one place; the caller holds ambient authority")]
pub fn take(request: &Request, _: AmbientAuthority) -> Result<Facts, Error> {
    let umask = Mode::new(rustix::process::umask(rustix::fs::Mode::empty()).as_raw_mode());
    let caller = Ids { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() };
    let mut accounts = BTreeMap::new();
    let log_user = request.shape.logging().and_then(|logging| logging.user.as_ref()).map(|user| &user.account);
    for account in request.user.iter().chain(log_user) {
        let Account::Named(name) = account else { continue };
        let found = look_up(name.as_bytes()).map_err(|error| Error::Account { name: name.clone(), source: error.into() })?;
        accounts.extend(found.map(|credentials| (name.clone(), credentials)));
    }
    Ok(Facts { umask, caller, accounts })
}

/// Facts about whoever will unpack an archive: root under umask 022, whoever makes it, and the accounts that a request names, as far as
/// they are known here.
///
/// # Ambient Authority
///
/// See [`take`].
pub fn take_for_archive(request: &Request, ambient: AmbientAuthority) -> Result<Facts, Error> {
    let here = take(request, ambient)?;
    Ok(Facts { umask: Mode::new(0o022), caller: Ids { uid: 0, gid: 0 }, ..here })
}

/// An account and its groups; none when there is no such account here, which may yet exist where the result will run.
fn look_up(name: &[u8]) -> Result<Option<Credentials>, Errno> {
    // nix takes names as str; an account whose name is not UTF-8 cannot be asked for.
    let Some(text) = OsStr::from_bytes(name).to_str() else { return Ok(None) };
    let user = match User::from_name(text) {
        Ok(Some(user)) => user,
        // getpwnam(3) lists these as answers for "there is none".
        Ok(None) | Err(Errno::ENOENT | Errno::ESRCH | Errno::EBADF | Errno::EPERM) => return Ok(None),
        Err(error) => return Err(error),
    };
    let groups = getgrouplist(&CString::new(name).map_err(|_| Errno::EINVAL)?, user.gid)?;
    let ids = Ids { uid: user.uid.as_raw(), gid: user.gid.as_raw() };
    Ok(Some(Credentials { ids, groups: groups.into_iter().map(Gid::as_raw).collect() }))
}
