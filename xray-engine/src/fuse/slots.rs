//! Memory of a program: which tensors share a slot.

use super::program::{Action, Buffer, Port, Step};

/// Gives each buffer a slot; buffers whose lives do not overlap part one. Returns the slots' sizes.
pub(crate) fn assign(buffers: &mut [Buffer], steps: &[Step], inputs: usize, outputs: &[Port]) -> Vec<usize> {
    let mut last = vec![0; buffers.len()];
    for (at, step) in steps.iter().enumerate() {
        for source in sources(&step.action) {
            last[source] = at;
        }
    }
    for port in outputs {
        if let Port::Buffer(index) = port {
            last[*index] = steps.len();
        }
    }
    let (mut slots, mut free): (Vec<usize>, Vec<usize>) = (vec![], vec![]);
    let place = |buffer: &mut Buffer, slots: &mut Vec<usize>, free: &mut Vec<usize>| {
        let bytes = buffer.layout.bytes();
        // The smallest free slot that is large enough, else the largest, which then grows.
        let best = (0..free.len()).min_by_key(|i| {
            let size = slots[free[*i]];
            if size >= bytes { (0, size) } else { (1, usize::MAX - size) }
        });
        buffer.slot = match best {
            Some(i) => free.swap_remove(i),
            None => {
                slots.push(0);
                slots.len() - 1
            }
        };
        slots[buffer.slot] = slots[buffer.slot].max(bytes);
    };
    for buffer in &mut buffers[..inputs] {
        place(buffer, &mut slots, &mut free);
    }
    for (at, step) in steps.iter().enumerate() {
        if !matches!(step.action, Action::AffineSum { .. } | Action::Maps { .. }) {
            place(&mut buffers[step.target], &mut slots, &mut free);
        }
        let mut done = sources(&step.action);
        done.sort_unstable();
        done.dedup();
        free.extend(done.into_iter().filter(|s| last[*s] == at).map(|s| buffers[s].slot));
    }
    slots
}

fn sources(action: &Action) -> Vec<usize> {
    match action {
        Action::Conv { source, .. } | Action::Depthwise { source, .. } | Action::MaxPool { source, .. } => {
            vec![*source]
        }
        Action::Affine { sources, .. }
        | Action::AffinePool { sources, .. }
        | Action::AffineSum { sources, .. } => sources.clone(),
        Action::Maps { maps } => maps.iter().flat_map(|(sources, _)| sources.clone()).collect(),
        Action::Add { sources: (a, b), .. } => vec![*a, *b],
    }
}
