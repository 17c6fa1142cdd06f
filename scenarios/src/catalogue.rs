//! The catalogue and the baselines, embedded.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Every lesson as (file, text), sorted by file: `scenarios/catalogue/FAMILY/NAME.toml`.
pub fn catalogue() -> Vec<(&'static str, &'static str)> {
    CATALOGUE.to_vec()
}

/// Every baseline as (file, text), sorted by file: `scenarios/baselines/NAME.toml`.
pub fn baselines() -> Vec<(&'static str, &'static str)> {
    BASELINES.to_vec()
}

/// The baseline of that name.
pub(crate) fn baseline(name: &str) -> Option<(&'static str, &'static str)> {
    BASELINES.iter().find(|(file, _)| stem(file) == name).copied()
}

pub(crate) fn baseline_names() -> impl Iterator<Item = &'static str> {
    BASELINES.iter().map(|(file, _)| stem(file))
}

/// `a/b.toml` becomes `b`.
pub(crate) fn stem(file: &str) -> &str {
    let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
    last.strip_suffix(".toml").unwrap_or(last)
}
