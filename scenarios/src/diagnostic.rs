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
    /// One next step, such as ``did you mean `ios`?``.
    pub help: Option<String>,
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
        if let Some(help) = &self.help {
            write!(f, "\n{:gap$} = {help}", "", gap = self.line.to_string().len())?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// ``did you mean `x`?``, or the few things there are.
pub(crate) fn did_you_mean<'a>(wrong: &str, right: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let right: Vec<&str> = right.into_iter().collect();
    // Slips of the finger (swapped letters count once), or a beginning in common.
    let near = |known: &str| {
        strsim::damerau_levenshtein(wrong, known) <= (wrong.len() / 3).max(1)
            || strsim::jaro_winkler(wrong, known) > 0.88
    };
    let close = right
        .iter()
        .filter(|known| !wrong.is_empty() && near(known))
        .map(|known| (strsim::damerau_levenshtein(wrong, known), *known))
        .min_by_key(|(distance, _)| *distance);
    match close {
        Some((_, known)) => Some(format!("did you mean `{known}`?")),
        None if right.is_empty() => None,
        None => {
            let mut shown: Vec<String> = right.iter().take(8).map(|known| format!("`{known}`")).collect();
            if right.len() > 8 {
                shown.push("…".into());
            }
            Some(format!("there is {}", shown.join(", ")))
        }
    }
}
