//! `deedbook completions`

use clap::CommandFactory as _;

use crate::exit::Exit;

pub(crate) fn run(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    clap_complete::generate(shell, &mut crate::cli::Arguments::command(), "deedbook", &mut std::io::stdout());
    Ok(Exit::Done)
}
