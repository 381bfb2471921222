//! The figures of groups of images.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Confusion, Interval, MetricsError, Rate, Scored, auroc, auroc_interval, check};

/// How a classifier did on one group of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subgroup {
    /// Its name; `None` for the images without a group.
    pub name: Option<String>,
    pub positives: u64,
    pub negatives: u64,
    /// The part called rightly.
    pub accuracy: Rate,
    /// Of the positives, the part called positive.
    pub sensitivity: Rate,
    /// Of the negatives, the part called negative.
    pub specificity: Rate,
    /// Area under the ROC curve; `None` when all images are of one class.
    pub auroc: Option<f64>,
    /// Its 95% interval (DeLong); `None` also when a class has one image only.
    pub auroc_interval: Option<Interval>,
    /// Whether the area is that of the group's images against *all* images of the other class, since the group
    /// holds none.
    pub auroc_against_all: bool,
}

/// The figures of each group, in the order of the names, the images without a group last. With one group in all,
/// or none, there is nothing to compare and no group is returned.
///
/// # Errors
/// [`MetricsError`] without scores or with one that is not in 0..=1.
pub fn subgroups(images: &[(Scored, Option<&str>)], threshold: f64) -> Result<Vec<Subgroup>, MetricsError> {
    let all: Vec<Scored> = images.iter().map(|(scored, _)| *scored).collect();
    check(&all)?;
    let names: BTreeSet<Option<&str>> = images.iter().map(|(_, group)| *group).collect();
    if names.len() < 2 {
        return Ok(Vec::new());
    }
    let in_order = names.range(Some("")..).chain(names.get(&None));
    in_order.map(|name| subgroup(*name, images, &all, threshold)).collect()
}

fn subgroup(
    name: Option<&str>,
    images: &[(Scored, Option<&str>)],
    all: &[Scored],
    threshold: f64,
) -> Result<Subgroup, MetricsError> {
    let inside: Vec<Scored> =
        images.iter().filter(|(_, group)| *group == name).map(|(scored, _)| *scored).collect();
    let c = Confusion::at(&inside, threshold);
    let (positives, negatives) = (c.tp + c.fn_, c.tn + c.fp);
    let auroc_against_all = positives == 0 || negatives == 0;
    let mut ranked = inside;
    if auroc_against_all {
        let missing = positives == 0;
        ranked.extend(all.iter().filter(|(_, label)| *label == missing));
    }
    let (auroc, auroc_interval) = match auroc(&ranked) {
        Err(MetricsError::OneClass { .. }) => (None, None),
        area => (Some(area?), auroc_interval(&ranked)?),
    };
    Ok(Subgroup {
        name: name.map(str::to_owned),
        positives,
        negatives,
        accuracy: Rate::new(c.tp + c.tn, c.total()),
        sensitivity: Rate::new(c.tp, positives),
        specificity: Rate::new(c.tn, negatives),
        auroc,
        auroc_interval,
        auroc_against_all,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    // By hand. Virus: 0.4 and 0.9 against the negatives 0.1, 0.6, 0.5 of all groups: 1 + 3 of 6 pairs are
    // ordered rightly. Ward: 0.7 against its own 0.5.
    #[test]
    fn groups_are_judged_on_their_own() {
        let images = [
            ((0.4, true), Some("virus")),
            ((0.9, true), Some("virus")),
            ((0.7, true), Some("ward")),
            ((0.5, false), Some("ward")),
            ((0.1, false), None),
            ((0.6, false), None),
        ];
        let groups = subgroups(&images, 0.5).unwrap();
        let names: Vec<_> = groups.iter().map(|g| g.name.as_deref()).collect();
        assert_eq!(names, [Some("virus"), Some("ward"), None]);
        let [virus, ward, rest] = &groups[..] else { unreachable!() };
        assert_eq!((virus.positives, virus.negatives, virus.sensitivity.value), (2, 0, Some(0.5)));
        assert_eq!((virus.auroc, virus.auroc_against_all), (Some(4.0 / 6.0), true));
        assert_eq!(virus.specificity.value, None);
        assert_eq!((ward.auroc, ward.auroc_against_all), (Some(1.0), false));
        assert_eq!((ward.accuracy.value, ward.auroc_interval), (Some(0.5), None));
        assert_eq!((rest.specificity.value, rest.specificity.n), (Some(0.5), 2));
        assert_eq!(subgroups(&[((0.4, true), None), ((0.9, false), None)], 0.5), Ok(Vec::new()));
    }
}
