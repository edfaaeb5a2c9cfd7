//! Properties as functions: what must hold for any input. Tests and fuzz targets call the same ones.
//!
//! Each returns whether the law holds for its input, so that a failure is reported by whoever called, with the input. [`ANY_BYTES`]
//! are those that take any bytes at all, one for each fuzz target.

mod any_bytes;
mod law;
mod lexer;
mod memory;
pub mod sample;
mod script_words;
mod smallest;

pub use any_bytes::{ANY_BYTES, AnyBytes, command_line, job_document, plan_document, quoting, record_document};
pub use law::{BrokenLaw, Outcome};
pub use lexer::{LexError, lex};
pub use smallest::{
    prefixed_text_is_one_word, quoted_text_is_one_word, tree_path_never_escapes, tree_path_order_is_by_component,
};
