//! What is wrong with a scenario file, said to its author: where, what, and one next step.

use std::fmt;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub file: String,
    /// From 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The line itself.
    pub snippet: String,
    /// Lowercase, without full stop.
    pub message: String,
    /// One next step, such as ``did you mean `ios`?``; there is always one.
    pub help: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message)?,
            line => write!(f, "{}:{line}:{}: {}", self.file, self.column, self.message)?,
        }
        if !self.snippet.is_empty() {
            let gap = self.line.to_string().len();
            // Tabs stay tabs, so that the caret stands below its text.
            let lead: String = self
                .snippet
                .chars()
                .take(self.column.saturating_sub(1))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            write!(f, "\n{} | {}\n{:gap$} | {lead}^", self.line, self.snippet, "")?;
        }
        write!(f, "\n{:gap$} = {}", "", self.help, gap = self.line.to_string().len())
    }
}

impl std::error::Error for Diagnostic {}

/// Where the language is written down, for a mistake that has no nearer cure.
pub(crate) const REFERENCE: &str = "docs/scenarios.md shows how it is written";

/// ``did you mean `x`?``, or the few things there are.
pub(crate) fn did_you_mean<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> String {
    let right: Vec<&str> = right.into_iter().collect();
    nearest(wrong, &right).unwrap_or_else(|| there_is(&right))
}

/// As [`did_you_mean`], of names too many to show, which stand in a file.
pub(crate) fn did_you_mean_in<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>, file: &str) -> String {
    let right: Vec<&str> = right.into_iter().collect();
    match nearest(wrong, &right) {
        Some(near) => format!("{near} `{file}` lists them"),
        None => format!("`{file}` lists them"),
    }
}

fn nearest(wrong: &str, right: &[&str]) -> Option<String> {
    // Slips of the finger (swapped letters count once), or a beginning in common.
    let wrong = wrong.to_lowercase();
    let far = |known: &str| strsim::damerau_levenshtein(&wrong, &known.to_lowercase());
    let near = |known: &str| {
        far(known) <= (wrong.len() / 3).max(1) || strsim::jaro_winkler(&wrong, &known.to_lowercase()) > 0.88
    };
    let close = right
        .iter()
        .filter(|known| !wrong.is_empty() && near(known))
        .map(|known| (far(known), *known))
        .min_by_key(|(distance, _)| *distance);
    close.map(|(_, known)| format!("did you mean `{known}`?"))
}

fn there_is(right: &[&str]) -> String {
    let mut shown: Vec<String> = right.iter().take(8).map(|known| format!("`{known}`")).collect();
    if right.len() > 8 {
        shown.push("…".into());
    }
    if shown.is_empty() {
        "there is none yet: add it, or leave this out".into()
    } else {
        format!("there is {}", shown.join(", "))
    }
}
