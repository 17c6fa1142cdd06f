//! Compares model and oracle on COUNT pairs of a world and a situation, EACH of a world: `pairs COUNT [EACH [SEED]]`.

use fedsim_tests::pairs::compare;
use std::process::ExitCode;

fn main() -> ExitCode {
    let number = |at: usize, otherwise: u64| std::env::args().nth(at).and_then(|n| n.parse().ok()).unwrap_or(otherwise);
    let (count, each, seed) = (number(1, 10_000), number(2, 500), number(3, 1));
    let compared = compare(seed, count, each, |_| {});
    for line in &compared.differ {
        println!("{line}");
    }
    println!(
        "{} pairs of {} worlds, whose spaces hold {} situations; {} differ",
        compared.pairs,
        compared.worlds,
        compared.situations,
        compared.differ.len()
    );
    if compared.differ.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
