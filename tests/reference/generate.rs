//! The generator: which settings meet which template, shape and umask. It is always the same sequence.

use super::cases::{Caller, Case, Place, Route, Shape, Spelling};
use super::settings::{self, Settings};
use super::templates::{self, Template};
use s6_instance_maker_workspace::roots::Suite;

/// The umasks under which everything is tried.
pub const UMASKS: [&str; 4] = ["022", "077", "027", "000"];

/// All cases for one s6.
#[must_use]
pub fn all(suite: Suite, s6_version: &str) -> Vec<Case> {
    let mut generator = Generator { suite, s6_version, turns: 0, cases: Vec::new() };
    // Every setting under every umask, by turns with -r and without; shapes with -r and templates take turns.
    for (index, settings) in settings::ALL.iter().enumerate() {
        for (turn, umask) in UMASKS.into_iter().enumerate() {
            // A logger's options without a logger do nothing.
            let with_r = if settings.log_dir.is_some() { &Shape::WITH_LOGGER[..] } else { &Shape::WITH_R[..] };
            let with_r = generator.pick(with_r);
            let shape = if (index + turn) % 2 == 0 { Shape::Plain } else { with_r };
            generator.add(Caller::Root, umask, shape, *settings, None);
        }
    }
    // Every template in every shape under every umask; settings take turns, and so do shapes for www-data.
    for template in templates::ALL {
        for umask in UMASKS {
            let shape = generator.pick(&Shape::ALL);
            let shapes = if template.many { vec![shape] } else { Shape::ALL.to_vec() };
            let by_root = shapes.into_iter().map(|shape| (Caller::Root, shape));
            for (caller, shape) in by_root.chain([(Caller::WwwData, shape)]) {
                let settings = generator.pick(settings::ALL);
                generator.add(caller, umask, shape, settings, Some(template));
            }
        }
    }
    // Umasks that nobody has.
    for umask in ["0111", "0222", "0333", "0200", "0070", "0007", "0001"] {
        for shape in Shape::ALL {
            generator.add(Caller::Root, umask, shape, settings::LOGGED, None);
        }
    }
    generator.cases
}

struct Generator<'a> {
    suite: Suite,
    s6_version: &'a str,
    turns: u64,
    cases: Vec<Case>,
}

impl Generator<'_> {
    /// A number below `count`, the next of a sequence that looks random and is always the same (SplitMix64).
    fn turn(&mut self, count: usize) -> usize {
        self.turns += 1;
        let mut mixed = self.turns.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % count as u64).unwrap()
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.turn(from.len())]
    }

    /// Adds a case, with the next template that fits the settings or the next settings that fit the template.
    fn add(
        &mut self,
        caller: Caller,
        umask: &'static str,
        shape: Shape,
        settings: Settings,
        template: Option<&'static Template>,
    ) {
        let first = self.turn(templates::ALL.len());
        let spellings =
            [Spelling::Separate, Spelling::Attached, Spelling::Ended, Spelling::Twice, Spelling::Backwards, Spelling::Long];
        let mut case = Case {
            suite: self.suite,
            s6_version: self.s6_version.to_owned(),
            umask,
            caller,
            shape,
            place: if shape == Shape::Plain { self.pick(&Place::NEW) } else { self.pick(&Place::ANY) },
            template: template.unwrap_or(&templates::ALL[first]),
            route: self.pick(&[Route::Straight, Route::Slashes, Route::Dots, Route::Absolute]),
            settings: within(shape, settings),
            spelling: self.pick(&spellings),
        };
        if caller == Caller::WwwData && case.place == Place::Full {
            case.place = Place::Link;
        }
        for next in 1..=templates::ALL.len() {
            let fits = template.is_some() || !case.template.many;
            if fits && case.is_accepted() {
                self.cases.push(case);
                return;
            }
            match template {
                None => case.template = &templates::ALL[(first + next) % templates::ALL.len()],
                Some(_) => case.settings = within(shape, settings::ALL[next % 2]),
            }
        }
        // Left over: templates that this caller cannot read.
    }
}

/// The settings as far as `shape` admits them.
fn within(shape: Shape, settings: Settings) -> Settings {
    let log_dir = match shape.logger() {
        None => settings.log_dir,
        Some(false) => None,
        Some(true) => Some(settings.log_dir.unwrap_or(settings::LOG_DIR)),
    };
    // There is nothing that could be left unprepared.
    let log_user = settings.log_user.map(|user| settings::LogUser { prepare: user.prepare || log_dir.is_none(), ..user });
    Settings { log_dir, log_user, ..settings }
}
