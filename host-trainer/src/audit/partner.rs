//! Which other image lends its frame.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// The images of an audit by class, for drawing partners.
#[derive(Debug, Clone)]
pub struct Partners {
    /// Places of the images without the finding, and of those with it.
    by_label: [Vec<usize>; 2],
}

impl Partners {
    /// The partners among images with these labels.
    pub fn new(labels: &[bool]) -> Self {
        let of = |wanted: bool| (0..labels.len()).filter(|at| labels[*at] == wanted).collect();
        Partners { by_label: [of(false), of(true)] }
    }

    /// An image with this label other than image number `own`, each with the same chance; none if there is none.
    pub fn draw(&self, label: bool, own: usize, rng: &mut ChaCha8Rng) -> Option<usize> {
        let all = &self.by_label[usize::from(label)];
        let own = all.binary_search(&own).ok();
        let others = all.len() - usize::from(own.is_some());
        if others == 0 {
            return None;
        }
        let drawn = rng.random_range(0..others);
        // The own place is passed over.
        Some(all[drawn + usize::from(own.is_some_and(|own| drawn >= own))])
    }
}
