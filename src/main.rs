//! The real world, the program, its exit code.

use std::process::ExitCode;

use ostracon::console::Console;
use ostracon::world::World;

fn main() -> ExitCode {
    let world = World::real();
    let mut console = Console::real(&world);
    ExitCode::from(ostracon::run(std::env::args_os(), &world, &mut console).code())
}
