//! Generated templates, requests for them, and the living services that come of their plans.

use s6_instance_maker_core::compare::{Found, State, StateKind};
use s6_instance_maker_core::definition::DefinitionNames;
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::{Placement, Plan, plan};
use s6_instance_maker_core::rules::Rule;
use s6_instance_maker_core::template::{FileFacts, Template};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node};
use s6_instance_maker_workspace::{manifest, model};

/// Numbers that look random, and are the same each time (splitmix64).
pub(super) struct Numbers(pub(super) u64);

impl Numbers {
    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap()
    }

    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// A plan, its template, and what is at DIR: its result, alive.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) plan: Plan,
    pub(super) template: Template,
    /// The names of the definitions.
    pub(super) names: Option<DefinitionNames>,
    pub(super) found: Found,
}

/// The caller of all of them.
pub(super) const CALLER: Ids = Ids { uid: 0, gid: 0 };

pub(super) fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}

/// Requests of every shape.
const REQUESTS: [&[&str]; 11] = [
    &[],
    &["-c", "7"],
    &["-u", "33:33"],
    &["-L", "/l", "-l", "33:33"],
    &["-L", "/l", "--instance", "a"],
    &["--instance", "a", "--instance", "b\u{e9}"],
    &["-r", "svc"],
    &["-r", "svc/log", "-L", "/l", "--timeout-up", "5"],
    &["-r", "svc/log/pipe", "-L", "/l", "-u", "33:33", "--depends-on", "x", "--essential"],
    &["-r", "svc", "--static", "--count", "2"],
    &["-r", "svc/log/pipe", "-L", "/l", "-u", "33:33", "--static", "--instance", "a"],
];

/// A service of the least that runs.
pub(super) fn service(options: &[&str]) -> Service {
    let template = manifest::template("0755 file run == #!/bin/sh\\n");
    let request = manifest::request(options.iter().copied().chain(["template", "dir"])).unwrap();
    let plan = plan(&request, &manifest::facts(), &template).unwrap();
    let found = alive(&plan, &template);
    Service { plan, template, names: Options::of(&request).definition_names(), found }
}

/// So many services, each of another template, with every request in turn.
pub(super) fn services(count: usize) -> Vec<Service> {
    let mut numbers = Numbers(1);
    let allowed: Vec<String> = Rule::ALL.into_iter().map(|rule| format!("--allow={}", rule.id())).collect();
    let mut services = Vec::new();
    for words in REQUESTS.into_iter().cycle().take(count) {
        let words = allowed.iter().map(String::as_str).chain(words.iter().copied()).chain(["template", "dir"]);
        let request = manifest::request(words).unwrap();
        // A template whose names collide with those of wrappers has no plan.
        let (template, plan) = std::iter::repeat_with(|| template(&mut numbers))
            .find_map(|template| plan(&request, &manifest::facts(), &template).ok().map(|plan| (template, plan)))
            .unwrap();
        let found = alive(&plan, &template);
        services.push(Service { plan, template, names: Options::of(&request).definition_names(), found });
    }
    services
}

/// A template of a script and up to fifteen other entries.
fn template(numbers: &mut Numbers) -> Template {
    let owners = [CALLER, CALLER, Ids { uid: 33, gid: 4 }];
    let meta = |numbers: &mut Numbers, modes: &[u32]| Meta {
        mode: Mode::new(*numbers.one(modes)),
        owner: Some(*numbers.one(&owners)),
    };
    let mut template = Template::new(meta(numbers, &[0o755, 0o2750]));
    let script = FileFacts { size: 10, head: Some(b"#!/bin/sh\n".to_vec()) };
    template.insert(path("run"), Node::new(meta(numbers, &[0o755, 0o555]), Kind::File(script))).unwrap();
    let mut directories = vec![TreePath::ROOT];
    for _ in 0..numbers.below(16) {
        let name = *numbers.one(&[
            b"data".as_slice(),
            b"env",
            b"finish",
            b"log",
            b"notification-fd",
            b"a",
            b"b",
            b"template",
            b"\xff",
            b"run.user",
            b"x y",
        ]);
        let parent = numbers.one(&directories).as_bytes();
        let separator: &[u8] = if parent.is_empty() { b"" } else { b"/" };
        let path = TreePath::parse([parent, separator, name].concat()).unwrap();
        let (modes, kind): (&[u32], _) = match numbers.below(6) {
            0 | 1 => (&[0o755, 0o700, 0o3775], Kind::Directory),
            2 => (&[0o777], Kind::Symlink(b"a/target".to_vec())),
            3 => (&[0o600, 0o644], Kind::Fifo),
            _ => (&[0o644, 0o755, 0o4711], Kind::File(FileFacts { size: numbers.below(3) as u64, head: None })),
        };
        let is_directory = kind == Kind::Directory;
        // A name that is taken is left out.
        if template.insert(path.clone(), Node::new(meta(numbers, modes), kind)).is_ok() && is_directory {
            directories.push(path);
        }
    }
    template
}

/// A state of the caller's.
pub(super) const fn callers(mode: u32, kind: StateKind) -> State {
    State { mode: Mode::new(mode), owner: CALLER, kind }
}

/// A file of the caller's.
pub(super) fn file(text: &str) -> State {
    callers(0o600, StateKind::File { size: text.len() as u64, digest: Some(model::digest(text.as_bytes())) })
}

/// The result of a plan, with all that lives in it: supervisors, an instance of an older template, what this program keeps.
fn alive(plan: &Plan, template: &Template) -> Found {
    let mut found = model::carried_out(plan, template, CALLER);
    if plan.placement == Placement::Within {
        return found;
    }
    let directory = || callers(0o700, StateKind::Directory);
    let mut living = vec![
        (path("supervise"), directory()),
        (path("supervise/lock"), file("")),
        (path("event"), directory()),
        (path("down"), file("")),
        (path(".s6-instance-maker"), directory()),
        (path(".s6-instance-maker/template-0000000000000000"), file("{}")),
        (path(".s6-instance-maker+12"), directory()),
        (path(".s6-instance-maker+12/run"), file("x")),
        (path("instance/.s6-svscan"), directory()),
        (path("instance/.s6-svscan/lock"), file("")),
        (path("instance/old"), callers(0o777, StateKind::Symlink(b"../instances/old".to_vec()))),
        (path("instances/old"), directory()),
        (path("instances/old/run"), file("older")),
        (path("instances/old/down"), file("")),
        (path("instances/old/supervise"), directory()),
        (path("instances/old/supervise/lock"), file("")),
        (path("instances/old/log"), directory()),
        (path("instances/old/log/supervise"), directory()),
        (path("instances/old/mine"), file("mine")),
    ];
    if found.contains_key(&path("log")) {
        living.extend([
            (path("log/supervise"), directory()),
            (path("log/supervise/lock"), file("")),
            (path("log/event"), directory()),
            (path("log/down"), file("")),
        ]);
    }
    found.extend(living);
    found
}
