//! Steps of a set-up or a migration in order: what each persona experiences after each, and whether people are locked out or let
//! in on the way who are not so at either end.

use crate::facts::End;
use crate::sign_in::Scratch;
use crate::space::{Extent, Situation, Space};
use crate::stage::Stuck;
use federation::{Silent, World};

/// A persona with an app, and what she comes to after each step, before the first one included.
pub struct Row {
    pub situation: Situation,
    pub ends: Vec<End>,
    /// Steps after which she is kept out although before and after all of it she is let in.
    pub locked_out: Vec<usize>,
    /// Steps after which she is let in although neither before nor after all of it she is.
    pub let_in: Vec<usize>,
}

pub struct Walk {
    pub space: Space,
    pub worlds: Vec<Space>,
    pub rows: Vec<Row>,
}

impl Walk {
    /// How many lock-outs and holes there are on the way.
    pub fn troubles(&self) -> usize {
        self.rows.iter().map(|row| row.locked_out.len() + row.let_in.len()).sum()
    }
}

/// Personas without earlier sessions, who type what is right, through the worlds in order.
///
/// # Errors
/// Where the model leaves out what a world has.
pub fn walk(worlds: &[World]) -> Result<Walk, Stuck> {
    let Some(last) = worlds.last() else { return Err(Stuck::Impossible("there is no step to walk".into())) };
    let space = Space::of(last, Extent { sessions: false })?;
    let carried = worlds.iter().map(|world| Ok(space.carried(world)?.0)).collect::<Result<Vec<_>, Stuck>>()?;
    let mut rows = Vec::new();
    for node in 0..space.nodes.len() {
        if space.kits[usize::from(space.nodes[node].kit)].client != federation::Client::Browser {
            continue;
        }
        for app in 0..space.model.apps.len() {
            let situation = Situation { node, app, network: 0, start: 0, password: 0, mfa: 0, uem: 0 };
            let end = |space: &Space| {
                let mut direct = crate::leaves::Direct::default();
                space.decide(&situation, &mut direct, &mut Silent, &mut Scratch::default())
            };
            let ends: Vec<End> = carried.iter().map(end).collect();
            let ways: Vec<bool> = ends.iter().map(End::granted).collect();
            let (first, final_) = (ways[0], ways[ways.len() - 1]);
            let between = |wanted: bool| -> Vec<usize> {
                let odd = |at: &usize| first != wanted && final_ != wanted && ways[*at] == wanted;
                (1..ways.len() - 1).filter(odd).collect()
            };
            let (locked_out, let_in) = (between(false), between(true));
            rows.push(Row { situation, ends, locked_out, let_in });
        }
    }
    Ok(Walk { space, worlds: carried, rows })
}
