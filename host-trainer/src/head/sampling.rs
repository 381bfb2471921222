//! Which samples an epoch shows where groups of them, such as hospitals and classes, shall count alike whatever their
//! number.

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// As many samples as there are, in a random order in which each group has a share proportional to its weight: of a group
/// with many samples some are shown, those of a group with few are shown several times, each as often as any other of the
/// group, give or take one. Groups are numbers of `weights`, which are above 0.
pub(super) fn balanced_order(groups: &[usize], weights: &[f64], rng: &mut ChaCha8Rng) -> Vec<usize> {
    let present: Vec<usize> = (0..weights.len()).filter(|group| groups.contains(group)).collect();
    let sum: f64 = present.iter().map(|group| weights[*group]).sum();
    let mut order = Vec::with_capacity(groups.len());
    for group in present {
        let members: Vec<usize> = (0..groups.len()).filter(|at| groups[*at] == group).collect();
        let mut wanted = (groups.len() as f64 * weights[group] / sum).round() as usize;
        while wanted > 0 {
            let mut shuffled = members.clone();
            shuffled.shuffle(rng);
            shuffled.truncate(wanted);
            wanted -= shuffled.len();
            order.extend(shuffled);
        }
    }
    order.shuffle(rng);
    order
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn groups_have_their_shares() {
        let groups: Vec<usize> = (0..120).map(|at| usize::from(at >= 100)).collect();
        let counted = |weights: [f64; 2]| {
            let order = balanced_order(&groups, &weights, &mut ChaCha8Rng::seed_from_u64(3));
            let mut shown = vec![0; 120];
            order.iter().for_each(|at| shown[*at] += 1);
            (order.iter().filter(|at| **at >= 100).count(), order.len(), shown)
        };
        let (small, all, shown) = counted([1.0, 1.0]);
        assert_eq!((small, all), (60, 120));
        assert!(shown[..100].iter().all(|times| *times <= 1) && shown[100..].iter().all(|times| *times == 3));
        let (small, all, _) = counted([3.0, 1.0]);
        assert_eq!((small, all), (30, 120));
    }

    #[test]
    fn a_group_without_samples_takes_no_share() {
        let mut order = balanced_order(&[0; 10], &[1.0, 5.0], &mut ChaCha8Rng::seed_from_u64(3));
        order.sort_unstable();
        assert_eq!(order, (0..10).collect::<Vec<_>>());
    }
}
