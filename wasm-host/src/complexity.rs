//! The complexity of a module: the quantities that the time and the memory of its compilation grow with, counted before anything is
//! compiled.
//!
//! Fuel limits what a guest executes, not what the compiler does with it. Every function and every type has a cost of its own, and
//! some passes of the compiler take more than linear time in the size of one function, so the size of the file says little.

use wasmtime::wasmparser::{self, ElementItems, FunctionBody, Operator, Parser, Payload};

/// A quantity of which a module may have so much, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quantity {
    /// Its name, in the plural.
    pub noun: &'static str,
    /// The most that is compiled.
    pub max: u64,
}

/// The reason why a module is not compiled.
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
/// A target of a `br_table` counts as an instruction, and a rotation as [`ROTATION`].
const INSTRUCTIONS: Quantity = Quantity { noun: "instructions", max: 768 << 10 }; // 293,963
/// The sum of the squares of the branches of each function: some of the compiler's passes visit all blocks once per block.
const BRANCH_PAIRS: Quantity = Quantity { noun: "pairs of branches in the same function", max: 1 << 28 }; // 81 million
/// The sum of the products of the branches and the variables of each function: a variable may have another value after each branch.
const BRANCH_VARIABLES: Quantity =
    Quantity { noun: "pairs of a branch and a local variable in the same function", max: 1 << 23 }; // 3 million

/// The cost of a rotation, in other instructions.
const ROTATION: u64 = 8;

// For one type, and for one function.
const PARAMETERS: Quantity = Quantity { noun: "parameters of one function", max: 32 }; // 9
const LOCALS: Quantity = Quantity { noun: "local variables of one function", max: 256 }; // 77
const LENGTH: Quantity = Quantity { noun: "instructions of one function", max: 32 << 10 }; // 17,404
const DEPTH: Quantity = Quantity { noun: "nested blocks", max: 512 }; // 76
/// The values that are live in nested loops are live in each of them: the allocation of registers takes a minute for some with 200
/// levels.
const LOOPS: Quantity = Quantity { noun: "nested loops", max: 32 }; // 7

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

/// The totals of the code of a module.
struct Code {
    instructions: Allowance,
    branch_pairs: Allowance,
    branch_variables: Allowance,
}

/// Fails when `module` has more of some quantity than is compiled.
pub(crate) fn check(module: &[u8]) -> Result<(), Refusal> {
    let take = |quantity, amount: u32| Allowance::of(quantity).take(amount);
    let mut elements = Allowance::of(ELEMENTS);
    let mut code = Code {
        instructions: Allowance::of(INSTRUCTIONS),
        branch_pairs: Allowance::of(BRANCH_PAIRS),
        branch_variables: Allowance::of(BRANCH_VARIABLES),
    };
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
            Payload::CodeSectionEntry(body) => check_function(&body, &mut code)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_function(body: &FunctionBody<'_>, code: &mut Code) -> Result<(), Refusal> {
    let mut locals = Allowance::of(LOCALS);
    for group in body.get_locals_reader()? {
        let (count, _) = group?;
        locals.take(count)?;
    }
    let (mut length, mut depth, mut loops) = (Allowance::of(LENGTH), Allowance::of(DEPTH), Allowance::of(LOOPS));
    // For each block that is open: how many loops it is.
    let mut open: Vec<u64> = Vec::new();
    let (mut branches, mut targets) = (0u64, 0u64);
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let operator = operators.read()?;
        let mut instructions = 1;
        match &operator {
            Operator::Block { .. } | Operator::If { .. } | Operator::Loop { .. } => {
                let is_loop = u64::from(matches!(operator, Operator::Loop { .. }));
                depth.take(1u64)?;
                loops.take(is_loop)?;
                open.push(is_loop);
            }
            Operator::End => {
                depth.left += u64::from(!open.is_empty());
                loops.left += open.pop().unwrap_or(0);
            }
            Operator::BrTable { targets: more } => {
                instructions += u64::from(more.len());
                targets += u64::from(more.len());
            }
            // The optimizer tries many rules on them.
            Operator::I32Rotl | Operator::I32Rotr | Operator::I64Rotl | Operator::I64Rotr => instructions = ROTATION,
            _ => {}
        }
        length.take(instructions)?;
        code.instructions.take(instructions)?;
        branches += branches_of(&operator);
    }
    branches += targets;
    code.branch_pairs.take(branches.saturating_mul(branches))?;
    // Where two tables have the same targets, each edge carries each variable.
    let edges = branches + 7 * targets;
    // Beside the declared variables there are parameters, and what is the compiler's own.
    let variables = LOCALS.max - locals.left + 9;
    code.branch_variables.take(edges.saturating_mul(variables))
}

/// The branches that the compiler makes of an instruction, weighed by what they were found to cost: those of the program, and those
/// to a trap, which memory accesses, divisions and conversions have. The targets of a `br_table` are not among them.
const fn branches_of(operator: &Operator<'_>) -> u64 {
    use Operator as O;
    match operator {
        O::Block { .. } | O::If { .. } | O::Else | O::BrIf { .. } | O::BrTable { .. } => 1,
        O::Loop { .. } => 3,
        O::CallIndirect { .. } | O::ReturnCallIndirect { .. } | O::CallRef { .. } | O::ReturnCallRef { .. } => 8,
        // Straight on, in any case.
        O::Nop | O::Drop | O::Select | O::End | O::Return | O::Br { .. } | O::Unreachable | O::Call { .. } => 0,
        O::LocalGet { .. } | O::LocalSet { .. } | O::LocalTee { .. } | O::GlobalGet { .. } | O::GlobalSet { .. } => 0,
        O::I32Const { .. } | O::I64Const { .. } | O::F32Const { .. } | O::F64Const { .. } => 0,
        O::I32Eqz | O::I32Eq | O::I32Ne | O::I32LtS | O::I32LtU | O::I32GtS | O::I32GtU => 0,
        O::I32LeS | O::I32LeU | O::I32GeS | O::I32GeU => 0,
        O::I64Eqz | O::I64Eq | O::I64Ne | O::I64LtS | O::I64LtU | O::I64GtS | O::I64GtU => 0,
        O::I64LeS | O::I64LeU | O::I64GeS | O::I64GeU => 0,
        O::I32Clz | O::I32Ctz | O::I32Popcnt | O::I32Add | O::I32Sub | O::I32Mul | O::I32And | O::I32Or | O::I32Xor => 0,
        O::I32Shl | O::I32ShrS | O::I32ShrU | O::I32Rotl | O::I32Rotr => 0,
        O::I64Clz | O::I64Ctz | O::I64Popcnt | O::I64Add | O::I64Sub | O::I64Mul | O::I64And | O::I64Or | O::I64Xor => 0,
        O::I64Shl | O::I64ShrS | O::I64ShrU | O::I64Rotl | O::I64Rotr => 0,
        O::I32WrapI64 | O::I64ExtendI32S | O::I64ExtendI32U => 0,
        O::I32Extend8S | O::I32Extend16S | O::I64Extend8S | O::I64Extend16S | O::I64Extend32S => 0,
        // Memory, tables, divisions, conversions, and what was not thought of.
        _ => 1,
    }
}
