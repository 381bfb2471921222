//! How long a training will take.

use std::time::Instant;

use crate::head::Step;

/// The steps that a training is measured on, after the first, which allocates memory.
const MEASURED_STEPS: usize = 4;

/// Measures the first steps of a training.
#[derive(Debug, Default)]
pub struct Clock {
    /// The first step and when it ended.
    first: Option<(Instant, Step)>,
    steps: usize,
    stopped: bool,
}

impl Clock {
    /// To be called after every step: images a second, once, after enough steps of one pass.
    pub fn after(&mut self, step: &Step) -> Option<f64> {
        if self.stopped {
            return None;
        }
        let (start, first) = *self.first.get_or_insert_with(|| (Instant::now(), *step));
        self.steps += 1;
        let one_pass = first.epoch == step.epoch;
        self.stopped = self.steps > MEASURED_STEPS || !one_pass;
        let images = step.done.saturating_sub(first.done) as f64;
        (self.stopped && one_pass).then(|| images / start.elapsed().as_secs_f64().max(f64::MIN_POSITIVE))
    }

    /// Whether there is nothing left to measure.
    pub fn has_stopped(&self) -> bool {
        self.stopped
    }
}

/// How fast a training is at one size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speed {
    pub images_a_second: f64,
    /// The side of the images in pixels.
    pub side: usize,
}

impl Speed {
    /// Seconds for passes over so many images, of which these are the sides: the work for an image grows with its area.
    pub fn seconds(&self, images: usize, passes: &[usize]) -> f64 {
        let area = |side: usize| (side * side) as f64;
        let work: f64 = passes.iter().map(|side| area(*side)).sum();
        images as f64 * work / area(self.side) / self.images_a_second
    }
}

/// Seconds in the units that people count such times in.
pub fn in_words(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil() as u64;
    match minutes {
        0..60 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_to_minutes() {
        assert_eq!(in_words(61.0), "2 min");
        assert_eq!(in_words(7_260.0), "2 h 1 min");
    }

    #[test]
    fn the_first_steps_are_measured_once() {
        let step = |epoch, done| Step { epoch, done, total: 100, train_loss: 0.0, train_accuracy: 0.0 };
        let mut clock = Clock::default();
        let speeds: Vec<bool> = (1..=7).map(|at| clock.after(&step(1, at * 10)).is_some()).collect();
        assert_eq!(speeds, [false, false, false, false, true, false, false]);
        // A pass that is too short tells nothing.
        let mut clock = Clock::default();
        assert!(clock.after(&step(1, 10)).is_none() && clock.after(&step(2, 10)).is_none());
        assert!(clock.has_stopped());
    }

    #[test]
    fn larger_images_take_longer_by_their_area() {
        let speed = Speed { images_a_second: 10.0, side: 128 };
        // 100 images twice at 128 and once at 256: 100 · (1 + 1 + 4) / 10.
        assert!((speed.seconds(100, &[128, 128, 256]) - 60.0).abs() < 1e-9);
    }
}
