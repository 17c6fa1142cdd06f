//! What is wrong with a file's TOML, in the author's words: the parser says what it would have liked, this what to write.

use toml::de::Error;

/// More than these are one mistake's echo.
const MOST: usize = 3;

/// A mistake of syntax: at which byte, what, and the next step.
pub(crate) struct Slip {
    pub byte: usize,
    pub message: String,
    pub help: String,
}

/// The first mistake of each line, in order: what follows on the same line is its echo.
pub(crate) fn slips(text: &str, errors: &[Error]) -> Vec<Slip> {
    let mut slips: Vec<Slip> = errors.iter().map(|error| slip(text, error)).collect();
    slips.sort_by_key(|slip| slip.byte);
    slips.dedup_by_key(|slip| line_start(text, slip.byte));
    slips.truncate(MOST);
    slips
}

fn line_start(text: &str, byte: usize) -> usize {
    text.get(..byte).unwrap_or(text).rfind('\n').map_or(0, |at| at + 1)
}

fn slip(text: &str, error: &Error) -> Slip {
    let byte = error.span().map_or(0, |span| span.start).min(text.len());
    let line = text.get(line_start(text, byte)..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
    let before = text.get(line_start(text, byte)..byte).unwrap_or_default();
    let rest = text.get(byte..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let said = error.message();
    let of_header = said.starts_with("unclosed array table") || said.starts_with("unclosed table");
    let (message, help) = if of_header || (line.starts_with('[') && said.starts_with("unexpected key or value")) {
        header(line)
    } else if said.contains("multi-line") {
        let mark = if said.contains("literal") { "'''" } else { "\"\"\"" };
        let message = format!("the text is not closed with `{mark}`");
        return Slip { byte: text.rfind(mark).unwrap_or(byte), message, help: format!("add `{mark}` where it ends") };
    } else {
        in_line(said, line, (before, rest))
    };
    Slip { byte, message, help }
}

/// A table's name in brackets.
fn header(line: &str) -> (String, String) {
    let name = line.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']).trim();
    let twice = line.starts_with("[[") || line.contains("]]");
    let right = if twice { format!("[[{name}]]") } else { format!("[{name}]") };
    (format!("the brackets of `{line}` do not match"), format!("write `{right}`"))
}

/// Keys and values; the line before and from where the parser stopped.
fn in_line(said: &str, line: &str, (before, rest): (&str, &str)) -> (String, String) {
    let found: String = rest.chars().take_while(|c| !" \t,]}=".contains(*c)).collect();
    let bare = found.trim_matches(['"', '\'', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', ';']);
    let key = line.split(['=', ':', ' ']).next().unwrap_or_default();
    let told = |message: String, help: String| (message, help);
    let colon = before.trim_end().ends_with(':') || rest.split(' ').next().is_some_and(|word| word.contains(':'));
    if (said.starts_with("key with no value") || said.starts_with("invalid unquoted key")) && colon {
        return told("found `:`, wanted `=`".into(), "write `KEY = VALUE`, a text in quotes".into());
    }
    match said {
        _ if said.starts_with("key with no value") => {
            told(format!("the key `{key}` has no value"), format!("write `{key} = …`"))
        }
        _ if said.starts_with("string values must be quoted") => {
            told(format!("`{found}` is no value"), format!("a text stands in straight quotes: `\"{bare}\"`"))
        }
        _ if said.starts_with("invalid boolean") => {
            let lower = bare.to_lowercase();
            let truth = ["true", "false"].contains(&lower.as_str());
            let right = if truth { lower } else { format!("\"{bare}\"") };
            told(format!("`{found}` is no value"), format!("write `{right}`"))
        }
        _ if said.starts_with("duplicate key") && line.starts_with('[') => {
            told(format!("`{line}` is there twice"), "put its keys below the first one".into())
        }
        _ if said.starts_with("duplicate key") => {
            told(format!("the key `{found}` is there twice"), "leave one of them out".into())
        }
        _ if said.starts_with("missing comma") => told(
            "a comma is missing before this".into(),
            "add it, or close what stands before with its quote, `]` or `}`".into(),
        ),
        _ if said.starts_with("unclosed inline table") => told("a `{` is not closed".into(), "add `}`".into()),
        _ if said.starts_with("unclosed array") => told("a `[` is not closed".into(), "add `]`".into()),
        _ if said.starts_with("invalid literal string") && before.trim_end().ends_with('=') => told(
            "a value is missing".into(),
            "write a text in quotes, a number, `true`, `false`, `[…]` or `{ … }`".into(),
        ),
        _ if said.starts_with("invalid basic string") => {
            told("the text is not closed".into(), "add `\"` where it ends".into())
        }
        _ if said.starts_with("invalid literal string") => {
            told("the text is not closed".into(), "add `'` where it ends".into())
        }
        _ if said.starts_with("extra `=`") => told("found `==`, wanted `=`".into(), "write `KEY = VALUE`".into()),
        _ if said.starts_with("unexpected key or value") => {
            told(format!("`{}` is left over", rest.trim()), "leave it out, or begin a new line for it".into())
        }
        _ if said.starts_with("invalid key-value pair") => {
            told("a line begins with a key".into(), "write `KEY = VALUE`, or `[TABLE]`".into())
        }
        _ => told(
            format!("this is no TOML: {}", said.replace('\n', ", ")),
            "write `KEY = VALUE`, a text in quotes; docs/scenarios.md shows a file".into(),
        ),
    }
}
