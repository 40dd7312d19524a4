//! Workspaces of any size, and the unit they are measured in; `scale.py` runs the table.
//!
//! ```text
//! cargo bench --bench scale -- generate DIRECTORY RESTRICTIONS single|fifty|mixed
//! cargo bench --bench scale -- converge DIRECTORY       a state that equals the policy
//! cargo bench --bench scale -- reference DIRECTORY      one file of five-field entries
//! cargo bench --bench scale -- parse FILE               parses it with serde_yaml
//! ```
//!
//! What is generated depends on the arguments alone.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench may panic, reads and writes files, and prints"
)]

mod converge;
mod random;
mod reference;
mod workspace;

use std::path::Path;

use workspace::Shape;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["generate", directory, restrictions, shape] => {
            workspace::write(Path::new(directory), restrictions.parse().unwrap(), named(shape));
        }
        ["converge", directory] => converge::write(Path::new(directory)),
        ["reference", directory] => reference::write(Path::new(directory)),
        ["parse", file] => println!("{}", reference::parse(Path::new(file))),
        _ => panic!("what to do? See the head of this file"),
    }
}

fn named(shape: &str) -> Shape {
    match shape {
        "single" => Shape::Single,
        "fifty" => Shape::Fifty,
        "mixed" => Shape::Mixed,
        _ => panic!("`{shape}` is not a shape"),
    }
}
