//! The complexity of a module: the quantities that the time and the memory of its compilation grow with, counted before anything is
//! compiled.
//!
//! Fuel limits what a guest executes, not what the compiler does with it. Every function and every type has a cost of its own, and some
//! passes of the compiler take more than linear time in the size of one function, so the size of the file says little.

use wasmtime::wasmparser::{self, ElementItems, FunctionBody, Operator, Parser, Payload};

/// A quantity of which a module may have so much, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    /// Its name, in the plural.
    pub noun: &'static str,
    /// The most that is compiled.
    pub max: u64,
}

/// Why a module is not compiled.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It cannot be read.
    Malformed(wasmparser::Error),
    /// It has too much of something.
    Excess(Quantity),
}

impl From<wasmparser::Error> for Refusal {
    fn from(error: wasmparser::Error) -> Self {
        Self::Malformed(error)
    }
}

// For all of a module. The number behind each is what the built-in guest has.
const IMPORTS: Quantity = Quantity { noun: "imports", max: 64 }; // 7
const TYPES: Quantity = Quantity { noun: "types", max: 256 }; // 24
const FUNCTIONS: Quantity = Quantity { noun: "functions", max: 4096 }; // 730
const TABLES: Quantity = Quantity { noun: "tables", max: 4 }; // 1
const MEMORIES: Quantity = Quantity { noun: "memories", max: 4 }; // 1
const GLOBALS: Quantity = Quantity { noun: "globals", max: 1024 }; // 2
const EXPORTS: Quantity = Quantity { noun: "exports", max: 1024 }; // 3
const ELEMENTS: Quantity = Quantity { noun: "elements of tables", max: 16 << 10 }; // 202
const DATA: Quantity = Quantity { noun: "segments of data", max: 4096 }; // 2
const INSTRUCTIONS: Quantity = Quantity { noun: "instructions", max: 1 << 20 }; // 291,690

// For one type, and for one function of it.
const PARAMETERS: Quantity = Quantity { noun: "parameters of one function", max: 32 }; // 9
const LOCALS: Quantity = Quantity { noun: "local variables of one function", max: 1024 }; // 77
const DEPTH: Quantity = Quantity { noun: "nested blocks", max: 512 }; // 76
const LENGTH: Quantity = Quantity { noun: "instructions of one function", max: 64 << 10 }; // 17,248

/// An allowance of one quantity.
struct Allowance {
    quantity: Quantity,
    left: u64,
}

impl Allowance {
    const fn of(quantity: Quantity) -> Self {
        Self { quantity, left: quantity.max }
    }

    fn take(&mut self, amount: impl Into<u64>) -> Result<(), Refusal> {
        self.left = self.left.checked_sub(amount.into()).ok_or(Refusal::Excess(self.quantity))?;
        Ok(())
    }
}

/// Fails when `module` has more of some quantity than is compiled.
pub(crate) fn check(module: &[u8]) -> Result<(), Refusal> {
    let take = |quantity, amount: u32| Allowance::of(quantity).take(amount);
    let mut elements = Allowance::of(ELEMENTS);
    let mut instructions = Allowance::of(INSTRUCTIONS);
    for payload in Parser::new(0).parse_all(module) {
        // A module has at most one section of each kind; a second one is malformed.
        match payload? {
            Payload::TypeSection(types) => {
                take(TYPES, types.count())?;
                for ty in types.into_iter_err_on_gc_types() {
                    take(PARAMETERS, ty?.params().len() as u32)?;
                }
            }
            Payload::ImportSection(imports) => take(IMPORTS, imports.count())?,
            Payload::FunctionSection(functions) => take(FUNCTIONS, functions.count())?,
            Payload::TableSection(tables) => take(TABLES, tables.count())?,
            Payload::MemorySection(memories) => take(MEMORIES, memories.count())?,
            Payload::GlobalSection(globals) => take(GLOBALS, globals.count())?,
            Payload::ExportSection(exports) => take(EXPORTS, exports.count())?,
            Payload::DataSection(data) => take(DATA, data.count())?,
            Payload::ElementSection(segments) => {
                for segment in segments {
                    let items = match segment?.items {
                        ElementItems::Functions(functions) => functions.count(),
                        ElementItems::Expressions(_, expressions) => expressions.count(),
                    };
                    // The segment itself costs something, too.
                    elements.take(1u64 + u64::from(items))?;
                }
            }
            Payload::CodeSectionEntry(body) => check_function(&body, &mut instructions)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_function(body: &FunctionBody<'_>, instructions: &mut Allowance) -> Result<(), Refusal> {
    let mut locals = Allowance::of(LOCALS);
    for group in body.get_locals_reader()? {
        let (count, _) = group?;
        locals.take(count)?;
    }
    let (mut length, mut depth) = (Allowance::of(LENGTH), Allowance::of(DEPTH));
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let weight = match operators.read()? {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                depth.take(1u64)?;
                1
            }
            Operator::End => {
                depth.left = depth.left.saturating_add(1);
                1
            }
            // Each target is an edge of the control flow.
            Operator::BrTable { targets } => 1 + u64::from(targets.len()),
            _ => 1,
        };
        length.take(weight)?;
        instructions.take(weight)?;
    }
    Ok(())
}
