//! Runs calibration images through the float graph and looks at every activation.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use tract_onnx::prelude::*;
use xray_core::intake;
use xray_core::preprocess::{Preprocessing, prepare};

use super::histogram::Histogram;
use super::observers::choose;
use super::{Activation, Calibration, QuantiseError, equalise};
use crate::export::{self, ObservedGraph};
use crate::weights::WeightSet;

/// Calibrates on image files, each prepared as `preprocessing` says. `observe` is told how many runs of how
/// many are done; every image runs three times. The same images give the same result on the same processor.
///
/// # Errors
/// [`QuantiseError`]: no images, one that cannot be read, weights that do not fit their net, or a number
/// that is not finite.
pub fn calibrate(
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
    images: &[PathBuf],
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Calibration, QuantiseError> {
    let load = |path: &PathBuf| {
        let failed = |reason: String| QuantiseError::Image { path: path.clone(), reason };
        let image = intake::read_file(path).map_err(|error| failed(error.problem.to_string()))?;
        let tensor = prepare(&image, preprocessing).map_err(|error| failed(error.to_string()))?;
        Ok(tensor.as_slice().to_vec())
    };
    calibrate_tensors(sets, preprocessing, images, load, observe)
}

/// As [`calibrate`], on anything that `load` makes an input of: `3 × size × size` elements, channel by
/// channel, scaled as `preprocessing` says.
///
/// # Errors
/// As [`calibrate`], and what `load` returns.
pub fn calibrate_tensors<T: Sync>(
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
    images: &[T],
    load: impl Fn(&T) -> Result<Vec<f32>, QuantiseError> + Sync,
    observe: &mut dyn FnMut(usize, usize),
) -> Result<Calibration, QuantiseError> {
    if images.is_empty() {
        return Err(QuantiseError::NoImages);
    }
    let runs = 3 * images.len();
    let mut done = 0;
    let mut observe = |images: usize| {
        done += images;
        observe(done, runs);
    };
    let net = Net::new(sets, preprocessing)?;
    let ranges = net.survey(images, &load, &mut observe)?;
    let largest: BTreeMap<&str, &[f32]> =
        net.names.iter().map(String::as_str).zip(ranges.iter().map(|range| range.tops.as_slice())).collect();
    let factors = sets.iter().flat_map(|set| equalise::factors(set.backbone, &largest)).collect();

    let sets: Vec<WeightSet> = sets.iter().map(|set| equalise::equalised(set, &factors)).collect();
    let net = Net::new(&sets, preprocessing)?;
    let ranges = net.survey(images, &load, &mut observe)?;

    let mut histograms: Vec<Histogram> =
        ranges.iter().map(|range| Histogram::new(range.lo, range.hi)).collect();
    for images in images.chunks(batch()) {
        let seen: Vec<Vec<Histogram>> = images
            .par_iter()
            .map(|image| {
                net.run(&load(image)?, |index, tensor, _| {
                    let mut histogram = Histogram::new(ranges[index].lo, ranges[index].hi);
                    histogram.add(tensor);
                    Ok(histogram)
                })
            })
            .collect::<Result<_, QuantiseError>>()?;
        for seen in &seen {
            histograms.iter_mut().zip(seen).for_each(|(histogram, seen)| histogram.merge(seen));
        }
        observe(images.len());
    }
    let judged: Vec<Activation> =
        ranges.par_iter().zip(&histograms).map(|(range, histogram)| range.judge(histogram)).collect();
    Ok(Calibration { activations: net.names.into_iter().zip(judged).collect(), factors })
}

/// Images that run at the same time.
fn batch() -> usize {
    rayon::current_num_threads().max(1)
}

/// Least and greatest value, sum of squares, and the sum of each channel.
#[derive(Debug, Clone, Default)]
struct Range {
    lo: f32,
    hi: f32,
    squares: f64,
    sums: Vec<f64>,
    /// Largest magnitude of each channel.
    tops: Vec<f32>,
    /// Values a channel.
    count: usize,
}

impl Range {
    fn of(tensor: &[f32], channels: usize) -> Range {
        let count = tensor.len() / channels.max(1);
        let mut range = Range { count, ..Range::default() };
        for channel in tensor.chunks_exact(count.max(1)) {
            let (mut sum, mut squares, mut top) = (0.0_f64, 0.0_f64, 0.0_f32);
            for &value in channel {
                // `min` and `max` pass over what is not a number; the sum does not.
                range.lo = range.lo.min(value);
                range.hi = range.hi.max(value);
                top = top.max(value.abs());
                sum += f64::from(value);
                squares += f64::from(value) * f64::from(value);
            }
            range.sums.push(sum);
            range.tops.push(top);
            range.squares += squares;
        }
        range
    }

    fn merge(&mut self, other: &Range) {
        self.lo = self.lo.min(other.lo);
        self.hi = self.hi.max(other.hi);
        self.squares += other.squares;
        self.sums.resize(other.sums.len(), 0.0);
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, more)| *sum += more);
        self.tops.resize(other.tops.len(), 0.0);
        self.tops.iter_mut().zip(&other.tops).for_each(|(top, other)| *top = top.max(*other));
        self.count += other.count;
    }

    fn judge(&self, histogram: &Histogram) -> Activation {
        let (observer, steps, error) = choose(histogram);
        let count = self.count.max(1) as f64;
        let square = self.squares / (count * self.sums.len().max(1) as f64);
        Activation {
            steps,
            observer,
            relative_error: if square > 0.0 { error / square } else { 0.0 },
            means: self.sums.iter().map(|sum| (sum / count) as f32).collect(),
        }
    }
}

/// The float graph, ready to run, with the activations as its outputs.
struct Net {
    plan: Arc<TypedRunnableModel>,
    size: usize,
    names: Vec<String>,
}

impl Net {
    fn new(sets: &[WeightSet], preprocessing: &Preprocessing) -> Result<Net, QuantiseError> {
        let ObservedGraph { model, names } = export::observed(sets, preprocessing)?;
        Ok(Net { plan: plan(&model, &names).map_err(run_error)?, size: preprocessing.size, names })
    }

    /// Ranges of every activation over all images.
    fn survey<T: Sync>(
        &self,
        images: &[T],
        load: &(impl Fn(&T) -> Result<Vec<f32>, QuantiseError> + Sync),
        observe: &mut dyn FnMut(usize),
    ) -> Result<Vec<Range>, QuantiseError> {
        let mut ranges: Vec<Range> = vec![Range::default(); self.names.len()];
        for images in images.chunks(batch()) {
            let seen: Vec<Vec<Range>> = images
                .par_iter()
                .map(|image| self.run(&load(image)?, |_, tensor, channels| Ok(Range::of(tensor, channels))))
                .collect::<Result<_, QuantiseError>>()?;
            // In the order of the images: sums of floats depend on it.
            for seen in seen {
                ranges.iter_mut().zip(&seen).for_each(|(range, seen)| range.merge(seen));
            }
            observe(images.len());
        }
        for (range, name) in ranges.iter().zip(&self.names) {
            let finite = range.lo.is_finite() && range.hi.is_finite();
            if !(finite && range.sums.iter().all(|sum| sum.is_finite())) {
                return Err(QuantiseError::NotFinite { activation: name.clone() });
            }
        }
        Ok(ranges)
    }

    /// Runs one input; `look` is shown each activation's place, elements and number of channels.
    fn run<R>(
        &self,
        input: &[f32],
        look: impl Fn(usize, &[f32], usize) -> Result<R, QuantiseError>,
    ) -> Result<Vec<R>, QuantiseError> {
        let shape = [1, 3, self.size, self.size];
        let image = Tensor::from_shape(&shape, input).map_err(run_error)?;
        let outputs = self.plan.run(tvec!(image.into_tvalue())).map_err(run_error)?;
        if outputs.len() != self.names.len() {
            let reason = format!("{} outputs where {} were expected", outputs.len(), self.names.len());
            return Err(QuantiseError::Run { reason });
        }
        outputs
            .iter()
            .enumerate()
            .map(|(index, tensor)| {
                let channels = tensor.shape().get(1).copied().unwrap_or(1);
                let ram = tensor.try_as_plain_ram().map_err(run_error)?;
                look(index, ram.as_slice::<f32>().map_err(run_error)?, channels)
            })
            .collect()
    }
}

fn plan(model: &tract_onnx::pb::ModelProto, names: &[String]) -> TractResult<Arc<TypedRunnableModel>> {
    let mut model = tract_onnx::onnx().model_for_proto_model(model)?;
    model.select_outputs_by_name(names)?;
    model.into_optimized()?.into_runnable()
}

fn run_error(error: impl std::fmt::Display) -> QuantiseError {
    QuantiseError::Run { reason: format!("{error:#}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_and_means_by_hand() {
        let mut range = Range::of(&[1.0, 3.0, -2.0, -4.0], 2);
        range.merge(&Range::of(&[5.0, 7.0, 0.0, 2.0], 2));
        assert_eq!((range.lo, range.hi, range.squares), (-4.0, 7.0, 108.0));
        let mut histogram = Histogram::new(range.lo, range.hi);
        histogram.add(&[1.0, 3.0, -2.0, -4.0, 5.0, 7.0, 0.0, 2.0]);
        let judged = range.judge(&histogram);
        assert_eq!(judged.means, [4.0, -1.0]);
        assert!(judged.relative_error < 1e-4, "{judged:?}");
    }

    #[test]
    fn what_is_not_a_number_shows_in_the_sums() {
        assert!(Range::of(&[1.0, f32::NAN], 1).sums[0].is_nan());
    }
}
