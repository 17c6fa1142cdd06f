//! The command line: what each command does. Exit codes: 0 all expectations met, 1 some
//! missed, 2 bad input, 70 an error of fedsim's own.

mod arguments;

use crate::answers::{self, Answer, Hands, Shape};
use crate::formats;
use crate::list;
use crate::ports::Ports;
use crate::replay::replay_all;
use crate::report::{self, Listing, Style};
use crate::runner::CaseResult;
use crate::select;
use crate::store::Store;
use crate::up::Wish;
use crate::world::Options;
use arguments::{
    Asked, Checked, Cli, Command, Compared, Differing, Exploring, Format, How, Journal, Linted, ListFormat, Listed,
    One, Planned, Selection, Traced, World,
};
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    crate::fault::or_report(|| {
        let cli = Cli::parse();
        let style = Style::detect();
        let done = match cli.command {
            Command::Run(selection) => match run(&selection, style) {
                Ok(true) => match covered(&selection, style) {
                    Ok(true) => Ok(true),
                    Ok(false) => return ExitCode::from(3),
                    Err(problem) => Err(problem),
                },
                other => other,
            },
            Command::List(listed) => list(&listed, style),
            Command::Explain(one) => tell(&one, "explain", |case, result| report::explain(case, result, style), style),
            Command::Trace(Traced { one, full }) => {
                tell(&one, "trace", |case, result| report::trace(case, result, style, full), style)
            }
            Command::Check(Checked { world, invariant, no_cure, told }) => {
                let answer = answers::check(&world, &invariant, !no_cure, &Hands { dir: told.to });
                answered(answer, told.format, style, false)
            }
            Command::Lint(Linted { world, strict, told }) => {
                answered(answers::lint(&world, &Hands { dir: told.to }), told.format, style, strict)
            }
            Command::Why(Asked { situation, told }) => {
                answered(answers::why(&situation, &Hands { dir: told.to }), told.format, style, false)
            }
            Command::Rules(Linted { world, strict, told }) => {
                answered(answers::rules(&world), told.format, style, strict)
            }
            Command::Compare(Compared { worlds, told }) => {
                answered(answers::compare(&worlds), told.format, style, false)
            }
            Command::Diff(Differing { old, new, all, told }) => {
                answered(answers::diff(&old, &new, all, &Hands { dir: told.to }), told.format, style, true)
            }
            Command::Walk(Planned { plan, told }) => {
                answered(answers::walk(&plan, &Hands { dir: told.to }), told.format, style, false)
            }
            Command::Explore(Exploring { worlds, seed, long, told }) => {
                let answer = answers::explore(&worlds, seed, long, &Hands { dir: told.to });
                answered(answer, told.format, style, false)
            }
            Command::Journal(journal) => read_journal(&journal, style),
            Command::Up(world) => match up(world) {
                Ok(code) => return ExitCode::from(code),
                Err(problem) => Err(problem),
            },
        };
        match done {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(1),
            Err(problem) => {
                complain(&problem);
                ExitCode::from(2)
            }
        }
    })
}

fn up(world: World) -> Result<u8, String> {
    let World { what, dir, keep, port, ports, apps, idp, quiet, seed, command } = world;
    let ports = Ports { from: port, of: ports.into_iter().collect(), ..Ports::default() };
    crate::up::up(&Wish { what, dir, keep, seed, ports, apps, idp, quiet, command })
}

fn options(how: &How) -> Result<Options, String> {
    let store = how.keep.as_deref().map(Store::keep).transpose().map_err(|e| e.0)?;
    Ok(Options { fabric: how.fabric, seed: how.seed, store, ..Options::default() })
}

fn run(selection: &Selection, style: Style) -> Result<bool, String> {
    let cases = select::cases(&selection.what)?;
    let options = options(&selection.how)?;
    let jobs = if options.store.is_some() { 1 } else { selection.jobs.unwrap_or(2) };
    let pretty = matches!(selection.format, Format::Pretty);
    let mut listing = Listing::new(&cases, style);
    let results = replay_all(&cases, &options, jobs.into(), |case, result| pretty.then(|| listing.line(case, result)));
    match selection.format {
        Format::Pretty => say(&format!("\n{}", report::summary(&results, style))),
        Format::Json => say(&formats::json(&results)?),
        Format::Junit => say(&formats::junit(&cases, &results)),
        Format::Github => say(&formats::github(&cases, &results)),
    }
    Ok(results.iter().all(CaseResult::met))
}

/// Tells what the cases exercise, where that was asked; whether it is enough.
fn covered(selection: &Selection, style: Style) -> Result<bool, String> {
    if !selection.coverage && selection.coverage_min.is_none() && selection.lcov.is_none() {
        return Ok(true);
    }
    let (answer, least, lcov) = answers::coverage(&select::cases(&selection.what)?);
    if let Some(file) = &selection.lcov {
        std::fs::write(file, lcov)
            .map_err(|e| format!("cannot write `{}`: {e}\n  name another file with `--lcov FILE`", file.display()))?;
    }
    let text = answers::render(&answer, Shape::Pretty, style)?;
    match selection.format {
        Format::Pretty => say(&format!("\n{text}")),
        // The document on standard output stays whole.
        _ => complain(&text),
    }
    Ok(selection.coverage_min.is_none_or(|min| least >= min))
}

fn list(listed: &Listed, style: Style) -> Result<bool, String> {
    let scenarios = select::scenarios(&listed.what)?;
    match listed.format {
        ListFormat::Pretty => say(&list::pretty(&scenarios, style)),
        ListFormat::Json => say(&list::json(&scenarios)?),
    }
    Ok(true)
}

fn tell(
    one: &One,
    verb: &str,
    render: impl Fn(&scenarios::Case, &CaseResult) -> String,
    style: Style,
) -> Result<bool, String> {
    let (case, others) = select::one(&one.name)?;
    let result = crate::replay(&case, &options(&one.how)?);
    say(&render(&case, &result));
    if !others.is_empty() {
        say(&format!("\n{}", style.strong("Other cases of the same lesson")));
        others.iter().for_each(|case| say(&format!("  fedsim {verb} {}", select::word(case))));
    }
    Ok(result.met())
}

/// Writes an answer; `strict`: whatever is found counts.
fn answered(answer: Result<Answer, String>, shape: Shape, style: Style, strict: bool) -> Result<bool, String> {
    let answer = answer?;
    say(&answers::render(&answer, shape, style)?);
    Ok(answer.is_clean() && (!strict || answer.items.is_empty()))
}

fn read_journal(journal: &Journal, style: Style) -> Result<bool, String> {
    let runs = Store::open(&journal.dir).and_then(|store| store.runs()).map_err(|e| e.0)?;
    match journal.number {
        None => say(&list::journal(&runs, style)),
        Some(wanted) => {
            let (_, entry) = runs.iter().find(|(number, _)| *number == wanted).ok_or_else(|| {
                let dir = journal.dir.display();
                format!("the journal in `{dir}` has no run {wanted}\n  `fedsim journal {dir}` lists them")
            })?;
            say(&list::transcript(&entry.transcript, style));
        }
    }
    Ok(true)
}

/// Prints a line; a closed pipe is the reader's way of saying enough.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(e) => {
            complain(&format!("cannot write the output: {e}"));
            std::process::exit(2);
        }
    }
}

/// Says on standard error what is wrong; that nobody listens there is no error.
fn complain(problem: &str) {
    let _ = writeln!(std::io::stderr(), "{}", crate::complaint::laid_out(problem, Style::errors()));
}
