//! The definitions of instances that s6-rc runs itself: a longrun for each, their bundle, and their common logger.
//!
//! The bundle's `contents.d` lists exactly the longruns that are instances or their own loggers. So whoever finds the result later
//! knows which definitions beside the bundle belong to it: those in the list, and no other `SERVICE@NAME`.

use super::content::Content;
use super::draft::{Draft, LongrunKind, TemplateCopy, below};
use super::error::PlanError;
use super::scripts;
use super::wrap::WrapError;
use crate::definition::{Consumer, Definition};
use crate::execline::{Script, SubstitutionError, Text, Word, Wrapper};
use crate::instances::Instances;
use crate::layout::{CONSUMER_FOR, DATA, DATA_TEMPLATE, DATA_TEMPLATE_FINISH, PIPELINE_NAME, PRODUCER_FOR};
use crate::path::{Name, TreePath};
use crate::request::Request;
use crate::rules::Part;
use crate::static_instances::StaticInstance;
use crate::static_layout::StaticLayout;
use crate::template::{InstanceLogger, Template};
use crate::tree::{Kind, Meta, Mode, Node};
use alloc::vec::Vec;

/// The mode of a symbolic link, which means nothing.
const LINK: Mode = Mode::new(0o777);

/// Adds the definitions of `instances` to a draft.
pub(super) fn draft(
    draft: &mut Draft,
    request: &Request,
    definition: &Definition,
    instances: &Instances,
    template: &Template,
    copy: &TemplateCopy<'_>,
) -> Result<(), PlanError> {
    // A `log` that leads out of the template is no definition of a logger.
    let logger = template.log_directory().map_or(InstanceLogger::None, |_| InstanceLogger::Each);
    let instances = StaticInstance::all(definition, instances, logger)?;
    let service = StaticService::new(Part::Service, template, copy)?;
    let own_logger = StaticService::new(Part::Logger, template, copy)?;
    for instance in &instances {
        let name = Text::name(instance.name.as_name());
        let consumer = definition.log().map(|log| log.logger.as_name());
        let next = instance.logger.as_ref().map(|logger| logger.as_name()).or(consumer);
        if let Some(service) = &service {
            let directory = TreePath::from(instance.service.as_name().clone());
            let output = if instance.logger.is_none() { Output::of(definition) } else { Output::OfInstance };
            draft.definition(&instance.service, definition, LongrunKind::Instance)?;
            draft.managed(&directory, definition)?;
            service.add(draft, request, &directory, &name, output)?;
            if let Some(next) = next {
                draft.list(&directory, &PRODUCER_FOR, [next.as_bytes()])?;
            }
        }
        if let (Some(logger), Some(own)) = (&instance.logger, &own_logger) {
            let directory = TreePath::from(logger.as_name().clone());
            draft.definition(logger, definition, LongrunKind::Instance)?;
            own.add(draft, request, &directory, &name.followed_by("/log"), Output::of(definition))?;
            draft.list(&directory, &CONSUMER_FOR, [instance.service.as_name().as_bytes()])?;
            if let Some(consumer) = consumer {
                draft.list(&directory, &PRODUCER_FOR, [consumer.as_bytes()])?;
            }
        }
    }
    let services = instances.iter().flat_map(StaticInstance::services);
    draft.bundle(definition.service().as_name(), services.map(|service| service.as_name()))?;
    match definition.log() {
        None => Ok(()),
        Some(consumer) => common_logger(draft, request, definition, consumer, &instances),
    }
}

/// Adds the logger that reads from all instances, or from their loggers.
///
/// Without an instance, its standard input would be empty, and it would end and be restarted forever. It is an empty bundle then, so
/// that services that depend on it compile. s6-rc-compile makes a pipeline of a consumer only, so the pipeline is a bundle of both.
fn common_logger(
    draft: &mut Draft,
    request: &Request,
    definition: &Definition,
    consumer: &Consumer,
    instances: &[StaticInstance],
) -> Result<(), PlanError> {
    let Consumer { logger, pipeline, logging } = consumer;
    // Also where there are instances: the list may become empty.
    let directory =
        pipeline.as_ref().map(|pipeline| pipeline.directory().ok_or(PlanError::BundleWithoutDirectory)).transpose()?;
    if instances.is_empty() {
        draft.bundle(logger.as_name(), [])?;
        let both = [definition.service().as_name(), logger.as_name()];
        return directory.map_or(Ok(()), |pipeline| draft.bundle(&pipeline, both));
    }
    let log = draft.definition(logger, definition, LongrunKind::Ready(scripts::logger(logging, &request.target)))?;
    draft.list(&log, &CONSUMER_FOR, instances.iter().map(|instance| instance.last().as_name().as_bytes()))?;
    pipeline.as_ref().map_or(Ok(()), |pipeline| draft.list(&log, &PIPELINE_NAME, [pipeline.as_bytes()]))
}

/// The reader of a script's standard error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    /// Whoever reads that of the supervision tree.
    OfInstance,
    /// The logger that reads the standard output, too.
    Consumed,
}

impl Output {
    /// That of a script whose standard output goes to the common logger, if there is one.
    const fn of(definition: &Definition) -> Self {
        if definition.log().is_some() { Self::Consumed } else { Self::OfInstance }
    }
}

/// The part of a definition that all instances of a template, or all of their loggers, have in common.
struct StaticService {
    layout: StaticLayout,
    entries: Vec<(TreePath, Node<Content>)>,
}

impl StaticService {
    fn new(part: Part, template: &Template, copy: &TemplateCopy<'_>) -> Result<Option<Self>, PlanError> {
        let Some(layout) = StaticLayout::new(template, part)? else { return Ok(None) };
        let mut entries = Vec::new();
        let link = |target: &str| Node::new(Meta::callers(LINK), Kind::Symlink(target.as_bytes().to_vec()));
        if template.tree().get(&below(&layout.origin, &DATA)?).is_none() {
            entries.push((DATA, Draft::made_directory()));
        }
        // Whoever may not pass through the template may not pass through this.
        entries.extend(copy.node(&layout.origin).map(|node| (DATA_TEMPLATE, node)));
        entries.extend(layout.ways_back(template).map(|(path, target)| (path, link(target))));
        entries.extend(layout.places().filter_map(|(path, place)| Some((place.clone(), copy.node(path)?))));
        entries.extend(layout.control_files().filter_map(|(name, file)| Some((name.clone().into(), copy.node(file)?))));
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Some(Self { layout, entries }))
    }

    /// Adds everything but the files of s6-rc to the definition at `directory`; `argument` is what the scripts get.
    fn add(
        &self,
        draft: &mut Draft,
        request: &Request,
        directory: &TreePath,
        argument: &Text,
        output: Output,
    ) -> Result<(), PlanError> {
        for (place, node) in &self.entries {
            draft.node(below(directory, place)?, node.clone());
        }
        let has_finish = self.entries.iter().any(|(place, _)| *place == DATA_TEMPLATE_FINISH);
        let finish = has_finish.then(|| finish(request, argument)).transpose().map_err(WrapError::from)?;
        draft.scripts(directory, self.run(request, argument, output), finish)
    }

    /// The script that becomes the template's `run` with the name of the instance.
    fn run(&self, request: &Request, argument: &Text, output: Output) -> Script {
        let target = &request.target;
        let execline = |name| Word::program(target.execline_dir.as_ref(), name);
        let mut script = Script::new(&target.shebang_dir);
        if output == Output::Consumed {
            script.line(core::iter::once(execline("fdmove")).chain(["-c", "2", "1"].map(Word::literal)));
        }
        if !self.layout.linked().is_empty() {
            let start = core::iter::once(execline("if")).chain(["{", "ln", "-sfn", "--"].map(Word::literal));
            let linked = self.layout.linked().iter().map(template_entry);
            script.line(start.chain(linked).chain([".", "}"].map(Word::literal)));
        }
        if let Some(command) = become_user(request) {
            script.line(command);
        }
        script.line([Word::literal("./data/.template/run"), Word::quoted(argument)]);
        script
    }
}

/// The path of an entry that is linked into the service directory.
fn template_entry(name: &Name) -> Word {
    Word::quoted(&Text::name(name).preceded_by("data/.template/"))
}

/// The script that becomes the template's `finish` with the name of the instance in the place of that of its service.
fn finish(request: &Request, argument: &Text) -> Result<Wrapper, SubstitutionError> {
    let shebang_dir = &request.target.shebang_dir;
    Wrapper::finish(shebang_dir, become_user(request), "./data/.template/finish", Word::quoted(argument))
}

/// The command by which a script becomes the user of `-u`.
fn become_user(request: &Request) -> Option<[Word; 2]> {
    let program = Word::program(request.target.s6_dir.as_ref(), "s6-setuidgid");
    request.user.as_ref().map(|user| [program, Word::quoted(&user.to_text())])
}
