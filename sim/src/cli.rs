//! The command line: run, list, explain, trace, up.

use crate::formats;
use crate::net::Fabric;
use crate::report::{self, Style};
use crate::runner::CaseResult;
use crate::world::Options;
use clap::{Args, Parser, Subcommand, ValueEnum};
use scenarios::{Case, Diagnostic, Scenario};
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const EXAMPLES: &str = "Examples:
  fedsim run                                      replay the catalogue
  fedsim run force-authn                          one family
  fedsim run my-design.toml                       a scenario of your own
  fedsim explain breaks-device-compliance         who decided what, and why
  fedsim trace breaks-device-compliance           every message in order
  fedsim up                                       a world on loopback for curl, until Ctrl-C

Exit code: 0 all expectations met, 1 some missed, 2 bad input.";

#[derive(Debug, Parser)]
#[command(name = "fedsim", version, about = "Replay device-trust scenarios over Okta, Workspace ONE Access and Workspace ONE UEM, and say why", after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Replay scenarios; without arguments the embedded catalogue
    Run(Selection),
    /// List the catalogue, a line per case
    List,
    /// Tell the causal chain of a case over all parties
    Explain(One),
    /// Print the sequence of messages of a case, with the SAML
    Trace(One),
    /// Keep a world running on loopback, in real time, until Ctrl-C
    Up(World),
}

#[derive(Debug, Args)]
struct Selection {
    /// Scenario files or directories, names of lessons or families
    #[arg(value_name = "PATH|NAME|FAMILY")]
    what: Vec<String>,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Cases at the same time
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct One {
    /// A scenario file or the name of a lesson
    name: String,
    #[command(flatten)]
    how: How,
}

#[derive(Debug, Args)]
struct How {
    /// What carries the bytes; both speak real TLS
    #[arg(long, value_enum, default_value_t)]
    fabric: Fabric,
    /// Seed of every id
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Keep used assertions, used requests and the journal of runs in this directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct World {
    /// A baseline or a scenario file
    #[arg(value_name = "BASELINE|FILE", default_value = "device-trust-mobile")]
    what: String,
    /// Write certificates and keys here; without it, to a directory that goes with the world
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Seed of every id
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Pretty,
    /// One document; docs/json.md names its fields
    Json,
    /// JUnit XML
    Junit,
    /// Annotations for GitHub Actions
    Github,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let style = Style::detect(std::io::stdout().is_terminal());
    let done = match cli.command {
        Command::Run(selection) => run(&selection, style),
        Command::List => list(),
        Command::Explain(one) => tell(&one, |case, result| report::explain(case, result, style)),
        Command::Trace(one) => tell(&one, |_, result| report::trace(result)),
        Command::Up(world) => crate::up::up(&world.what, world.dir.as_deref(), world.seed).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}

fn options(how: &How) -> Options {
    Options { fabric: how.fabric, seed: how.seed, keep: how.keep.clone() }
}

fn run(selection: &Selection, style: Style) -> Result<bool, String> {
    let cases = select(&selection.what)?;
    let options = options(&selection.how);
    let jobs = if options.keep.is_some() { 1 } else { selection.jobs.unwrap_or(2).max(1) };
    let pretty = matches!(selection.format, Format::Pretty);
    let results = replay_all(&cases, &options, jobs, |case, result| {
        if pretty {
            say(&report::line(case, result, style));
        }
    });
    match selection.format {
        Format::Pretty => say(&report::summary(&results, style)),
        Format::Json => say(&formats::json(&results)?),
        Format::Junit => say(&formats::junit(&cases, &results)),
        Format::Github => say(&formats::github(&cases, &results)),
    }
    Ok(results.iter().all(CaseResult::met))
}

/// Replays on `jobs` threads; `told` hears of each case in the order of `cases`.
fn replay_all(
    cases: &[Case],
    options: &Options,
    jobs: usize,
    told: impl Fn(&Case, &CaseResult) + Sync,
) -> Vec<CaseResult> {
    let next = AtomicUsize::new(0);
    let done: Mutex<(Vec<Option<CaseResult>>, usize)> = Mutex::new((vec![None; cases.len()], 0));
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(cases.len()) {
            scope.spawn(|| {
                while let Some((index, case)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|i| Some((i, cases.get(i)?)))
                {
                    let result = crate::replay(case, options);
                    let mut done = crate::core::locked(&done);
                    done.0[index] = Some(result);
                    while let Some(result) = done.0.get(done.1).and_then(Option::as_ref) {
                        told(&cases[done.1], result);
                        done.1 += 1;
                    }
                }
            });
        }
    });
    done.into_inner().map(|d| d.0.into_iter().flatten().collect()).unwrap_or_default()
}

fn list() -> Result<bool, String> {
    for case in select(&[])? {
        say(&format!("{:<58} {}", case.id, case.teaches.join(", ")));
    }
    Ok(true)
}

fn tell(one: &One, render: impl Fn(&Case, &CaseResult) -> String) -> Result<bool, String> {
    let cases = select(std::slice::from_ref(&one.name))?;
    let mut met = true;
    for case in &cases {
        let result = crate::replay(case, &options(&one.how));
        say(&render(case, &result));
        met &= result.met();
    }
    Ok(met)
}

/// Prints a line; a closed pipe is the reader's way of saying enough.
pub(crate) fn say(text: &str) {
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => {
            eprintln!("cannot write the output: {e}");
            std::process::exit(2);
        }
    }
}

pub(crate) fn shown(problems: Vec<Diagnostic>) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

fn embedded() -> Result<Vec<Scenario>, String> {
    scenarios::catalogue().into_iter().map(|(file, text)| scenarios::load_str(file, text).map_err(shown)).collect()
}

fn select(what: &[String]) -> Result<Vec<Case>, String> {
    let catalogue = embedded()?;
    if what.is_empty() {
        return Ok(catalogue.iter().flat_map(Scenario::cases).collect());
    }
    let mut cases = Vec::new();
    for word in what {
        let path = Path::new(word);
        if path.is_dir() {
            for file in toml_files(path)? {
                cases.extend(scenarios::load_file(&file).map_err(shown)?.cases());
            }
        } else if word.ends_with(".toml") {
            cases.extend(scenarios::load_file(path).map_err(shown)?.cases());
        } else {
            let fits =
                |s: &&Scenario| s.name == *word || s.family == *word || format!("{}/{}", s.family, s.name) == *word;
            let found: Vec<Case> = catalogue.iter().filter(fits).flat_map(Scenario::cases).collect();
            let exact = |c: &Case| c.id == *word;
            if found.is_empty() && !catalogue.iter().flat_map(Scenario::cases).any(|c| exact(&c)) {
                return Err(unknown(word, &catalogue));
            }
            if found.is_empty() {
                cases.extend(catalogue.iter().flat_map(Scenario::cases).filter(exact));
            }
            cases.extend(found);
        }
    }
    Ok(cases)
}

fn unknown(word: &str, catalogue: &[Scenario]) -> String {
    let names = catalogue.iter().flat_map(|s| [s.name.as_str(), s.family.as_str()]);
    let near = did_you_mean(word, names);
    format!("no lesson or family is called `{word}`{near}\n  `fedsim list` shows them all; a path ends in `.toml`")
}

/// `; did you mean …?` where a name is near.
pub(crate) fn did_you_mean<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    let scored = names.map(|n| (strsim::jaro_winkler(word, n), n)).filter(|(score, _)| *score > 0.8);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, n)| format!("; did you mean `{n}`?")).unwrap_or_default()
}

fn toml_files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(dir).map_err(|e| format!("cannot read `{}`: {e}", dir.display()))?;
    let mut files: Vec<PathBuf> =
        entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    if files.is_empty() {
        return Err(format!("`{}` holds no scenario: no file there ends in `.toml`", dir.display()));
    }
    Ok(files)
}
