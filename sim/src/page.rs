//! Reading a page as a person's browser does: what page it is, its text, its forms.

use scraper::{ElementRef, Html, Selector};
use std::collections::BTreeMap;

/// What the browser makes of an HTML answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// `data-page` of `<main>`, e.g. `okta/sign-in`.
    pub name: String,
    /// Readable text, white space folded, what stands apart on the page as sentences.
    pub text: String,
    /// Set where the page says that a try failed.
    pub failed: bool,
    /// Submitted by the browser at once.
    pub auto: bool,
    pub form: Option<Form>,
    /// First link of the page that leaves for somewhere: text and address.
    pub links: Vec<(String, String)>,
    /// `data-KEY` values of `<main>`.
    pub data: BTreeMap<String, String>,
}

/// The page's form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    pub action: String,
    /// Every named input with its value, in document order.
    pub fields: Vec<(String, String)>,
    /// Names that buttons carry.
    pub buttons: Vec<String>,
}

impl Form {
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(n, _)| n == name) || self.buttons.iter().any(|n| n == name)
    }
    pub fn set(&mut self, name: &str, value: &str) {
        match self.fields.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => *v = value.into(),
            None => self.fields.push((name.into(), value.into())),
        }
    }
}

fn select<'a>(root: ElementRef<'a>, css: &str) -> Vec<ElementRef<'a>> {
    Selector::parse(css).map(|s| root.select(&s).collect()).unwrap_or_default()
}

/// Reads HTML; anything is a page, if only an empty one.
pub fn read(html: &str) -> Page {
    let document = Html::parse_document(html);
    let root = document.root_element();
    let main = select(root, "main").into_iter().next();
    let scope = main.unwrap_or(root);
    let data: BTreeMap<String, String> = main
        .map(|m| {
            m.value().attrs().filter_map(|(k, v)| Some((k.strip_prefix("data-")?.to_string(), v.to_string()))).collect()
        })
        .unwrap_or_default();
    let form = select(root, "form").into_iter().next();
    Page {
        name: data.get("page").cloned().unwrap_or_default(),
        text: sentences(scope),
        failed: !select(root, "[data-error]").is_empty(),
        auto: form.is_some_and(|f| f.attr("data-auto").is_some()),
        form: form.map(read_form),
        links: select(scope, "a[href]")
            .into_iter()
            .map(|a| (a.text().collect(), a.attr("href").unwrap_or_default().into()))
            .collect(),
        data,
    }
}

/// The text of each heading, paragraph, label and button, joined with full stops where it has no end of its own.
fn sentences(scope: ElementRef<'_>) -> String {
    let mut pieces = vec![String::new()];
    gather(scope, &mut pieces);
    let mut text = String::new();
    for piece in pieces {
        let piece = piece.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() && !piece.is_empty() {
            text.push_str(if text.ends_with(['.', '!', '?', ':', ',', ';']) { " " } else { ". " });
        }
        text.push_str(&piece);
    }
    text
}

fn gather(element: ElementRef<'_>, pieces: &mut Vec<String>) {
    let name = element.value().name();
    let apart = !["a", "abbr", "b", "code", "em", "i", "span", "strong"].contains(&name);
    if apart {
        pieces.push(String::new());
    }
    for child in element.children() {
        if let (Some(text), Some(piece)) = (child.value().as_text(), pieces.last_mut()) {
            piece.push_str(text);
        } else if let Some(child) = ElementRef::wrap(child) {
            gather(child, pieces);
        }
    }
    if let Some(piece) = pieces.last_mut().filter(|piece| name == "dt" && !piece.is_empty()) {
        piece.push(':');
    }
    if apart {
        pieces.push(String::new());
    }
}

fn read_form(form: ElementRef<'_>) -> Form {
    let named =
        |e: &ElementRef<'_>| Some((e.attr("name")?.to_string(), e.attr("value").unwrap_or_default().to_string()));
    Form {
        action: form.attr("action").unwrap_or_default().into(),
        fields: select(form, "input[name]").iter().filter_map(named).collect(),
        buttons: select(form, "button[name]").iter().filter_map(|b| Some(b.attr("name")?.to_string())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_auto_post_form_as_written() {
        let page = read(
            r#"<main data-page="okta/post"><form method="post" action="https://a.test/x" data-auto="1">
               <input type="hidden" name="SAMLResponse" value="a&amp;b"/></form></main>"#,
        );
        assert!(page.auto);
        let form = page.form.expect("has a form");
        assert_eq!(form.fields, [("SAMLResponse".to_string(), "a&b".to_string())]);
        assert_eq!(page.name, "okta/post");
    }

    #[test]
    fn reads_what_stands_apart_as_sentences() {
        let rows = [
            (
                "<h1>Sign in</h1><form><label>User  name <input name=\"u\"></label><button>Go</button></form>",
                "Sign in. User name. Go",
            ),
            (
                "<p>Ends. </p><p>Asks?</p>says <b>more</b> of <a href=\"/x\">it</a><p>Code: </p><p>7</p>",
                "Ends. Asks? says more of it. Code: 7",
            ),
            ("<dl><dt>device.trusted</dt><dd>TRUSTED</dd></dl><p></p>", "device.trusted: TRUSTED"),
            ("", ""),
        ];
        for (html, wanted) in rows {
            assert_eq!(read(&format!("<main>{html}</main>")).text, wanted);
        }
    }
}
