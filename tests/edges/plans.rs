//! Plans: permitted contents, shapes and text forms.

use super::path;
use s6_instance_maker_core::laws;
use s6_instance_maker_core::options::Options;
use s6_instance_maker_core::path::TreePath;
use s6_instance_maker_core::plan::{Content, Placement, Plan, plan};
use s6_instance_maker_core::tree::{Ids, Kind, Meta, Mode, Node, Tree};
use s6_instance_maker_core::wire::PlanDocument;
use s6_instance_maker_workspace::manifest::{facts, request, template};

/// Each rule of what a plan may do, on both of its sides, for the template of the laws; what passes can be made by the laws' own
/// rules.
#[test]
fn permitted_plans() {
    let template = laws::sample::template();
    let [root, _] = laws::sample::callers();
    let meta = |mode, owner: Option<(u32, u32)>| {
        let owner = owner.map(|(uid, gid)| Ids { uid, gid });
        Meta { mode: Mode::new(mode), owner }
    };
    let copy = |from| Kind::File(Content::Template(path(from)));
    let text = || Kind::File(Content::Generated(Vec::new()));
    let link = || Kind::Symlink(b"x".to_vec());
    let special = "would have special permission bits or an owner, and is not a copy of an entry with them";
    let rights = "would have another mode or owner than the file that it copies";
    let no_file = |from: &str| format!("would copy `{from}`, which is not a file of the template");
    let mode = |mode: &str| format!("would be a directory of mode {mode}, and is not a copy of one");
    let (daemon, www_data, odd) = (Some((0, 33)), Some((33, 4)), Some((1, 2)));
    let cases = [
        // A file of the template, as it is there.
        ("x", meta(0o755, None), copy("run"), None),
        ("x", meta(0o6755, www_data), copy("data/tool"), None),
        ("x", meta(0o777, None), copy("run"), Some(rights.to_owned())),
        ("x", meta(0o755, odd), copy("run"), Some(rights.to_owned())),
        ("x", meta(0o6755, None), copy("data/tool"), Some(rights.to_owned())),
        ("x", meta(0o755, None), copy("missing"), Some(no_file("missing"))),
        ("x", meta(0o2750, daemon), copy("data"), Some(no_file("data"))),
        ("x", meta(0o777, odd), copy("data/up"), Some(no_file("data/up"))),
        ("x", meta(0o4600, www_data), copy("supervise/lock"), Some(no_file("supervise/lock"))),
        // A file that is generated.
        ("x", meta(0o666, None), text(), None),
        ("x", meta(0o1666, None), text(), Some(special.to_owned())),
        ("x", meta(0o4755, None), text(), Some(special.to_owned())),
        ("x", meta(0o644, www_data), text(), Some(special.to_owned())),
        ("finish", meta(0o755, www_data), text(), Some(special.to_owned())),
        // A directory like one of the template, wherever the template's copy is, or one that nobody else may write.
        ("x", meta(0o755, None), Kind::Directory, None),
        ("tmp", meta(0o755, None), Kind::Directory, None),
        ("x", meta(0o775, None), Kind::Directory, Some(mode("0775"))),
        ("x", meta(0o1755, None), Kind::Directory, Some(special.to_owned())),
        ("x", meta(0o755, odd), Kind::Directory, Some(special.to_owned())),
        ("template/tmp", meta(0o1777, None), Kind::Directory, None),
        ("svc/template/tmp", meta(0o1777, None), Kind::Directory, None),
        ("template/template/tmp", meta(0o1777, None), Kind::Directory, None),
        ("x/tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("a/b/template/tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("templates/tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("template/data", meta(0o2750, daemon), Kind::Directory, None),
        ("template/data", meta(0o2750, None), Kind::Directory, Some(special.to_owned())),
        ("template/data", meta(0o750, None), Kind::Directory, Some(mode("0750"))),
        ("tmp", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        ("template/tmp.user", meta(0o1777, None), Kind::Directory, Some(special.to_owned())),
        // A FIFO, and a link, which may be called otherwise where a wrapper has its place.
        ("x", meta(0o666, None), Kind::Fifo, None),
        ("x", meta(0o640, www_data), Kind::Fifo, Some(special.to_owned())),
        ("template/tmp", meta(0o1777, None), Kind::Fifo, Some(special.to_owned())),
        ("x", meta(0o777, None), link(), None),
        ("x", meta(0o777, odd), link(), Some(special.to_owned())),
        ("template/finish", meta(0o755, www_data), link(), Some(special.to_owned())),
        ("template/data/up", meta(0o777, odd), link(), None),
        ("template/data/up.user", meta(0o777, odd), link(), None),
        ("template/data/up.other", meta(0o777, odd), link(), Some(special.to_owned())),
    ];
    for (at, meta, kind, refused) in cases {
        let mut tree = Tree::new(Meta::callers(Mode::new(0o755)));
        let place = path(at);
        let parents: Vec<_> =
            std::iter::successors(place.parent(), TreePath::parent).filter(|parent| !parent.is_root()).collect();
        for parent in parents.into_iter().rev() {
            tree.insert(parent, Node::new(Meta::callers(Mode::new(0o755)), Kind::Directory)).unwrap();
        }
        let what = format!("{at} {meta:?} {kind:?}");
        tree.insert(place, Node::new(meta, kind)).unwrap();
        let plan = Plan { tree, placement: Placement::New, warnings: Vec::new() };
        let message = plan.check(&root, &template).err().map(|violation| violation.to_string());
        assert_eq!(message, refused.map(|reason| format!("the plan is refused: `{at}` {reason}")), "{what}");
        laws::plan_document(&PlanDocument::encode(&plan, &Options::default(), &template)).unwrap();
    }
    for meta in [meta(0o700, None), meta(0o1755, None), meta(0o755, www_data)] {
        let plan = Plan { tree: Tree::new(meta), placement: Placement::New, warnings: Vec::new() };
        let message = plan.check(&root, &template).unwrap_err().to_string();
        assert!(message.contains("is the result itself"), "{message}");
    }
}

/// A plan is in the shape that was asked for, and in no other: not with a part more or less, nor in another place.
#[test]
fn plans_are_in_one_shape() {
    let asked = [
        &["template", "dir"][..],
        &["-L", "/l", "template", "dir"],
        &["-r", "svc", "template", "dir"],
        &["-r", "other", "template", "dir"],
        &["-r", "svc/logger", "-L", "/l", "template", "dir"],
        &["-r", "svc/other", "-L", "/l", "template", "dir"],
        &["-r", "svc", "--static", "--count", "2", "template", "dir"],
        &["-r", "svc", "--static", "--count", "3", "template", "dir"],
        &["-r", "svc", "--static", "--count", "0", "template", "dir"],
        &["-r", "svc/log/pipe", "-L", "/l", "--static", "--instance", "a", "template", "dir"],
        &["-r", "svc/log/pipe", "-L", "/l", "--static", "--count", "0", "template", "dir"],
        // What these services are called is what a service directory has.
        &["-r", "run/log", "-L", "/l", "template", "dir"],
    ];
    let template = template("0755 file run");
    let made = asked.map(|words| {
        let request = request(words.iter().copied()).unwrap();
        let plan = plan(&request, &facts(), &template).unwrap();
        (request.shape, plan)
    });
    for (index, (shape, _)) in made.iter().enumerate() {
        for (other, (_, plan)) in made.iter().enumerate() {
            assert_eq!(plan.is_in_shape(shape), index == other, "{:?} for {:?}", asked[other], asked[index]);
        }
    }
    for (shape, plan) in &made {
        let with = |tree| Plan { tree, ..plan.clone() };
        let mut more = plan.tree.clone();
        more.insert(path("more"), Node::new(Meta::callers(Mode::new(0o755)), Kind::Directory)).unwrap();
        assert!(!with(more).is_in_shape(shape), "{plan}");
        // What lies deeper is no part, but for instances that nobody declared.
        for part in plan.parts() {
            let mut inner = plan.tree.clone();
            let directory = TreePath::from(part.clone());
            let is_directory = matches!(plan.tree.get(&directory).unwrap().kind, Kind::Directory);
            if is_directory {
                let new = directory.join_path(&path("more")).unwrap();
                inner.insert(new, Node::new(Meta::callers(Mode::new(0o755)), Kind::Directory)).unwrap();
                let is_of_instances = plan.placement == Placement::New && part.as_bytes().starts_with(b"instance");
                assert_eq!(with(inner).is_in_shape(shape), !is_of_instances, "{part} in {plan}");
            }
            let mut less = Tree::new(plan.tree.get(&TreePath::ROOT).unwrap().meta);
            for (path, node) in plan.tree.iter().filter(|(path, _)| !path.is_root() && !path.starts_with(&directory)) {
                less.insert(path.clone(), node.clone()).unwrap();
            }
            assert!(!with(less).is_in_shape(shape), "{part} is needed in {plan}");
        }
        let placement = if plan.placement == Placement::New { Placement::Within } else { Placement::New };
        assert!(!Plan { placement, ..plan.clone() }.is_in_shape(shape), "{plan}");
    }
}

/// A plan shows the first difference of the template that it was computed for, wherever the entries of the template are in it.
#[test]
fn plans_show_differences_of_templates() {
    const BEFORE: &str = "0755 file run\n0755 dir conf\n0644 file conf/main\n0755 dir data\n0644 fifo data/table\n0755 dir log\n0755 file log/run";
    let asked = [&["t", "d"][..], &["-r", "svc", "t", "d"], &["-r", "svc", "--static", "--count", "2", "t", "d"]];
    for words in asked {
        let plan = plan(&request(words.iter().copied()).unwrap(), &facts(), &template(BEFORE)).unwrap();
        let difference = |after: &str| plan.template_difference(&template(after)).to_string();
        let with = |from: &str, to: &str| difference(&BEFORE.replace(from, to));
        assert_eq!(with("0755 dir data\n", "0644 file more\n0755 dir data\n"), "`more` is new", "{words:?}");
        assert_eq!(with("fifo data/table", "file data/table"), "`data/table` has another type", "{words:?}");
        assert_eq!(with("\n0644 file conf/main", ""), "`conf/main` is missing", "{words:?}");
        assert!(with("0644 fifo data", "0600 fifo data").contains("another size, mode"), "{words:?}");
    }
}

/// Of a text that is no script of ours, the end is shown as it is: with an empty line, without a newline, without anything.
#[test]
fn texts_are_shown_to_their_end() {
    let shown = |text: &[u8]| {
        let mut tree = Tree::new(Meta::callers(Mode::new(0o755)));
        let file = Kind::File(Content::Generated(text.to_vec()));
        tree.insert(path("x"), Node::new(Meta::callers(Mode::new(0o644)), file)).unwrap();
        Plan { tree, placement: Placement::New, warnings: Vec::new() }.to_string()
    };
    for (text, lines) in [
        ("3\n", "     | 3\n"),
        ("3", "     | 3\n     (no newline at the end)\n"),
        ("", "     (empty)\n"),
        ("\n", "     |\n"),
        ("a\n\n", "     | a\n     |\n"),
        ("\n a\n\nb", "     |\n     |  a\n     |\n     | b\n     (no newline at the end)\n"),
        ("a\\\t\n", "     | a\\\t\n"),
        ("a\\\t\u{1b}\n", "     \\ a\\\\\\t\\x1b\n"),
    ] {
        assert_eq!(shown(text.as_bytes()), format!("0755 dir  .\n0644 file x\n{lines}"), "{text:?}");
    }
}
