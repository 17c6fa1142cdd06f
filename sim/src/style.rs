//! How text for people is laid out: colour, width, wrapping. Nothing here depends on a wall clock or a locale.

use std::fmt::Write as _;

/// Columns where nobody says how many there are.
const COLUMNS: usize = 80;

/// Colour and width.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    colour: bool,
    width: usize,
    terminal: bool,
}

impl Style {
    /// As [`Style::detect`], of standard error: where errors go.
    pub fn errors() -> Style {
        Style::of(&console::Term::stderr())
    }
    /// 80 columns, no colour.
    pub fn plain() -> Style {
        Style { colour: false, width: COLUMNS, terminal: false }
    }
    /// Colour on a terminal unless `NO_COLOR` is set, and the terminal's width.
    pub fn detect() -> Style {
        Style::of(&console::Term::stdout())
    }
    fn of(terminal: &console::Term) -> Style {
        if !terminal.is_term() {
            return Style::plain();
        }
        let colour = std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let width = terminal.size_checked().map_or(COLUMNS, |(_, columns)| usize::from(columns));
        Style { colour, width: width.clamp(60, 160), terminal: true }
    }
    pub fn wide(self, width: usize) -> Style {
        Style { width, ..self }
    }
    /// Whether somebody reads along, so that lines may be broken.
    pub(crate) fn is_terminal(self) -> bool {
        self.terminal
    }
    pub fn width(self) -> usize {
        self.width
    }
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.into() }
    }

    /// Appends `text` in lines that fit, the first after `first`, the others indented by `rest`.
    pub(crate) fn put(self, out: &mut String, first: &str, rest: usize, text: &str) {
        for (index, line) in self.lines(measure(first), rest, text).iter().enumerate() {
            if index == 0 {
                let _ = writeln!(out, "{}", format!("{first}{line}").trim_end());
            } else {
                let _ = writeln!(out, "{:rest$}{line}", "");
            }
        }
    }

    /// Appends where a setting was written. The path is never broken, so that it can be copied: it moves left for that.
    pub(crate) fn put_place(self, out: &mut String, indent: usize, place: &str) {
        let wide = measure(place);
        let _ = if indent + "set at ".len() + wide <= self.width {
            writeln!(out, "{:indent$}set at {place}", "")
        } else {
            let left = indent.min(self.width.saturating_sub(wide));
            writeln!(out, "{:indent$}set at\n{:left$}{place}", "", "")
        };
    }

    /// `text` broken into lines at its ASCII blanks that fit behind `first` columns, then behind `rest`; at least one line.
    fn lines(self, first: usize, rest: usize, text: &str) -> Vec<String> {
        let mut lines = vec![String::new()];
        let mut used = first;
        for word in text.split_ascii_whitespace() {
            let gap = usize::from(lines.last().is_some_and(|l| !l.is_empty()));
            if used + gap + measure(word) > self.width && gap > 0 {
                lines.push(String::new());
                used = rest;
            } else if gap > 0 {
                push(&mut lines, " ");
                used += 1;
            }
            for piece in pieces(word, self.width.saturating_sub(first.max(rest)).max(4)) {
                if used + measure(&piece) > self.width && lines.last().is_some_and(|l| !l.is_empty()) {
                    lines.push(String::new());
                    used = rest;
                }
                push(&mut lines, &piece);
                used += measure(&piece);
            }
        }
        lines
    }
}

fn push(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

/// A word cut so that each piece fits.
fn pieces(word: &str, width: usize) -> Vec<String> {
    if measure(word) <= width {
        return vec![word.into()];
    }
    word.chars().collect::<Vec<_>>().chunks(width).map(|c| c.iter().collect()).collect()
}

/// `text` in lines of at most `width` columns.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    Style::plain().wide(width).lines(0, 0, text)
}

/// Columns that `text` takes on a terminal, without its colours.
pub(crate) fn measure(text: &str) -> usize {
    console::measure_text_width(text)
}

/// `text` with blanks up to `width`.
pub(crate) fn padded(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(measure(text)))
}

/// `text`, cut with `…` where it is longer than `width`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    console::truncate_str(text, width, "…").into_owned()
}

/// `1 case`, `2 cases`.
pub(crate) fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_between_words_and_cuts_what_has_none() {
        let style = Style::plain().wide(10);
        let rows = [
            ("", "-"),
            ("one two three", "- one two\n  three"),
            ("a-very-long-word", "- a-very-l\n  ong-word"),
            ("x", "- x"),
        ];
        for (text, wanted) in rows {
            let mut out = String::new();
            style.put(&mut out, "- ", 2, text);
            assert_eq!(out, format!("{wanted}\n"), "{text:?}");
        }
    }
}
