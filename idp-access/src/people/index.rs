//! A folded text and who has it; several may.

use std::collections::BTreeSet;

#[derive(Debug)]
pub struct Index<V>(BTreeSet<(String, V)>);

impl<V> Default for Index<V> {
    fn default() -> Index<V> {
        Index(BTreeSet::new())
    }
}

impl<V: Ord + Default> Index<V> {
    pub fn set(&mut self, text: String, value: V, there: bool) {
        if there {
            self.0.insert((text, value))
        } else {
            self.0.remove(&(text, value))
        };
    }

    pub fn get(&self, text: String) -> impl Iterator<Item = &V> + use<'_, V> {
        let from = (text.clone(), V::default());
        self.0.range(from..).take_while(move |(t, _)| *t == text).map(|(_, v)| v)
    }
}
