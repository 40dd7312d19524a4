//! The real world, the program, its exit code.

use std::process::ExitCode;

use ostracon::console::{Console, Talk};
use ostracon::exit::Exit;
use ostracon::world::World;

fn main() -> ExitCode {
    let exit = match World::real() {
        Ok(world) => {
            let mut console = Console::real(&world);
            ostracon::run(std::env::args_os(), &world, &mut console)
        }
        Err(error) => {
            Talk::new(std::io::stderr()).say(&format!("Error: cannot set up HTTPS: {error}\n"));
            Exit::Error
        }
    };
    ExitCode::from(exit.code())
}
