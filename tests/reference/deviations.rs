//! Deviations of ours from s6's program: each turns the original's tree into the one
//! that ours must make. Everything that is not listed here must be equal.

use super::cases::{Caller, Case, Route, Shape};
use s6_instance_maker_workspace::disk::OnDisk;
use s6_instance_maker_workspace::roots::Suite;
use std::collections::BTreeMap;
use std::path::Path;

/// A tree that was read.
pub type Tree = BTreeMap<Vec<u8>, OnDisk>;

/// The input of a deviation, and the tree that it changes.
pub struct Subject<'a> {
    /// The case.
    pub case: &'a Case,
    /// The directory of the templates.
    pub templates: &'a Path,
    /// The original's tree, changed by the deviations so far.
    pub tree: Tree,
}

/// Changes the tree where the deviation applies, and answers whether it did; fails where the original did not make what the
/// deviation starts from.
type Deviation = fn(&mut Subject<'_>) -> Result<bool, String>;

/// All deviations, in the order in which they are applied.
pub const ALL: [(&str, Deviation); 11] = [
    ("link_resolved", link_resolved),
    ("state_not_copied", state_not_copied),
    ("set_id_dropped", set_id_dropped),
    ("user_design_b", user_design_b),
    ("capacity_left_out", capacity_left_out),
    ("capacity", capacity),
    ("large_stack", large_stack),
    ("s6_rc_directories", s6_rc_directories),
    ("empty_log_user", empty_log_user),
    ("prepared_log_dir", prepared_log_dir),
    ("quoted_prefix", quoted_prefix),
];

/// The option that the original's s6-svscan gets: 500 by default; from 2.15.1 on twice as much beside -L, but not with -r.
fn originals_option(case: &Case) -> String {
    let max = number(case);
    match case.suite {
        Suite::Bookworm | Suite::Trixie => format!("-c{max}"),
        Suite::Forky if case.settings.log_dir.is_some() && case.shape == Shape::Plain => format!("-C{}", 2 * max),
        Suite::Forky => format!("-C{max}"),
    }
}

/// Returns the number of slots that ours asks for: two for an instance with a logger, and four at least.
fn slots(case: &Case) -> u32 {
    let max = number(case);
    if case.template.logged { 2 * max } else { max.max(4) }
}

fn number(case: &Case) -> u32 {
    case.settings.max.map_or(500, |max| max.parse().unwrap())
}

/// s6-svscan before 2.12 counts instances, later slots: the option says what it counts.
fn capacity(subject: &mut Subject<'_>) -> Result<bool, String> {
    let case = subject.case;
    if is_left_out(case) {
        return Ok(false);
    }
    let was = originals_option(case);
    let is = if case.counts_slots() { format!("-C{}", slots(case)) } else { format!("-c{}", number(case)) };
    if was == is {
        return Ok(false);
    }
    let line = |option| format!("/usr/bin/s6-svscan -d3 {option} -- instance\n");
    subject.replace(&case.in_service("run"), line(was), line(is))
}

/// Without a number of instances and a version of s6, there is no option: every s6 then has room for 500.
fn capacity_left_out(subject: &mut Subject<'_>) -> Result<bool, String> {
    let case = subject.case;
    if !is_left_out(case) {
        return Ok(false);
    }
    let was = format!("/usr/bin/s6-svscan -d3 {} -- instance\n", originals_option(case));
    subject.replace(&case.in_service("run"), was, "/usr/bin/s6-svscan -d3 -- instance\n")
}

fn is_left_out(case: &Case) -> bool {
    !case.settings.told && case.settings.max.is_none()
}

/// s6-svscan keeps its slots on the stack: more than 16000 get a larger one.
fn large_stack(subject: &mut Subject<'_>) -> Result<bool, String> {
    let case = subject.case;
    if !case.counts_slots() || slots(case) <= 16000 {
        return Ok(false);
    }
    let svscan = "/usr/bin/s6-svscan -d3 ";
    subject.replace(&case.in_service("run"), svscan, format!("/usr/bin/s6-softlimit -s 67108864\n{svscan}"))
}

/// With -r, the script makes the two directories that s6-rc makes only one of.
fn s6_rc_directories(subject: &mut Subject<'_>) -> Result<bool, String> {
    if matches!(subject.case.shape, Shape::Plain) {
        return Ok(false);
    }
    let line = "/usr/lib/execline/bin/fdmove -c 2 1\n";
    let more = "/usr/lib/execline/bin/foreground { mkdir -p -m 0755 -- instance instances }\n";
    subject.replace(&subject.case.in_service("run"), line, format!("{line}{more}"))
}

/// -u: the supervisors stay root; the template's scripts are renamed and wrapped.
fn user_design_b(subject: &mut Subject<'_>) -> Result<bool, String> {
    let case = subject.case;
    let Some(user) = case.settings.user.filter(|user| !user.raw.is_empty()) else { return Ok(false) };
    let line = format!("/usr/bin/s6-setuidgid {}\n", user.word);
    subject.replace(&case.in_service("run"), line, "")?;
    let owner = match case.caller {
        Caller::Root => (0, 0),
        Caller::WwwData => (33, 33),
    };
    for script in case.template.scripts {
        let path = case.in_service(&format!("template/{script}"));
        let original = subject.tree.remove(&path).ok_or(format!("the original has no template/{script}"))?;
        if subject.tree.insert([&path, &b".user"[..]].concat(), original).is_some() {
            return Err(format!("the original has template/{script}.user"));
        }
        let name = if script.ends_with("finish") { "finish" } else { "run" };
        let text = format!("#!/usr/bin/execlineb -S0\n/usr/bin/s6-setuidgid {}\n./{name}.user $@\n", user.word);
        subject.tree.insert(path, OnDisk { kind: "file", mode: 0o755, owner, bytes: text.into_bytes() });
    }
    Ok(true)
}

/// -l '' is no -l; the original has a line for nobody.
fn empty_log_user(subject: &mut Subject<'_>) -> Result<bool, String> {
    let settings = subject.case.settings;
    if settings.log_dir.is_none() || settings.log_user.is_none_or(|user| !user.account.raw.is_empty()) {
        return Ok(false);
    }
    subject.replace(&subject.case.in_logger("run"), "/usr/bin/s6-setuidgid \"\"\n", "")
}

/// -l: the log directory is made, and given to the logger's account, before the logger becomes it.
fn prepared_log_dir(subject: &mut Subject<'_>) -> Result<bool, String> {
    let settings = subject.case.settings;
    let (Some(dir), Some(user)) = (settings.log_dir, settings.log_user) else { return Ok(false) };
    if user.account.raw.is_empty() || !user.prepare {
        return Ok(false);
    }
    let was = format!("#!/usr/bin/execlineb -P\n/usr/bin/s6-setuidgid {}\n", user.account.word);
    let is = format!(
        "#!/usr/bin/execlineb -P\n\
         /usr/lib/execline/bin/if {{ mkdir -p -m 2700 -- {dir} }}\n\
         /usr/lib/execline/bin/if {{ chown -h -- {owner} {dir} }}\n\
         /usr/bin/s6-setuidgid {account}\n",
        dir = dir.word,
        owner = user.owner,
        account = user.account.word,
    );
    subject.replace(&subject.case.in_logger("run"), was, is)
}

/// -P: one word in any case; the original writes it as it is.
fn quoted_prefix(subject: &mut Subject<'_>) -> Result<bool, String> {
    let settings = subject.case.settings;
    let (Some(dir), Some(prefix)) = (settings.log_dir, settings.prefix) else { return Ok(false) };
    let Some(word) = prefix.word else { return Ok(false) };
    let was = [&b" p"[..], prefix.raw, b" ", dir.word.as_bytes(), b"\n"].concat();
    subject.replace(&subject.case.in_logger("run"), was, format!(" {word} {}\n", dir.word))
}

/// A supervisor's state in the template stays where it is.
fn state_not_copied(subject: &mut Subject<'_>) -> Result<bool, String> {
    for state in subject.case.template.state {
        let path = subject.case.in_service(&format!("template/{state}"));
        if subject.tree.remove(&path).is_none_or(|entry| !["dir", "link"].contains(&entry.kind)) {
            return Err(format!("the original has no directory or link template/{state}"));
        }
        let inside = [&path, &b"/"[..]].concat();
        subject.tree.retain(|path, _| !path.starts_with(&inside));
    }
    Ok(!subject.case.template.state.is_empty())
}

/// A template that is a link is copied as what it points to, with or without a slash behind it.
fn link_resolved(subject: &mut Subject<'_>) -> Result<bool, String> {
    let case = subject.case;
    let Some(target) = case.template.link_to.filter(|_| case.route != Route::Slashes) else { return Ok(false) };
    let path = case.in_service("template");
    match subject.tree.remove(&path) {
        Some(OnDisk { kind: "link", bytes, .. }) if bytes == target.as_bytes() => {}
        other => return Err(format!("the original's template is no link to {target}: {other:?}")),
    }
    for (inner, entry) in s6_instance_maker_workspace::disk::read_tree(&subject.templates.join(target)) {
        let separator: &[u8] = if inner.is_empty() { b"" } else { b"/" };
        subject.tree.insert([&path, separator, &inner].concat(), entry);
    }
    Ok(true)
}

/// A copy that has another owner than the template's file does not lend the new owner's identity.
fn set_id_dropped(subject: &mut Subject<'_>) -> Result<bool, String> {
    let case = subject.case;
    if case.caller == Caller::Root {
        return Ok(false);
    }
    for &(file, mode) in case.template.without_set_id {
        let path = case.in_service(&format!("template/{file}"));
        let entry = subject.tree.get_mut(&path).ok_or(format!("the original has no template/{file}"))?;
        if entry.mode == mode {
            return Err(format!("the original's template/{file} has no set-id bit to drop"));
        }
        entry.mode = mode;
    }
    Ok(!case.template.without_set_id.is_empty())
}

impl Subject<'_> {
    /// Replaces in the file at `path` the bytes `was`, which must be there once.
    fn replace(&mut self, path: &[u8], was: impl AsRef<[u8]>, is: impl AsRef<[u8]>) -> Result<bool, String> {
        let (was, is) = (was.as_ref(), is.as_ref());
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let file = self.tree.get_mut(path).ok_or(format!("the original has no {}", shown(path)))?;
        let mut places = file.bytes.windows(was.len()).enumerate().filter(|(_, window)| *window == was);
        let (Some((at, _)), None) = (places.next(), places.next()) else {
            return Err(format!("`{}` is not once in the original's {}: {}", shown(was), shown(path), shown(&file.bytes)));
        };
        file.bytes.splice(at..at + was.len(), is.iter().copied());
        Ok(true)
    }
}
