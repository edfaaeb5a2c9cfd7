//! Rules of the core's types that no table of plans and no corpus reaches, each on both of its sides.

use s6_instance_maker_core::path::TreePath;

mod archives;
mod documents;
mod instances;
mod names;
mod paths;
mod plans;
mod requests;
mod rights;
mod templates;
mod text;
mod trees;

fn path(text: &str) -> TreePath {
    TreePath::parse(text).unwrap()
}
