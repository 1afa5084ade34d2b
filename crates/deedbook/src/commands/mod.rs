//! One file a command.

mod attribution;
mod audit;
mod backup;
mod blast_radius;
mod completeness;
mod completions;
mod continuation;
mod coverage;
mod digests;
mod doctor;
mod downstream;
mod events;
mod fingerprint;
pub(crate) mod followed;
mod guard;
mod ingest;
mod init;
mod jit;
mod key;
mod lake;
mod least_privilege;
mod lineage;
mod mapping;
mod offboard;
mod principal;
mod prove;
mod quality;
mod repair;
mod secrets;
mod serve;
mod session;
mod show;
mod source;
mod source_test;
mod sql;
mod tail;
mod token;
mod upkeep;
mod verify;
mod watch;
mod who;

use crate::cli::{Arguments, Command, Config, Continuation, Jit, Key, Lake, Mapping, Offboard, Source, Switch, Token};
use crate::config;
use crate::exit::{Exit, Missing};
use crate::question::Question;

/// Runs the command that the arguments name.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let Arguments { data, log, command, .. } = arguments;
    let place = Place { data, log };
    match command {
        Command::Init { origin } => init::run(&place, origin),
        Command::Ingest(ingest) => ingest::run(&place, &ingest),
        Command::Tail(tail) => tail::run(&place, tail),
        Command::Serve(serve) => serve::run(&place, &serve),
        Command::Audit { since, output } => audit::run(&place, since.as_deref(), output.format),
        Command::Config { command: Config::Print { defaults, config } } => {
            let config =
                config.filter(|_| !defaults).map_or_else(|| Ok(server::Config::default()), |path| config::read(&path));
            print!("{}", toml::to_string_pretty(&config?)?);
            Ok(Exit::Done)
        }
        Command::Token { command: Token::Create { name, scope, source, expires, output } } => {
            token::create(&place, &name, &scope, source, expires.as_deref(), output.format)
        }
        Command::Token { command: Token::Ls { output } } => token::list(&place, output.format),
        Command::Token { command: Token::Revoke { id } } => token::revoke(&place, &id),
        Command::Events(events) => events::run(&place, &events),
        Command::Sql { query, timing, output } => sql::run(&place, &query, timing, output.format),
        Command::Show { event, output } => show::run(&place, &event, output.format),
        Command::Fingerprint { asking } => fingerprint::run(&place, &asking),
        Command::Who { text, asking } => who::run(&place, &text, &asking),
        Command::Trace { text, asking } => lineage::run(&place, &text, &asking),
        Command::BlastRadius { text, asking } => blast_radius::run(&place, &text, &asking),
        Command::Session { text, asking } => session::run(&place, &text, &asking),
        Command::Principal { text, asking } => principal::run(&place, &text, &asking),
        Command::Jit { command: Jit::Prove { text, asking } } => jit::prove(&place, &text, &asking),
        Command::Jit { command: Jit::Report { asking } } => jit::report(&place, &asking),
        Command::Offboard { command: Offboard::Prove { text, asking } } => offboard::prove(&place, &text, &asking),
        Command::Attribution { asking } => attribution::run(&place, &asking),
        Command::LeastPrivilege { text, asking } => least_privilege::run(&place, &text, &asking),
        Command::Coverage { asking } => coverage::run(&place, &asking),
        Command::Completeness(asked) => completeness::run(&place, &asked),
        Command::Doctor { asking } => doctor::run(&place, &asking),
        Command::Source { command: Source::Ls { output } } => source::list(&place, output.format),
        Command::Source { command: Source::Quality { output } } => quality::run(&place, output.format),
        Command::Source { command: Source::Add(set) } => source::add(&place, &set),
        Command::Source { command: Source::Set(set) } => source::set(&place, &set),
        Command::Source { command: Source::Pause { name, reason, until } } => {
            source::pause(&place, &name, &reason, &until)
        }
        Command::Source { command: Source::Resume { name } } => source::resume(&place, &name),
        Command::Source { command: Source::Scrub { name, state, reason } } => {
            source::scrub(&place, &name, state == Switch::On, &reason)
        }
        Command::Source { command: Source::Secrets { output } } => secrets::run(&place, output.format),
        Command::Source { command: Source::Test { name, file, last, output } } => {
            source_test::run(&place, &name, file.as_deref(), last, output.format)
        }
        Command::Source { command: Source::Digests(asked) } => digests::run(&place, &asked),
        Command::Source { command: Source::Backfill { name, inputs, output } } => {
            source::backfill(&place, name, inputs, output)
        }
        Command::Mapping { command: Mapping::Test { file, samples, authority, output } } => {
            mapping::test(&place, &file, &samples, authority.as_deref(), output.format)
        }
        Command::Mapping { command: Mapping::Add { file } } => mapping::add(&place, &file),
        Command::Mapping { command: Mapping::Ls { output } } => mapping::list(&place, output.format),
        Command::Mapping { command: Mapping::Show { name } } => mapping::show(&place, &name),
        Command::Mapping { command: Mapping::Remove { name } } => mapping::remove(&place, &name),
        Command::Verify(verify) => verify::run(&place, &verify),
        Command::Backup { to, output } => backup::run(&place, &to, output.format),
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

/// The one thing that a text stands for; none or several is for the caller to sort out.
fn one_of(question: &Question, text: &str, found: Vec<String>) -> anyhow::Result<String> {
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Missing(question.nothing(text)?).into()),
        [first, ..] => {
            let all = found.join("\n  ");
            eprintln!("`{text}` is the name of several things; this is about the first:\n  {all}");
            Ok(first.clone())
        }
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
