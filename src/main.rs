//! Parses arguments, runs one subcommand, turns an error into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    minsheng::cli::main()
}
