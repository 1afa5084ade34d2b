//! One file a command.

mod completions;
mod continuation;
mod events;
mod ingest;
mod init;
mod key;
mod lake;
mod prove;
mod repair;
mod show;
mod sql;
mod tail;
mod verify;

use crate::cli::{Arguments, Command, Continuation, Key, Lake};
use crate::exit::Exit;

/// Runs the command that the arguments name.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let Arguments { data, log, command, .. } = arguments;
    let place = Place { data, log };
    match command {
        Command::Init { origin } => init::run(&place, origin),
        Command::Ingest(ingest) => ingest::run(&place, &ingest),
        Command::Tail(tail) => tail::run(&place, tail),
        Command::Events(events) => events::run(&place, &events),
        Command::Sql { query, timing, output } => sql::run(&place, &query, timing, output.format),
        Command::Show { event, output } => show::run(&place, &event, output.format),
        Command::Verify(verify) => verify::run(&place, &verify),
        Command::Repair { from } => repair::run(&place, &from),
        Command::Continuation { command: Continuation::Continue { from, checkpoint, origin } } => {
            continuation::run(&place, &from, checkpoint.as_deref(), origin)
        }
        Command::Key { command: Key::Show } => key::show(&place),
        Command::Prove { event, output, record } => prove::run(&place, &event, &output, record.as_deref()),
        Command::Lake { command: Lake::Rebuild } => lake::rebuild(&place),
        Command::Completions { shell } => completions::run(shell),
    }
}

/// Where the log is.
pub(crate) struct Place {
    pub(crate) data: std::path::PathBuf,
    /// The log's name, if one was given.
    pub(crate) log: Option<String>,
}

impl Place {
    pub(crate) fn log(&self) -> anyhow::Result<ledger::LogInfo> {
        crate::pipeline::log(&self.data, self.log.as_deref())
    }
}
