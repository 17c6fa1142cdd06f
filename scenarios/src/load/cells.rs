//! The scenario in each cell of its matrix.

use super::Loader;
use crate::Diagnostic;
use crate::diagnostic::did_you_mean;
use crate::matrix::{Coordinates, Matrix};
use crate::model::Cell;
use crate::script::{Laid, Script};
use crate::tree::Table;

impl Loader {
    /// Every cell of a matrix. What is wrong in some of them only is told with the first of those.
    pub(super) fn cells(&mut self, header: &Table, tree: &Table, script: &Script, matrix: &Matrix) -> Vec<Cell> {
        let (known, all) = (std::mem::take(&mut self.wrong), matrix.cells());
        let (mut built, mut found) = (Vec::new(), Vec::<(Diagnostic, Vec<String>)>::new());
        for at in &all {
            built.extend(self.cell(header, tree, script, Some((matrix, at))));
            for wrong in std::mem::take(&mut self.wrong) {
                match found.iter_mut().find(|(same, _)| *same == wrong) {
                    Some((_, labels)) => labels.push(matrix.label(at)),
                    None => found.push((wrong, vec![matrix.label(at)])),
                }
            }
        }
        self.wrong = known;
        for (mut wrong, labels) in found {
            if labels.len() < all.len() {
                let others = labels.len() - 1;
                let more = if others > 0 { format!(" and {others} more") } else { String::new() };
                wrong.message = format!("in the cell `{}`{more}, {}", labels[0], wrong.message);
            }
            self.complain(wrong);
        }
        built
    }

    /// The scenario in one cell of its matrix, or as it stands.
    pub(super) fn cell(
        &mut self,
        header: &Table,
        tree: &Table,
        script: &Script,
        cell: Option<(&Matrix, &Coordinates)>,
    ) -> Option<Cell> {
        let (mut tree, mut script, mut label) = (tree.clone(), script.clone(), String::new());
        if let Some((matrix, at)) = cell {
            label = matrix.label(at);
            for choice in matrix.choices(at) {
                self.apply(&choice.edits, &mut tree);
                for (key, value) in &choice.with {
                    if !script.substitute(key, value) {
                        let help = did_you_mean(key, crate::SignIn::KEYS);
                        self.complain(self.files.diagnostic(value.key, format!("no step has a key `{key}`"), help));
                    }
                }
            }
            for answers in matrix.answers(at) {
                let laid = script.expect(&self.files, answers, Laid::Over);
                self.keep(laid)?;
            }
        }
        let built = self.world(&tree);
        let steps = self.steps(&script, &tree);
        let tries = self.tries(header, &tree, &script, cell);
        let (world, sources) = built?;
        Some(Cell { label, world, steps, tries, sources })
    }
}
