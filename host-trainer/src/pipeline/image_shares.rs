//! Which share of an epoch the images of each hospital and class have.

use crate::data::{DataSource, Item};

/// The hospitals with their weights, where there are several: each class of each has a share of its own.
pub(crate) struct ImageShares(Vec<(String, f64)>);

impl ImageShares {
    pub fn new(sources: &[DataSource]) -> Self {
        ImageShares(match sources {
            [_] => Vec::new(),
            sources => sources.iter().map(|source| (source.name.clone(), source.weight)).collect(),
        })
    }

    /// The number of the hospital of an image; none where there is one only.
    pub fn source(&self, item: &Item) -> Option<usize> {
        self.0.iter().position(|(name, _)| *name == item.source)
    }

    /// The group of an image: its hospital and class.
    pub fn group(&self, item: &Item) -> Option<usize> {
        self.source(item).map(|source| 2 * source + usize::from(item.label))
    }

    /// The weight of each group: both classes of a hospital have the same. Empty where there is one hospital.
    pub fn weights(&self) -> Vec<f64> {
        self.0.iter().flat_map(|(_, weight)| [*weight; 2]).collect()
    }
}
