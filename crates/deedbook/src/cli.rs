//! The arguments, as people type them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::Level;

/// The sealed record of what machines did.
#[derive(Debug, Parser)]
#[command(name = "deedbook", version, about, long_about = None, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Folder of the log.
    #[arg(long, global = true, env = "DEEDBOOK_DATA", default_value = "deedbook-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Name of the log, if the folder holds several (its 8 hex digits or its origin).
    #[arg(long, global = true, value_name = "LOG")]
    pub(crate) log: Option<String>,
    /// Ask a server instead of a data folder, with the token in DEEDBOOK_TOKEN.
    #[arg(long, global = true, env = "DEEDBOOK_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,
    /// Say more; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// How a failure is said: `json` is for the process that asked for somebody else.
    #[arg(long, global = true, value_enum, default_value = "text", hide = true)]
    pub(crate) errors: Errors,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How a failure is said on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Errors {
    /// For people.
    Text,
    /// A JSON object with its code and what it is.
    Json,
}

impl Arguments {
    pub(crate) fn verbosity(&self) -> Level {
        match self.verbose {
            0 => Level::WARN,
            1 => Level::INFO,
            _ => Level::DEBUG,
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new log: identity, signing key, first leaf.
    Init {
        /// Name of the log in its checkpoints; `deedbook/` and 16 random hex digits by default.
        #[arg(long)]
        origin: Option<String>,
    },
    /// Seal what files, folders, globs or `-` (standard input) hold, and make it queryable.
    Ingest(Ingest),
    /// Seal a growing file; with `-f`, go on until Ctrl-C.
    Tail(Tail),
    /// Take records over the network until Ctrl-C: HTTP, Splunk HEC, Elasticsearch `_bulk`, webhooks.
    Serve(Serve),
    /// What was done with this log over the network.
    Audit {
        /// From here on: a time, or a span such as `24h`.
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// The settings of `serve`.
    Config {
        #[command(subcommand)]
        command: Config,
    },
    /// Who may send and ask over the network.
    Token {
        #[command(subcommand)]
        command: Token,
    },
    /// List events.
    Events(Box<Events>),
    /// Ask in SQL: tables `events`, `events_all`, `records`, `rejects`, `sources`, `checkpoints`.
    Sql {
        /// The query; `-` reads from standard input, where `;` at the end of a line ends each of several.
        query: String,
        /// Say on stderr how long the tables took to open and each answer took to come.
        #[arg(long)]
        timing: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Everything about one event, and where each value came from.
    Show {
        /// Event id, as in 3f2a91c0-41022, or the id the record has at its source.
        event: String,
        #[command(flatten)]
        output: Output,
    },
    /// Who executed, with what, minted by whom, on whose behalf, by whose leave, and why.
    Who {
        /// Anything: an ARN, key id, token id or hash, name, e-mail, address, request or trace id, event id,
        /// URI, `s3://...`; `-` reads an alert as JSON from standard input.
        text: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Where a leaked token was: reads it from the terminal without echo, or from standard input, never from the command line,
    /// and prints its fingerprint, the records in which it was replaced, and the uses of it that platforms log by its SHA-256.
    Fingerprint {
        #[command(flatten)]
        asking: Asking,
    },
    /// Lineage of a credential, event or principal: up to its origin, down to all it minted.
    Trace {
        /// A key or token id, a name, an event id, a URI.
        text: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// What a credential or principal touched and minted, what is alive, what to revoke in which order.
    BlastRadius {
        /// A key or token id, a name, a URI.
        text: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// The timeline of a session across platforms, with its credentials and its silences.
    Session {
        /// A session id, an event id, or what `who` takes.
        text: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// The passport of a principal: names over time, kind and why, life, credentials, peers, owner.
    Principal {
        /// A name, ARN, e-mail or URI.
        text: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Just-in-time grants: a verdict on each use.
    Jit {
        #[command(subcommand)]
        command: Jit,
    },
    /// Leavers: what became of all they had.
    Offboard {
        #[command(subcommand)]
        command: Offboard,
    },
    /// Share of events with one clear actor, by source and tier; the others by name.
    Attribution {
        #[command(flatten)]
        asking: Asking,
    },
    /// What a principal may do, as inventories say, against what it did.
    LeastPrivilege {
        /// A name, ARN, e-mail or URI.
        text: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Identities listed by an inventory, seen, never seen, not listed, unowned, by platform.
    Coverage {
        #[command(flatten)]
        asking: Asking,
    },
    /// What came of each source, hour by hour, and what is missing: gaps, pauses, blind spots.
    Completeness(Completeness),
    /// What stands in the way of good answers: issuers and authorities that nobody configured.
    Doctor {
        #[command(flatten)]
        asking: Asking,
    },
    /// The streams of records, and what is known of the identities in them.
    Source {
        #[command(subcommand)]
        command: Source,
    },
    /// Platforms that a file describes: your own source, without code.
    Mapping {
        #[command(subcommand)]
        command: Mapping,
    },
    /// Check the whole log: intact, or exactly what is not and where.
    Verify(Verify),
    /// Copy the log, verified, while it is written or not: all that a checkpoint published now covers, without the keys.
    Backup {
        /// An empty folder, or one with an earlier backup of this log: then only what is new is copied.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Put damaged or lost evidence and tiles back from a copy of the log.
    Repair {
        /// A copy of the data folder, or of the folder of the log. Only bytes that this log sealed are taken.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// Go on after damage that no repair mends.
    #[command(name = "log")]
    Continuation {
        #[command(subcommand)]
        command: Continuation,
    },
    /// The log's keys.
    Key {
        #[command(subcommand)]
        command: Key,
    },
    /// Write the proof that one event is in the log, for `deedbook-verify proof`.
    Prove {
        /// Event id, as in 3f2a91c0-41022.
        event: String,
        /// Where the proof goes.
        #[arg(short, long, value_name = "FILE", default_value = "event.tlog-proof")]
        output: PathBuf,
        /// Where salt, header and body of the record go: what opens the commitment.
        #[arg(long, value_name = "FILE")]
        record: Option<PathBuf>,
    },
    /// The derived tables.
    Lake {
        #[command(subcommand)]
        command: Lake,
    },
    /// Print a completion script.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Completeness {
    /// From when on: RFC 3339, a date, or a span back such as `24h`, `7d`.
    #[arg(long, value_name = "TIME", default_value = "7d")]
    pub(crate) since: String,
    /// Until when; now by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Of this source alone.
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// Public keys of CloudTrail: with them the account has what its digest files prove (`source digests` says all of it). May be
    /// given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Vec<PathBuf>,
    /// The accounts themselves, for the server that asks for them.
    #[arg(long, hide = true, conflicts_with_all = ["source", "until", "key"])]
    pub(crate) accounts: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Jit {
    /// Every use of one grant with its verdict.
    Prove {
        /// Id or URI of the grant.
        text: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// All grants of the range; uses that are not proved or consistent are listed.
    Report {
        #[command(flatten)]
        asking: Asking,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Offboard {
    /// Each credential, session and grant of a principal: revoked, alive, used after, or unknown.
    Prove {
        /// A name, ARN, e-mail or URI.
        text: String,
        /// `--since` is when all of it should have been gone; now by default.
        #[command(flatten)]
        asking: Asking,
    },
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Source {
    /// List the sources with what came of their records.
    Ls {
        #[command(flatten)]
        output: Output,
    },
    /// Show what each source can answer at all: the share of its events, in percent, that say who, what, when, with what outcome,
    /// from where, to what, with which credential, in which session and by which decision. An event that says the first
    /// six is complete (PCI DSS 10.2.2).
    Quality {
        #[command(flatten)]
        output: Output,
    },
    /// Make a source and say whose records it will hold: what is said holds from its first record on.
    Add(SourceSet),
    /// Say whose records a source holds, whose tokens an issuer signs, and which accounts are brokers.
    /// Sealed as directives: in force for every record after them.
    Set(SourceSet),
    /// Announce a silence: until it ends, deliveries to the source over the network are told to come back, and what
    /// pulls rests. Sealed. What `ingest` and `backfill` bring by hand is taken.
    Pause {
        /// Name of the source.
        name: String,
        /// Why, for those who read the record.
        #[arg(long)]
        reason: String,
        /// When it ends by itself: RFC 3339, a date, or a span from now on such as `2h`.
        #[arg(long, value_name = "TIME")]
        until: String,
    },
    /// End a pause early. Sealed.
    Resume {
        /// Name of the source.
        name: String,
    },
    /// Show how many known secrets were replaced, source by source and rule by rule, and how many texts of the newest records
    /// look random and are known by no rule. All headers of the log are read for it.
    Secrets {
        #[command(flatten)]
        output: Output,
    },
    /// Say whether known secrets of a source are replaced before its records are sealed. They are, unless this says
    /// otherwise. Sealed; holds for what comes after it, and what is sealed stays as it is.
    Scrub {
        /// Name of the source.
        name: String,
        /// Whether they are replaced.
        state: Switch,
        /// Why, for those who find a secret in the log.
        #[arg(long)]
        reason: String,
    },
    /// Say what would become of a sample if it came to the source, without sealing anything.
    Test {
        /// Name of the source; one that is not there yet is tried with the default settings.
        name: String,
        /// The sample, `-` for standard input; without one, the last records that the source has.
        file: Option<String>,
        /// How many of those.
        #[arg(long, default_value_t = 20, value_name = "N")]
        last: usize,
        #[command(flatten)]
        output: Output,
    },
    /// Say what CloudTrail's digest files prove: which log files are as it delivered them, and where a digest or a log
    /// file is altered, missing, or was never made.
    Digests(Digests),
    /// Seal older files into a source, also while a server takes records for it. The same as
    /// `ingest --source NAME PATH...`, for a source that is there; a sender to it is told to come back while a file is
    /// read.
    Backfill {
        /// Name of the source.
        name: String,
        /// Files, folders, globs, or `-` for standard input.
        #[arg(required = true, value_name = "PATH")]
        inputs: Vec<String>,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Mapping {
    /// Read a mapping file and explain, record by record and column by column, what it makes of a sample: the value, the
    /// path, constant or row that gave it, and why a column is empty. Nothing is sealed. Ends with code 4 if a record
    /// is rejected.
    Test {
        /// The mapping file (`docs/mapping.md` describes it), or the name of one that is in force.
        #[arg(value_name = "MAPPING")]
        file: String,
        /// Records as they would be delivered: files, or `-` for standard input.
        #[arg(required = true, value_name = "SAMPLE")]
        samples: Vec<String>,
        /// Authority that the source would be set to.
        #[arg(long, value_name = "ID")]
        authority: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Put a mapping in force, for every record that comes after it. It takes the place of one with its name. Sealed.
    Add {
        /// The mapping file.
        #[arg(value_name = "MAPPING")]
        file: PathBuf,
    },
    /// List the mappings in force: your own in the order in which they are asked, then those of the product.
    #[command(alias = "list")]
    Ls {
        #[command(flatten)]
        output: Output,
    },
    /// Print the file of a mapping.
    Show {
        /// Name of its platform.
        name: String,
    },
    /// Take back a mapping of your own; one of the product with its name is in force again. Sealed.
    Remove {
        /// Name of its platform.
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Digests {
    /// Public keys: what `aws cloudtrail list-public-keys` prints, PEM, or base64 of DER; may be given several times, since
    /// each region has keys of its own.
    #[arg(long, required = true, value_name = "FILE")]
    pub(crate) key: Vec<std::path::PathBuf>,
    /// A copy of the bucket: folder, glob or file; may be given several times. Without it, what was ingested.
    #[arg(long, value_name = "PATH")]
    pub(crate) from: Vec<String>,
    /// Tell nothing of before: RFC 3339, a date, or a span back from now such as `24h`, `7d`.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Up to here digests are expected: like --since; now by default, and of a copy nothing.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct SourceSet {
    /// Name of the source.
    pub(crate) name: String,
    /// Platform of its records.
    #[arg(long)]
    pub(crate) platform: Option<String>,
    /// Authority of records that do not name their own: the cluster's id, the Vault cluster, the host.
    #[arg(long, value_name = "ID")]
    pub(crate) authority: Option<String>,
    /// Whom to ask about it: a team or a person.
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    /// An OIDC issuer that signs the tokens of the source's principals; may be given several times.
    #[arg(long, value_name = "HOST")]
    pub(crate) issuer: Vec<String>,
    /// URI of an account under which a broker mints for others; may be given several times.
    #[arg(long, value_name = "URI")]
    pub(crate) broker: Vec<String>,
}

/// What questions about attribution have in common.
#[derive(Debug, Args)]
pub(crate) struct Asking {
    /// From here: RFC 3339, a date, or a span back from now such as `24h`, `7d`.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Up to here, and as of here: like --since; now by default.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Repeat an answer exactly: the pin that it printed.
    #[arg(long, value_name = "PIN")]
    pub(crate) at: Option<String>,
    /// At most so many events are shown or read: 20 of `who`, 10,000 where a part would prove nothing, else
    /// 200. An answer that was cut says so.
    #[arg(long)]
    pub(crate) limit: Option<usize>,
    /// An id in the clear and what Vault's sys/audit-hash gives for it; may be given several times.
    #[arg(long, value_name = "ID=HASH")]
    pub(crate) audit_hash: Vec<String>,
    /// Say on stderr how long the log took to open and the answer took to come.
    #[arg(long)]
    pub(crate) timing: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Print the verifier key: hand it over apart from proofs.
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Continuation {
    /// Make a new log in --data whose first leaf after the opening names the last good checkpoint of
    /// another: a log is never forked.
    Continue {
        /// Data folder of the log that cannot go on.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// Its last good checkpoint, if it was kept elsewhere; else the one it published last.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// Name of the new log in its checkpoints; `deedbook/` and 16 random hex digits by default.
        #[arg(long)]
        origin: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lake {
    /// Make all derived files again from the evidence.
    Rebuild,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON array or object.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180, with a header line.
    Csv,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// How the answer is printed.
    #[arg(short = 'o', long = "output", value_enum, default_value = "table", value_name = "FORMAT")]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    /// Files, folders, globs, or `-` for standard input.
    #[arg(required = true)]
    pub(crate) inputs: Vec<String>,
    /// `auto`, or the platform of all the records.
    #[arg(long, default_value = "auto")]
    pub(crate) platform: String,
    /// The stream these records belong to; made if it is new.
    #[arg(long, default_value = "files", value_name = "NAME")]
    pub(crate) source: String,
    /// Read and count only: nothing is sealed.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Make the log first if there is none.
    #[arg(long)]
    pub(crate) init: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// The files; each may not exist yet, and may be rotated.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Go on until Ctrl-C.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// `auto`, or the platform of all the records.
    #[arg(long, default_value = "auto")]
    pub(crate) platform: String,
    /// The stream these records belong to; made if it is new.
    #[arg(long, default_value = "files", value_name = "NAME")]
    pub(crate) source: String,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// From here: RFC 3339, a date, or a span back from now such as `24h`, `7d`.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Up to here, exclusive: like --since.
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Actor, subject or initiator: URI or name, `*` for anything.
    #[arg(long, value_name = "GLOB")]
    pub(crate) principal: Option<String>,
    /// Operation, `*` for anything: 's3:*'.
    #[arg(long, value_name = "GLOB")]
    pub(crate) action: Option<String>,
    /// Resource: URI or name, `*` for anything.
    #[arg(long, value_name = "GLOB")]
    pub(crate) resource: Option<String>,
    /// `success`, `failure`, `unknown` or `other`.
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    /// Platform, such as `aws`.
    #[arg(long)]
    pub(crate) platform: Option<String>,
    /// Source name.
    #[arg(long)]
    pub(crate) source: Option<String>,
    /// Credential: URI or the platform's id.
    #[arg(long)]
    pub(crate) credential: Option<String>,
    /// Source address.
    #[arg(long, value_name = "IP")]
    pub(crate) src_ip: Option<String>,
    /// A request id, trace id, shared event id, audit id.
    #[arg(long, value_name = "ID")]
    pub(crate) correlation: Option<String>,
    /// Everything on any platform that this principal is behind: a name, e-mail, ARN or URI.
    #[arg(long, value_name = "PRINCIPAL", conflicts_with_all = ["principal", "action", "resource", "outcome", "platform", "source", "credential", "src_ip", "correlation", "group", "duplicates"])]
    pub(crate) origin: Option<String>,
    /// With --origin: repeat an answer exactly, by the pin that it printed.
    #[arg(long, value_name = "PIN", requires = "origin")]
    pub(crate) at: Option<String>,
    /// Fold events that share a correlation id into one, with a count.
    #[arg(long)]
    pub(crate) group: bool,
    /// Show copies of one upstream event, too.
    #[arg(long)]
    pub(crate) duplicates: bool,
    /// At most so many events, the newest; 0 for all.
    #[arg(long, default_value_t = 1_000)]
    pub(crate) limit: usize,
    /// The page behind this event of the list: older ones.
    #[arg(long, value_name = "EVENT", group = "cursor", conflicts_with_all = ["group", "origin"])]
    pub(crate) before: Option<String>,
    /// The page in front of this event of the list: newer ones, the nearest.
    #[arg(long, value_name = "EVENT", group = "cursor", conflicts_with_all = ["group", "origin"])]
    pub(crate) after: Option<String>,
    /// What was sealed after this event, or any leaf, in the order of the log: asked again and again it gives
    /// each event once, however late its record came.
    #[arg(long, value_name = "EVENT", group = "cursor", conflicts_with_all = ["group", "origin"])]
    pub(crate) sealed_after: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A checkpoint kept from before, outside this machine's reach.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Check the tree only, not the bodies of the records.
    #[arg(long)]
    pub(crate) tree_only: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `deedbook serve`
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Settings: a TOML file; `deedbook config print --defaults` shows one.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Where to listen, 127.0.0.1:7400 without one; port 0 chooses one; may be given several times.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Vec<std::net::SocketAddr>,
    /// Listen beyond this machine without TLS: whoever is between reads along, tokens too.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Secret of a signed webhook: `SOURCE=env:NAME` or `SOURCE=file:PATH`; may be given several times.
    #[arg(long, value_name = "SOURCE=SECRET")]
    pub(crate) webhook: Vec<String>,
    /// Make the log if there is none.
    #[arg(long)]
    pub(crate) init: bool,
}

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show the settings in force: those of the file, with the default of each that it does not set.
    Print {
        /// Those without any file.
        #[arg(long)]
        defaults: bool,
        /// The file.
        #[arg(long, value_name = "FILE", required_unless_present = "defaults")]
        config: Option<PathBuf>,
    },
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make one; it is shown once, and only its hash is kept.
    Create {
        /// The name by which people know it.
        #[arg(long)]
        name: String,
        /// What it may do: `records:write`, `read`, `export`, `admin`; may be given several times.
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// The source it may write to; may be given several times, none for all.
        #[arg(long)]
        source: Vec<String>,
        /// When it stops to hold: a span such as `90d`.
        #[arg(long, value_name = "SPAN")]
        expires: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// List them.
    Ls {
        #[command(flatten)]
        output: Output,
    },
    /// Take one back for good.
    Revoke {
        /// Its id, as `token ls` shows it.
        id: String,
    },
}
