//! The program `holdfast`: arguments in, exit code out.

fn main() -> std::process::ExitCode {
    holdfast::cli::run(std::env::args_os())
}
