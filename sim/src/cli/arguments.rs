//! The words of the command line and their help.

use crate::answers::{self, Shape};
use crate::net::Fabric;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXAMPLES: &str = "Examples:
  fedsim run                               replay the catalogue
  fedsim run my-design.toml                a scenario of your own
  fedsim list force-authn                  what a family of lessons is about
  fedsim explain breaks-device-compliance  who decided what, and why
  fedsim trace breaks-device-compliance    every message in order
  fedsim up                                a world on loopback for curl

Exit code: 0 all expectations met, 1 some missed, 2 bad input, 70 an error of
fedsim's own.";

const RUN: &str = "A line per case, in the order of the catalogue whatever finishes first: whether
its author's expectations were met, its name, and how each of its sign-ins
ended. Tries of a lesson stand below it; `NAME~TRY` names one.

Examples:
  fedsim run                               the embedded catalogue
  fedsim run force-authn session-age       two families
  fedsim run designs/ --fabric loopback    a directory, over TCP
  fedsim run --format junit > results.xml  for a CI
  fedsim run --keep runs && fedsim journal runs

Exit code: 0 all expectations met, 1 some missed, 2 bad input, 3 less covered
than --coverage-min wants.";

const LIST: &str = "Examples:
  fedsim list
  fedsim list toggles
  fedsim list --format json | jq -r '.lessons[].id'";

const EXPLAIN: &str = "Every decision with its reasons in a sentence, the place of the setting behind
each, what the case teaches, and which assumptions it rests on.

Examples:
  fedsim explain breaks-device-compliance
  fedsim explain breaks-device-compliance~a-fallback-without-it
  fedsim explain my-design.toml";

const TRACE: &str = "A sequence diagram as wide as the terminal, then the SAML of each message.

Examples:
  fedsim trace managed-gets-in
  fedsim trace managed-gets-in --full | less";

const JOURNAL: &str = "Examples:
  fedsim run --keep runs                   keep what happens in ./runs
  fedsim journal runs                      the cases that were run
  fedsim journal runs 3                    the transcript of the third";

const UP: &str = "Examples:
  fedsim up                                the baseline device-trust-mobile
  fedsim up routing-only --dir /tmp/world  another, its keys where you say
  fedsim up my-design.toml                 the world of a scenario of yours
  fedsim up --keep world                   the next one goes on from there
  fedsim up --port 8440                    8440, 8441 and so on
  fedsim up --app salesforce=my-app.xml    your own app, by its metadata
  fedsim up -- sh -c 'curl --cacert $FEDSIM_CA ...'

docs/up.md lists the files and the variables that the program is given.

Exit code: 0 after Ctrl-C or SIGTERM, the program's own, 2 bad input.";

const CHECK: &str = "Every situation that the world can tell apart is decided by the parties' own
decision cores. For an invariant that is broken: the situation with the fewest
facts away from a healthy sign-in, why it ends so, the smallest change of
settings that cures it, and a scenario file that replays it.

Examples:
  fedsim check device-trust-mobile --invariant rules.toml
  fedsim check my-design.toml              its own never, always, implies
  fedsim check my-design.toml --format sarif > check.sarif

Exit code: 0 all hold, 1 some are broken, 2 bad input.";

const LINT: &str = "Documented traps. One is told only with a situation that goes wrong because of
it and goes right once the setting is changed; both have been evaluated.

Examples:
  fedsim lint device-trust-mobile
  fedsim lint my-design.toml --format markdown
  fedsim lint my-design.toml --to traps    its situations as scenario files

Exit code: 0 whatever is found, 1 with --strict where something is, 2 bad input.";

const RULES: &str = "How often each rule of Okta's and Access's policies fires over all situations.
For one that never does: an irreducible set of rules above it that takes all
that it would, or that nobody meets its conditions.

Examples:
  fedsim rules device-trust-mobile
  fedsim rules my-design.toml --format sarif > rules.sarif

Exit code: 0 whatever is found, 1 with --strict where a rule is dead, 2 bad
input.";

const WHY: &str = "The last sign-in of a case: every rule that it came by, each condition with its
value, and the fewest facts that would turn a refusal into a grant or a grant
into a refusal. Each flip is evaluated and replayed.

Examples:
  fedsim why breaks-device-compliance
  fedsim why my-design.toml

Exit code: 0, 2 bad input.";

const COMPARE: &str = "The same people, devices and apps side by side: how each ends, who decided it,
and the setting that carries it.

Examples:
  fedsim compare routing-only device-trust-mobile
  fedsim compare old.toml new.toml newer.toml --format markdown

Exit code: 0, 2 bad input.";

const DIFF: &str = "The situations that end otherwise in the new world, in few statements, each with
an example that is replayed in the new world.

Examples:
  fedsim diff device-trust-mobile my-design.toml
  fedsim diff old.toml new.toml --format github

Exit code: 0 nothing changes, 1 something does, 2 bad input.";

const WALK: &str = "A plan is a scenario file whose steps change settings. After each step: what
every persona experiences; who is locked out or let in on the way and is not so
at either end; and whether another order of the same steps spares that.

Examples:
  fedsim walk migration.toml
  fedsim walk migration.toml --format markdown

Exit code: 0 nobody is locked out or let in on the way, 1 somebody is, 2 bad
input.";

const EXPLORE: &str = "Random worlds near the baselines, or near one of yours, and random situations of
theirs, through the model and over the live wire. A disagreement, which would be
a mistake of fedsim's own, shrinks to one scenario file.

Examples:
  fedsim explore --seed 7 --for 10m
  fedsim explore my-design.toml --for 30s

Exit code: 0 none disagree, 1 some do, 2 bad input.";

#[derive(Debug, Parser)]
#[command(name = "fedsim", version, about = "Replay device-trust scenarios over Okta, Workspace ONE Access and Workspace ONE UEM, and say why", after_help = EXAMPLES, max_term_width = 80)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Replay scenarios; without arguments the embedded catalogue
    #[command(after_help = RUN)]
    Run(Selection),
    /// List lessons with what each is about
    #[command(after_help = LIST)]
    List(Listed),
    /// Tell the causal chain of a case over all parties
    #[command(after_help = EXPLAIN)]
    Explain(One),
    /// Draw the sequence of messages of a case, with the SAML
    #[command(after_help = TRACE)]
    Trace(Traced),
    /// Read the journal that `run --keep DIR` wrote
    #[command(after_help = JOURNAL)]
    Journal(Journal),
    /// Ask whether invariants hold in every situation of a world
    #[command(after_help = CHECK)]
    Check(Checked),
    /// Find documented traps of a world, each with a situation that shows it
    #[command(after_help = LINT)]
    Lint(Linted),
    /// Say why a sign-in ends as it does, rule by rule, and what would flip it
    #[command(after_help = WHY)]
    Why(Asked),
    /// Find rules that never fire, and what keeps them from it
    #[command(after_help = RULES)]
    Rules(Linted),
    /// Lay worlds side by side: the same personas, how each ends
    #[command(after_help = COMPARE)]
    Compare(Compared),
    /// Tell what ends otherwise in a changed world
    #[command(after_help = DIFF)]
    Diff(Differing),
    /// Walk the steps of a plan: who is locked out or let in on the way
    #[command(after_help = WALK)]
    Walk(Planned),
    /// Search for disagreements between model and wire
    #[command(after_help = EXPLORE)]
    Explore(Exploring),
    /// Keep a world running on loopback, in real time, until Ctrl-C, or for
    /// as long as a program runs
    #[command(after_help = UP)]
    Up(World),
}

#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Scenario files or directories, names of lessons, tries or families
    #[arg(value_name = "PATH|NAME|FAMILY")]
    pub(super) what: Vec<String>,
    /// How results are written; docs/json.md tells more
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    /// Cases at the same time (default 2; 1 with --keep)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) jobs: Option<u16>,
    /// Say which rules, conditions and outcomes the cases exercise
    #[arg(long)]
    pub(super) coverage: bool,
    /// Exit code 3 where less than so many percent of any of them is exercised
    #[arg(long, value_name = "PERCENT")]
    pub(super) coverage_min: Option<f64>,
    /// Rules by line for editors, as LCOV
    #[arg(long, value_name = "FILE")]
    pub(super) lcov: Option<PathBuf>,
    #[command(flatten)]
    pub(super) how: How,
}

#[derive(Debug, Args)]
pub(super) struct Listed {
    /// Families, lessons, files or directories; without any, the catalogue
    #[arg(value_name = "FAMILY|NAME|PATH")]
    pub(super) what: Vec<String>,
    /// How the list is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: ListFormat,
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// A lesson, a try as NAME~TRY, or a scenario file
    pub(super) name: String,
    #[command(flatten)]
    pub(super) how: How,
}

#[derive(Debug, Args)]
pub(super) struct Traced {
    #[command(flatten)]
    pub(super) one: One,
    /// The SAML byte for byte, and the vendors' own log lines
    #[arg(long)]
    pub(super) full: bool,
}

#[derive(Debug, Args)]
pub(super) struct How {
    /// What carries the bytes; both speak real TLS
    #[arg(long, value_enum, default_value_t)]
    pub(super) fabric: Fabric,
    /// Seed of every id
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// Keep used assertions, used requests and the journal of runs here
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Told {
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Shape,
    /// Where situations are written as scenario files
    #[arg(long, value_name = "DIR", default_value = "fedsim-situations")]
    pub(super) to: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Checked {
    /// A baseline or a scenario file
    #[arg(value_name = "WORLD")]
    pub(super) world: String,
    /// A file with never, always and implies tables
    #[arg(long, value_name = "FILE")]
    pub(super) invariant: Vec<PathBuf>,
    /// Look for no cures
    #[arg(long)]
    pub(super) no_cure: bool,
    #[command(flatten)]
    pub(super) told: Told,
}

#[derive(Debug, Args)]
pub(super) struct Planned {
    /// A scenario file whose steps change settings
    #[arg(value_name = "PLAN")]
    pub(super) plan: String,
    #[command(flatten)]
    pub(super) told: Told,
}

#[derive(Debug, Args)]
pub(super) struct Exploring {
    /// Baselines or scenario files to start from
    #[arg(value_name = "WORLD")]
    pub(super) worlds: Vec<String>,
    /// Where the search begins
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// How long: 30s, 10m, 2h
    #[arg(long = "for", value_name = "DURATION", default_value = "30s", value_parser = answers::duration)]
    pub(super) long: std::time::Duration,
    #[command(flatten)]
    pub(super) told: Told,
}

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// A lesson, a try as NAME~TRY, or a scenario file
    #[arg(value_name = "SITUATION")]
    pub(super) situation: String,
    #[command(flatten)]
    pub(super) told: Told,
}

#[derive(Debug, Args)]
pub(super) struct Compared {
    /// Baselines or scenario files
    #[arg(value_name = "WORLD", required = true, num_args = 2..)]
    pub(super) worlds: Vec<String>,
    #[command(flatten)]
    pub(super) told: Told,
}

#[derive(Debug, Args)]
pub(super) struct Differing {
    /// The world as it was: a baseline or a scenario file
    #[arg(value_name = "OLD")]
    pub(super) old: String,
    /// The world as it is to be
    #[arg(value_name = "NEW")]
    pub(super) new: String,
    /// Tell of every situation, also with sessions and wrong answers
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) told: Told,
}

#[derive(Debug, Args)]
pub(super) struct Linted {
    /// A baseline or a scenario file
    #[arg(value_name = "WORLD")]
    pub(super) world: String,
    /// Exit code 1 where something is found
    #[arg(long)]
    pub(super) strict: bool,
    #[command(flatten)]
    pub(super) told: Told,
}

#[derive(Debug, Args)]
pub(super) struct Journal {
    /// The directory of an earlier `--keep`
    pub(super) dir: PathBuf,
    /// Print the transcript of this run
    #[arg(value_name = "N")]
    pub(super) number: Option<u64>,
}

#[derive(Debug, Args)]
pub(super) struct World {
    /// A baseline or a scenario file
    #[arg(value_name = "BASELINE|FILE", default_value = "device-trust-mobile")]
    pub(super) what: String,
    /// Write certificates and keys here; without it, to a directory that goes
    /// with the world
    #[arg(long, value_name = "DIR", conflicts_with = "keep")]
    pub(super) dir: Option<PathBuf>,
    /// As --dir, and the world outlives a restart: keys, devices, people,
    /// sessions, ports, used assertions
    #[arg(long, value_name = "DIR")]
    pub(super) keep: Option<PathBuf>,
    /// The first of the ports that hosts take in turn; without it, any
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,
    /// The ports of single hosts
    #[arg(long, value_name = "HOST=PORT", value_delimiter = ',', value_parser = host_and_port)]
    pub(super) ports: Vec<(String, u16)>,
    /// An app of your own in the place of ours, by its SAML metadata
    #[arg(long = "app", value_name = "NAME=FILE", value_parser = name_and_file)]
    pub(super) apps: Vec<(String, PathBuf)>,
    /// An identity provider of your own as Access's third party, in the place
    /// of Okta, by its SAML metadata
    #[arg(long, value_name = "FILE")]
    pub(super) idp: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Seed of every id
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
    /// A program that knows the world from its environment; the world ends
    /// with it
    #[arg(value_name = "COMMAND", last = true)]
    pub(super) command: Vec<String>,
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text.split_once('=').ok_or("HOST=PORT is wanted, as in `acme.okta.test=8443`")?;
    match port.parse() {
        Ok(port) if port > 0 => Ok((host.into(), port)),
        _ => Err(format!("`{port}` is no port: 1 to 65535")),
    }
}

fn name_and_file(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("NAME=FILE is wanted, as in `salesforce=my-app.xml`")?;
    Ok((name.into(), file.into()))
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Pretty,
    /// One document
    Json,
    /// JUnit XML
    Junit,
    /// Annotations for GitHub Actions
    Github,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum ListFormat {
    /// For people
    #[default]
    Pretty,
    /// One document
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn help_fits_80_columns() {
        Cli::command().debug_assert();
        let mut command = Cli::command();
        command.build();
        for sub in command.get_subcommands_mut().filter(|c| c.get_name() != "help") {
            let help = sub.render_long_help().to_string();
            assert!(help.contains("Examples:"), "{help}");
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        }
        assert!(Cli::command().render_long_help().to_string().lines().all(|line| line.chars().count() <= 80));
    }
}
