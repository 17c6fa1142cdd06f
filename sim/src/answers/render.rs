//! An answer for people, as JSON, JUnit, SARIF, GitHub annotations and Markdown.

use super::{Answer, Grid, Item, Level};
use crate::style::{Style, cut, measure, padded};
use clap::ValueEnum;
use serde_json::json;
use std::fmt::Write as _;
use wire::form::html_escape as xml;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// For people
    #[default]
    Pretty,
    /// One document; docs/analysis.md has its shape
    Json,
    /// JUnit XML
    Junit,
    /// SARIF 2.1.0, anchored to file and line
    Sarif,
    /// Annotations for GitHub Actions
    Github,
    /// For a pull request or a wiki
    Markdown,
}

pub(crate) fn render(answer: &Answer, shape: Shape, style: Style) -> Result<String, String> {
    Ok(match shape {
        Shape::Pretty => pretty(answer, style),
        Shape::Json => serde_json::to_string_pretty(answer).map_err(|e| e.to_string())?,
        Shape::Junit => junit(answer),
        Shape::Sarif => sarif(answer)?,
        Shape::Github => github(answer),
        Shape::Markdown => markdown(answer),
    })
}

fn place(item: &Item) -> String {
    if item.file.is_empty() {
        String::new()
    } else {
        format!("{}:{}:{}", item.file, item.line.max(1), item.column.max(1))
    }
}

fn pretty(answer: &Answer, style: Style) -> String {
    let mut out = String::new();
    for sentence in &answer.about {
        style.put(&mut out, "", 0, sentence);
    }
    for item in &answer.items {
        out.push('\n');
        let mark = match item.level {
            Level::Error => style.bad("broken "),
            Level::Warning => style.bad("trap   "),
            Level::Note => style.good("ok     "),
        };
        style.put(&mut out, &mark, 7, &style.strong(&item.title));
        let rows = [
            ("where", place(item)),
            ("setting", item.setting.clone()),
            ("console", item.console.clone()),
            ("known", item.provenance.clone()),
            ("shown by", item.situation.clone()),
            ("it ends", item.outcome.clone()),
        ];
        for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
            style.put(&mut out, &format!("  {name:<9}"), 11, text);
        }
        for (at, link) in item.chain.iter().enumerate() {
            style.put(&mut out, if at == 0 { "  because  " } else { "           " }, 13, link);
        }
        for detail in &item.details {
            style.put(&mut out, "           ", 11, detail);
        }
        for (name, text) in [("cure", &item.cure), ("replay", &item.scenario)] {
            if !text.is_empty() {
                let text = if name == "replay" { format!("fedsim run {text}") } else { text.clone() };
                style.put(&mut out, &format!("  {name:<9}"), 11, &text);
            }
        }
    }
    for grid in &answer.grids {
        out.push('\n');
        table(&mut out, grid, style);
    }
    out.trim_end().to_string()
}

fn widths(grid: &Grid, most: usize) -> Vec<usize> {
    let longest = |at: usize| {
        let cells = grid.rows.iter().filter_map(|row| row.get(at)).chain(grid.columns.get(at));
        cells.map(|cell| measure(cell)).max().unwrap_or_default()
    };
    let mut widths: Vec<usize> = (0..grid.columns.len()).map(longest).collect();
    while widths.iter().sum::<usize>() + 2 * widths.len() > most {
        let Some(widest) = (0..widths.len()).max_by_key(|at| widths[*at]).filter(|at| widths[*at] > 8) else { break };
        widths[widest] -= 1;
    }
    widths
}

fn table(out: &mut String, grid: &Grid, style: Style) {
    if !grid.title.is_empty() {
        style.put(out, "", 0, &style.strong(&grid.title));
    }
    let widths = widths(grid, style.width());
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| padded(&cut(cell, *width), *width));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    let _ = writeln!(out, "{}", style.faint(&line(&grid.columns)));
    for row in &grid.rows {
        let _ = writeln!(out, "{}", line(row));
    }
}

fn told(item: &Item) -> String {
    let parts = [
        item.title.clone(),
        item.situation.clone(),
        item.outcome.clone(),
        if item.cure.is_empty() { String::new() } else { format!("cure: {}", item.cure) },
        if item.scenario.is_empty() { String::new() } else { format!("replay: fedsim run {}", item.scenario) },
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
}

fn github(answer: &Answer) -> String {
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let line = |item: &Item| {
        let level = match item.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let at = if item.file.is_empty() {
            String::new()
        } else {
            let file = escape(&item.file).replace(',', "%2C").replace(':', "%3A");
            format!(" file={file},line={},col={},title={}", item.line.max(1), item.column.max(1), item.id)
        };
        format!("::{level}{at}::{}", escape(&told(item)))
    };
    answer.items.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn markdown(answer: &Answer) -> String {
    let mut out = format!("## fedsim {} {}\n", answer.command, answer.world);
    for sentence in &answer.about {
        let _ = write!(out, "\n{sentence}.");
    }
    out.push('\n');
    for item in &answer.items {
        let _ = writeln!(out, "\n### {}\n", item.title);
        let rows = [
            ("id", format!("`{}`", item.id)),
            ("where", place(item)),
            ("setting", if item.setting.is_empty() { String::new() } else { format!("`{}`", item.setting) }),
            ("console", item.console.clone()),
            ("known from", item.provenance.clone()),
            ("shown by", item.situation.clone()),
            ("it ends", item.outcome.clone()),
            ("cure", item.cure.clone()),
            (
                "replay",
                if item.scenario.is_empty() { String::new() } else { format!("`fedsim run {}`", item.scenario) },
            ),
        ];
        for (name, text) in rows.iter().filter(|(_, text)| !text.is_empty()) {
            let _ = writeln!(out, "- **{name}**: {text}");
        }
        item.details.iter().for_each(|detail| {
            let _ = writeln!(out, "- {detail}");
        });
        if !item.chain.is_empty() {
            let _ = writeln!(out, "\n```text\n{}\n```", item.chain.join("\n"));
        }
    }
    for grid in &answer.grids {
        let row = |cells: &[String]| {
            format!("| {} |", cells.iter().map(|c| c.replace('|', "\\|")).collect::<Vec<_>>().join(" | "))
        };
        let rule = vec!["---".to_string(); grid.columns.len()];
        let _ = writeln!(out, "\n### {}\n\n{}\n{}", grid.title, row(&grid.columns), row(&rule));
        grid.rows.iter().for_each(|cells| {
            let _ = writeln!(out, "{}", row(cells));
        });
    }
    out.trim_end().to_string()
}

fn junit(answer: &Answer) -> String {
    let failed = |item: &&Item| item.level != Level::Note;
    let failures = answer.items.iter().filter(failed).count();
    let (all, suite) = (answer.items.len(), format!("fedsim {} {}", answer.command, answer.world));
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"fedsim\" tests=\"{all}\" failures=\"{failures}\">");
    let _ = writeln!(out, "  <testsuite name=\"{}\" tests=\"{all}\" failures=\"{failures}\">", xml(&suite));
    for item in &answer.items {
        let _ = write!(out, "    <testcase classname=\"{}\" name=\"{}\"", xml(&item.id), xml(&item.title));
        if failed(&item) {
            let text = told(item);
            let _ = writeln!(
                out,
                ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>",
                xml(&item.title),
                xml(&text)
            );
        } else {
            let _ = writeln!(out, "/>");
        }
    }
    out.push_str("  </testsuite>\n</testsuites>");
    out
}

fn sarif(answer: &Answer) -> Result<String, String> {
    let result = |item: &Item| {
        let level = match item.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "none",
        };
        let mut result = json!({ "ruleId": item.id, "level": level, "message": { "text": told(item) } });
        if item.level == Level::Note {
            result["kind"] = json!("pass");
        }
        if !item.file.is_empty() {
            let region = json!({ "startLine": item.line.max(1), "startColumn": item.column.max(1) });
            let at = json!({ "artifactLocation": { "uri": item.file }, "region": region });
            result["locations"] = json!([{ "physicalLocation": at }]);
        }
        result
    };
    let mut ids: Vec<&str> = answer.items.iter().map(|item| item.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    let driver = json!({ "name": "fedsim", "version": env!("CARGO_PKG_VERSION"), "rules": rules });
    let results: Vec<_> = answer.items.iter().map(result).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": driver }, "results": results }],
    });
    serde_json::to_string_pretty(&document).map_err(|e| e.to_string())
}
