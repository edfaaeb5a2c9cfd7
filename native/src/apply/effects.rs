//! The effects of a refresh on a living service: what takes effect when, and the command that carries it on.

use crate::error::Place;
use crate::sys::{last_name, open_dir, open_fifo};
use cap_std::fs::Dir;
use s6_instance_maker_core::compare::{
    CONTROL, CopyState, Difference, Differences, Fate, Found, INSTANCE, InstanceRefresh, LOG, Note, RUN, Refresh, Step,
    is_updated_by_s6_rc,
};
use s6_instance_maker_core::escape::Escaped;
use s6_instance_maker_core::execline::{Text, Word};
use s6_instance_maker_core::instances::InstanceName;
use s6_instance_maker_core::message::{Message, MessageKind};
use s6_instance_maker_core::path::{Name, TreePath};
use s6_instance_maker_core::plan::{Placement, Plan};
use std::io;

/// The number of names that a message shows.
const SHOWN: usize = 10;

/// The supervisors at work in DIR.
#[derive(Clone, Copy, Debug)]
pub(super) struct Supervision {
    /// That of the service.
    pub service: bool,
    /// That of its logger.
    pub logger: bool,
}

impl Supervision {
    /// Finds out as s6-svok does: a supervisor reads its control FIFO. What cannot be found out counts as supervised.
    pub(super) fn of(dir: &Dir) -> Self {
        Self { service: is_supervised(dir, &TreePath::ROOT), logger: is_supervised(dir, &LOG) }
    }
}

fn is_supervised(dir: &Dir, service: &TreePath) -> bool {
    let (Ok(control), Some(name)) = (service.join_path(&CONTROL), last_name(&CONTROL)) else { return false };
    let supervise = control.parent().unwrap_or(TreePath::ROOT);
    match open_dir(dir, &supervise).and_then(|supervise| open_fifo(&supervise, &name)) {
        Ok(_) => true,
        Err(error) => error.kind() == io::ErrorKind::PermissionDenied,
    }
}

/// The facts from which the effects follow.
pub(super) struct Effects<'a> {
    pub plan: &'a Plan,
    /// DIR in messages.
    pub place: &'a Place,
    pub steps: &'a Refresh,
    /// The refreshed instances, by the paths of their copies.
    pub instances: Vec<&'a (TreePath, InstanceRefresh)>,
    pub supervision: Supervision,
    /// Notes about instances that keep their copies.
    pub notes: Vec<Note>,
    /// DIR before the refresh.
    pub found: &'a Found,
    pub differences: &'a Differences,
    /// Instances that were created while the template was exchanged, and are copies of neither.
    pub mixed: &'a [Name],
}

impl Effects<'_> {
    /// Returns the messages, the most important first.
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut messages = Vec::new();
        match self.plan.placement {
            Placement::New => {
                messages.extend(self.mixed_instances());
                messages.extend(self.service());
                messages.extend(self.logger());
                messages.extend(self.added());
                messages.extend(self.instances.iter().map(|(path, refresh)| self.instance(path, refresh)));
                messages.extend(self.older());
                messages.extend(self.unfinished());
            }
            Placement::Within => messages.extend(self.definitions()),
        }
        messages.extend(self.kept());
        messages
    }

    fn has_step(&self, paths: &[&str]) -> bool {
        self.steps.steps.iter().any(|step| paths.iter().any(|path| step.path().as_bytes() == path.as_bytes()))
    }

    fn service(&self) -> Option<Message> {
        let is_changed = self.supervision.service && self.has_step(&["run", "notification-fd"]);
        let text = "`run` takes effect when the service restarts; all instances and their loggers stop and start then";
        let hint = format!("s6-svc -r -- {}", self.place.as_word("DIR"));
        is_changed.then(|| Message::note(&text, Some(&hint)))
    }

    fn logger(&self) -> Option<Message> {
        let is_changed = self.supervision.logger && self.has_step(&["log/run", "log/notification-fd"]);
        let text = "`log/run` takes effect when the logger restarts; instances are not touched";
        let hint = format!("s6-svc -r -- {}", self.place.at(&LOG).as_word("DIR/log"));
        is_changed.then(|| Message::note(&text, Some(&hint)))
    }

    fn added(&self) -> Option<Message> {
        let added = self.steps.steps.iter().filter_map(|step| match step {
            Step::AddInstance(path) if path.as_bytes().starts_with(b"instances/") => Some(shown(path)),
            _ => None,
        });
        let added: Vec<String> = added.collect();
        if added.is_empty() || !self.supervision.service {
            return None;
        }
        let text = format!("new instances, not yet started: {}", listed(&added));
        Some(Message::note(&text, Some(&format!("s6-svscanctl -a -- {}", self.place.at(&INSTANCE).as_word("DIR/instance")))))
    }

    fn instance(&self, path: &TreePath, refresh: &InstanceRefresh) -> Message {
        let (name, dir) = (shown(path), self.place.as_word("DIR"));
        let word = word(path);
        if refresh.keeps_logger {
            let text = format!("instance {name}: its logger appears or disappears only when the instance is created anew");
            let hint = format!("s6-instance-delete -- {dir} {word} && s6-instance-create -- {dir} {word}");
            return Message::note(&text, Some(&hint));
        }
        let logger = path.join_path(&LOG).unwrap_or_else(|_| path.clone());
        let in_logger = refresh.steps.iter().any(|step| step.path().starts_with(&logger));
        let outside = refresh.steps.iter().any(|step| !step.path().starts_with(&logger));
        let mut commands = Vec::new();
        if outside {
            commands.push(format!("s6-instance-control -r -- {dir} {word}"));
        }
        if in_logger {
            commands.push(format!("s6-svc -r -- {}", self.place.at(&logger).as_word("DIR/instances/NAME/log")));
        }
        let text = format!("instance {name}: updated; a running process takes no notice before it restarts");
        Message::note(&text, Some(&commands.join(" && ")))
    }

    /// Instances that keep an older copy.
    fn older(&self) -> Option<Message> {
        let older = listed(&self.older_instances(|name| is_linked(self.found, name))?);
        let text = format!("instances with another copy than the template, which they keep: {older}");
        let hint = "--refresh-instances updates the copies; s6-instance-delete and s6-instance-create make new ones";
        Some(Message::note(&text, Some(hint)))
    }

    /// Instances with an older copy and without a link: their creation or deletion is at work, or was interrupted.
    fn unfinished(&self) -> Option<Message> {
        let names = self.older_instances(|name| !is_linked(self.found, name))?;
        let text = format!("without a link in `instance`, and with another copy than the template: {}", listed(&names));
        let hint = "unless s6-instance-create or s6-instance-delete is at work, remove the copy from `instances`";
        Some(Message::note(&text, Some(hint)))
    }

    /// The instances with older copies that are `meant`; `None` where there is none.
    fn older_instances(&self, meant: impl Fn(&InstanceName) -> bool) -> Option<Vec<String>> {
        let older = self.notes.iter().filter_map(|note| match note {
            Note::Instance(name, CopyState::Older | CopyState::Edited(_)) if meant(name) => {
                Some(quoted(name.as_name().as_bytes()))
            }
            _ => None,
        });
        Some(older.collect::<Vec<_>>()).filter(|older| !older.is_empty())
    }

    fn mixed_instances(&self) -> Option<Message> {
        let names: Vec<String> = self.mixed.iter().map(|name| quoted(name.as_bytes())).collect();
        let text =
            format!("instances that were created during the refresh and are copies of neither template: {}", listed(&names));
        let hint = "delete and create them: s6-instance-delete, s6-instance-create";
        (!names.is_empty()).then(|| Message { kind: MessageKind::Warning, ..Message::note(&text, Some(hint)) })
    }

    /// The effects on source definitions, by which nothing changes before s6-rc-update.
    fn definitions(&self) -> Vec<Message> {
        if self.steps.steps.is_empty() {
            return Vec::new();
        }
        let restarted = self.plan.parts().filter(|part| self.needs_restart(part));
        let lines: Vec<String> = restarted.map(|part| conversion_line(&part)).collect();
        let text = "source definitions changed; they take effect with the next s6-rc-update";
        let compile = format!("s6-rc-compile -- DATABASE {}", self.place.as_word("DIR"));
        let mut messages = vec![Message::note(&text, Some(&format!("{compile} && s6-rc-update -- DATABASE")))];
        if !lines.is_empty() {
            let text = "s6-rc-update leaves parts of the running service as they are";
            let lines: Vec<String> = lines.iter().map(|line| format!("'{}'", line.replace('\'', "'\\''"))).collect();
            let hint = format!(
                "restart them by a conversion file: printf '%s\\n' {} >FILE && {compile} && s6-rc-update -f FILE -- DATABASE",
                lines.join(" ")
            );
            messages.push(Message::note(&text, Some(&hint)));
        }
        messages
    }

    /// Returns `true` if s6-rc-update does not bring all that changed in the definition `part` to a running service.
    fn needs_restart(&self, part: &Name) -> bool {
        let part = TreePath::from(part.clone());
        // A longrun that becomes a bundle is going.
        let is_longrun = part.join(&RUN).is_ok_and(|run| self.plan.tree.get(&run).is_some());
        let is_left = |difference: &Difference| {
            let mut names = difference.path.components().skip(1);
            difference.path.starts_with(&part)
                && difference.found.is_some()
                && match (names.next(), names.next()) {
                    (Some(b"run"), None) => true,
                    // A longrun that is an instance: its process goes on with what it has.
                    (Some(b"finish" | b"data" | b"env"), _) => true,
                    (Some(b"template"), Some(name)) => !is_updated_by_s6_rc(name),
                    _ => false,
                }
        };
        let differs = |difference: &&Difference| difference.fate != Fate::Kept;
        is_longrun && self.differences.entries.iter().filter(differs).any(is_left)
    }

    /// Entries of DIR that no plan has.
    fn kept(&self) -> Option<Message> {
        let kept = self.differences.entries.iter().filter(|difference| difference.fate == Fate::Kept);
        let kept: Vec<String> = kept.map(|difference| format!("`{}`", difference.path)).collect();
        let text = format!("not part of the plan, kept: {}", listed(&kept));
        (!kept.is_empty()).then(|| Message::note(&text, None))
    }
}

/// The line of a conversion file of s6-rc-update that restarts `service`: its lexer is that of execlineb.
fn conversion_line(service: &Name) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"@._+-,=:%/".contains(byte);
    match std::str::from_utf8(service.as_bytes()) {
        Ok(name) if name.as_bytes().iter().all(is_plain) => format!("{name} restart"),
        _ => format!("{} restart", String::from_utf8_lossy(Word::quoted(&Text::name(service)).as_bytes())),
    }
}

/// Returns `true` if an instance is in the scan directory of the instances.
pub(super) fn is_linked(found: &Found, instance: &InstanceName) -> bool {
    INSTANCE.join(instance.as_name()).is_ok_and(|link| found.contains_key(&link))
}

/// A name, for a message.
fn quoted(name: &[u8]) -> String {
    format!("`{}`", Escaped(name))
}

/// The last name of a path, for a message.
fn shown(path: &TreePath) -> String {
    quoted(path.split().map_or(b"", |(_, name)| name))
}

/// The last name of a path as one word of a shell.
fn word(path: &TreePath) -> String {
    Place::new(path.split().map_or(&b""[..], |(_, name)| name)).as_word("NAME")
}

/// Some names, and the number of the others.
fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
