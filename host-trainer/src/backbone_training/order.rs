//! Which images a pass shows, in which order, and which draw of each.

use super::GroupShares;
use crate::head::rng;

/// Draws for the training of a head are numbered from 0; these come after them, so that none is the same.
const FIRST_DRAW: u32 = 1 << 16;

/// One image of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown {
    /// The number of the training image.
    pub image: usize,
    /// The number of its draw; no two showings of an image have the same.
    pub draw: u32,
}

/// What decides which images a pass shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct PassPlan<'a> {
    /// Training images, at least one.
    pub images: usize,
    pub shares: GroupShares<'a>,
    pub batch_size: usize,
    pub passes: usize,
    pub seed: u64,
}

impl PassPlan<'_> {
    /// The batches of a pass, counted from 1. All passes have as many, and all batches one size; the images that are left
    /// over are others in each pass.
    pub fn batches(&self, pass: usize) -> Vec<Vec<Shown>> {
        let order = match self.shares.groups {
            [] => rng::order(self.images, self.seed, pass),
            groups => rng::balanced(groups, self.shares.weights, self.seed, pass),
        };
        let mut times = vec![0; self.images];
        let shown = |image: usize| {
            let draw = FIRST_DRAW + (pass - 1 + times[image] * self.passes) as u32;
            times[image] += 1;
            Shown { image, draw }
        };
        let shown: Vec<Shown> = order.into_iter().map(shown).collect();
        let size = self.batch_size.min(shown.len()).max(1);
        shown.chunks_exact(size).map(<[Shown]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn plan<'a>(images: usize, groups: &'a [usize], weights: &'a [f64]) -> PassPlan<'a> {
        PassPlan { images, shares: GroupShares { groups, weights }, batch_size: 4, passes: 3, seed: 7 }
    }

    #[test]
    fn every_pass_draws_every_image_anew() {
        let plan = plan(12, &[], &[]);
        let passes: Vec<Vec<Shown>> = (1..=3).map(|pass| plan.batches(pass).concat()).collect();
        let all: BTreeSet<(usize, u32)> =
            passes.iter().flatten().map(|shown| (shown.image, shown.draw)).collect();
        assert_eq!(all.len(), 36);
        assert_ne!(passes[0], passes[1]);
        assert_eq!(passes[0], plan.batches(1).concat());
    }

    /// 10 images in groups of 1, 2, 3 and 4 with weights 1, 1, .5 and .5: shares of 10 / 3, 10 / 3, 10 / 6 and 10 / 6,
    /// rounded to 3, 3, 2 and 2.
    #[test]
    fn hospitals_and_classes_have_their_shares_and_no_draw_comes_twice() {
        let groups = [0, 1, 1, 2, 2, 2, 3, 3, 3, 3];
        let plan = PassPlan { batch_size: 5, ..plan(10, &groups, &[1.0, 1.0, 0.5, 0.5]) };
        let mut all = BTreeSet::new();
        for pass in 1..=3 {
            let batches = plan.batches(pass);
            assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [5, 5]);
            let shown = batches.concat();
            let of = |group| shown.iter().filter(|shown| groups[shown.image] == group).count();
            assert_eq!([of(0), of(1), of(2), of(3)], [3, 3, 2, 2]);
            all.extend(shown.iter().map(|shown| (shown.image, shown.draw)));
        }
        assert_eq!(all.len(), 30);
    }

    #[test]
    fn few_images_are_one_batch() {
        let batches = plan(3, &[], &[]).batches(1);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [3]);
    }
}
