//! Facts about this process and about accounts, for the core.

use crate::environment::Environment;
use crate::error::Error;
use crate::sys::{Status, change_owner, is_one_of, retry};
use cap_std::AmbientAuthority;
use nix::errno::Errno;
use nix::unistd::{Gid, User, getgrouplist};
use s6_instance_maker_core::account::Account;
use s6_instance_maker_core::account::Credentials;
use s6_instance_maker_core::compare::OwnerPower;
use s6_instance_maker_core::facts::{Facts, Givable};
use s6_instance_maker_core::template::Template;
use s6_instance_maker_core::tree::{Ids, Mode};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

/// The process's umask and ids, and `accounts`, those that a request names, as far as they are known here.
///
/// # Ambient Authority
///
/// Clears the process's umask, so that files get the modes that they are made with; and asks the system for accounts, which may
/// read files and ask daemons.
#[expect(clippy::disallowed_methods, reason = "its one place; the caller holds ambient authority")]
pub fn take<'a>(
    accounts: impl IntoIterator<Item = &'a Account>,
    environment: &Environment,
    _: AmbientAuthority,
) -> Result<Facts, Error> {
    let umask = Mode::new(rustix::process::umask(rustix::fs::Mode::empty()).as_raw_mode());
    let caller = Ids { uid: rustix::process::geteuid().as_raw(), gid: rustix::process::getegid().as_raw() };
    if caller.uid != 0 {
        // Whoever is seen by a stand-in for root is root.
        environment.stand_in().map_or(Ok(()), |name| Err(Error::Unseen { name }))?;
    }
    let mut known = BTreeMap::new();
    for account in accounts {
        let Account::Named(name) = account else { continue };
        let found = look_up(name.as_bytes()).map_err(|error| Error::Account { name: name.clone(), source: error.into() })?;
        known.extend(found.map(|credentials| (name.clone(), credentials)));
    }
    Ok(Facts { umask, caller, givable_users: Givable::NONE, givable_groups: Givable::NONE, accounts: known })
}

/// Facts about the account that will unpack an archive: root under umask 022, who can give files to anybody, whoever makes it; and
/// `accounts` as in [`take`].
///
/// # Ambient Authority
///
/// See [`take`].
pub fn take_for_archive<'a>(
    accounts: impl IntoIterator<Item = &'a Account>,
    environment: &Environment,
    ambient: AmbientAuthority,
) -> Result<Facts, Error> {
    let Facts { accounts, .. } = take(accounts, environment, ambient)?;
    let (umask, caller) = (Mode::new(0o022), Ids { uid: 0, gid: 0 });
    Ok(Facts { umask, caller, givable_users: Givable::All, givable_groups: Givable::All, accounts })
}

/// Finds out which of the owners in `template` this process can give files to, by giving an anonymous file to each: what root may
/// do depends on its capabilities, on the user namespace, and on what stands in for root (fakeroot, pseudo).
///
/// A group that the caller is a member of can be given by anybody. That alone is no right to keep owners: where nothing else can be
/// given, the copies are the caller's, as for any other caller. Facts by which everything can be given stay as they are.
pub fn try_owners(facts: &Facts, template: &Template) -> Result<Facts, Error> {
    let owners = || template.tree().iter().filter_map(|(_, node)| node.meta.owner);
    let users: BTreeSet<u32> = owners().map(|owner| owner.uid).filter(|&uid| uid != facts.caller.uid).collect();
    let groups: BTreeSet<u32> = owners().map(|owner| owner.gid).filter(|&gid| gid != facts.caller.gid).collect();
    let is_settled = facts.givable_users == Givable::All && facts.givable_groups == Givable::All;
    if is_settled || users.is_empty() && groups.is_empty() {
        return Ok(facts.clone());
    }
    let trial = Trial::new().map_err(Error::Owners)?;
    let givable = |ids: &BTreeSet<u32>, give: &dyn Fn(u32) -> io::Result<bool>| {
        let given = ids.iter().map(|&id| give(id).map(|given| given.then_some(id)));
        given.filter_map(Result::transpose).collect::<io::Result<BTreeSet<u32>>>().map_err(Error::Owners)
    };
    // Groups first: once it is somebody else's, the file may be out of reach.
    let givable_groups = givable(&groups, &|gid| trial.give_group(gid))?;
    let givable_users = givable(&users, &|uid| trial.give_user(uid))?;
    let members = member_of().map_err(Error::Owners)?;
    let has_right = !givable_users.is_empty()
        || !givable_groups.is_subset(&members)
        || (!givable_groups.is_empty() && trial.can_give_at_all(facts.caller.uid).map_err(Error::Owners)?);
    let givable_groups = if has_right { givable_groups } else { BTreeSet::new() };
    Ok(Facts { givable_users: Givable::Only(givable_users), givable_groups: Givable::Only(givable_groups), ..facts.clone() })
}

/// Finds out by trying if this process can give files away.
pub(crate) fn owner_power(facts: &Facts) -> Result<OwnerPower, Error> {
    let gives = Trial::new().and_then(|trial| trial.can_give_at_all(facts.caller.uid)).map_err(Error::Owners)?;
    Ok(if gives { OwnerPower::Gives } else { OwnerPower::Keeps })
}

/// The supplementary groups of this process.
fn member_of() -> io::Result<BTreeSet<u32>> {
    Ok(rustix::process::getgroups()?.into_iter().map(rustix::process::Gid::as_raw).collect())
}

/// An anonymous file that is given to users and groups to see whether that works.
struct Trial(File);

impl Trial {
    fn new() -> io::Result<Self> {
        let file = retry(|| Ok(rustix::fs::memfd_create("owners", rustix::fs::MemfdFlags::CLOEXEC)?))?;
        Ok(Self(File::from(file)))
    }

    fn give_user(&self, uid: u32) -> io::Result<bool> {
        let owner = Status::of(&self.0)?.owner;
        self.give(Ids { uid, ..owner })
    }

    fn give_group(&self, gid: u32) -> io::Result<bool> {
        let owner = Status::of(&self.0)?.owner;
        self.give(Ids { gid, ..owner })
    }

    /// Returns `true` if the file can be given to any user other than `caller`.
    fn can_give_at_all(&self, caller: u32) -> io::Result<bool> {
        /// Users that most systems have.
        const USERS: [u32; 4] = [0, 1, 1000, 65534];
        let mut others = USERS.into_iter().filter(|&uid| uid != caller);
        others.try_fold(false, |can, uid| if can { Ok(true) } else { self.give_user(uid) })
    }

    /// Returns `true` if the file belongs to `owner` after it was given to that account.
    fn give(&self, owner: Ids) -> io::Result<bool> {
        match change_owner(&self.0, owner) {
            // What stands in for root may say yes and do nothing.
            Ok(()) => Ok(Status::of(&self.0)?.owner == owner),
            // INVAL: there is no such id in this user namespace.
            Err(error)
                if is_one_of(&error, &[rustix::io::Errno::PERM, rustix::io::Errno::INVAL, rustix::io::Errno::OVERFLOW]) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

/// Returns an account and its groups. `None`: it is unknown here, and may exist on the system where the result will run.
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
