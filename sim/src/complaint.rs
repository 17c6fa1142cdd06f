//! How what is wrong is laid out: as wide as the terminal, the place in front, the line of the file cut around the column.
//! A path is never broken, so that it can be copied.

use crate::style::{Style, measure};
use scenarios::Diagnostic;

/// Every mistake, one below another.
pub(crate) fn shown(problems: &[Diagnostic]) -> String {
    let style = Style::errors();
    problems.iter().map(|problem| told(problem, style)).collect::<Vec<_>>().join("\n\n")
}

fn told(problem: &Diagnostic, style: Style) -> String {
    let place = match problem.line {
        0 => format!("{}:", problem.file),
        line => format!("{}:{line}:{}:", problem.file, problem.column),
    };
    let mut out = format!("{} {}", style.strong(&place), problem.message);
    let number = if problem.line == 0 { String::new() } else { problem.line.to_string() };
    let gap = number.len();
    if !problem.snippet.is_empty() {
        let (line, at) = window(&problem.snippet, problem.column, style.width().saturating_sub(gap + 3));
        out.push_str(&format!("\n{number} | {line}\n{:gap$} | {:at$}{}", "", "", style.bad("^")));
    }
    out.push_str(&format!("\n{:gap$} = {}", "", problem.help));
    out
}

/// The part of a line around a column that fits, and how many columns into it that is. Tabs are one column each.
fn window(line: &str, column: usize, width: usize) -> (String, usize) {
    let chars: Vec<char> = line.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
    let at = column.saturating_sub(1);
    let text = |part: &[char]| part.iter().collect::<String>();
    let wide = |part: &[char]| measure(&text(part));
    if wide(&chars) <= width {
        return (text(&chars), wide(&chars[..at.min(chars.len())]));
    }
    // A third of the room for what stands before the column, and a column for each ellipsis.
    let mut start = at.min(chars.len());
    while start > 0 && wide(&chars[start - 1..at.min(chars.len())]) <= width / 3 {
        start -= 1;
    }
    if start <= 1 {
        start = 0;
    }
    let before = if start > 0 { "…" } else { "" };
    let mut end = chars.len();
    while end > start && wide(&chars[start..end]) + measure(before) + usize::from(end < chars.len()) > width {
        end -= 1;
    }
    let after = if end < chars.len() { "…" } else { "" };
    let lead = measure(before) + wide(&chars[start..at.clamp(start, end)]);
    (format!("{before}{}{after}", text(&chars[start..end])), lead)
}

/// `problem` behind the command's name, its long lines broken between words and indented below their beginning.
pub(crate) fn laid_out(problem: &str, style: Style) -> String {
    let mut out = String::new();
    for (index, line) in format!("fedsim: {problem}").lines().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        if measure(line) <= style.width() {
            out.push_str(line);
            continue;
        }
        let (indent, rest) = line.split_at(line.len() - line.trim_start_matches([' ', '=']).len());
        let hanging = if index == 0 { 8 } else { measure(indent).max(2) };
        out.push_str(indent);
        let mut used = measure(indent);
        for (nth, word) in rest.split(' ').enumerate() {
            let gap = usize::from(nth > 0);
            if nth > 0 && used + gap + measure(word) > style.width() {
                out.push_str(&format!("\n{:hanging$}{word}", ""));
                used = hanging + measure(word);
            } else {
                out.push_str(if gap == 1 { " " } else { "" });
                out.push_str(word);
                used += gap + measure(word);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_its_column() {
        let line = "sign_in = { who = \"alice\", on = \"alices-iphone\", app = \"salesforce\" }";
        for column in [1, 12, 19, 40, 60, line.len()] {
            let (shown, at) = window(line, column, 30);
            assert!(measure(&shown) <= 30 && shown.contains('…'), "{column}: {shown}");
            assert_eq!(shown.chars().nth(at), line.chars().nth(column - 1), "{column}: {shown}");
        }
        let (shown, at) = window(line, line.len() + 1, 30);
        assert_eq!((&*shown, at), ("…esforce\" }", 11), "behind the end");
        assert_eq!(window("\tx = 1", 2, 30), (" x = 1".into(), 1));
        assert_eq!(window("käse = 1", 6, 30), ("käse = 1".into(), 5));
        assert_eq!(window("x = 1", 9, 30), ("x = 1".into(), 5));
    }

    #[test]
    fn long_lines_are_broken_between_words_and_paths_are_not() {
        let path = format!("/{}", "x".repeat(70));
        let rows = [
            ("one two three four".to_string(), "fedsim: one two\n        three\n        four".to_string()),
            ("a\n 12 | some very long line".into(), "fedsim: a\n 12 | some very\n  long line".into()),
            ("a\n   = one two three four".into(), "fedsim: a\n   = one two\n     three four".into()),
            (format!("{path} is bad"), format!("fedsim:\n        {path}\n        is bad")),
        ];
        for (text, wanted) in rows {
            assert_eq!(laid_out(&text, Style::plain().wide(16)), wanted);
        }
    }
}
