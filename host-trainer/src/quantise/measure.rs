//! Measures the range of every activation on calibration images (int8 calibration).

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::*;
use xray_core::preprocess::{Preprocessing, prepare};

use super::float_graph::{FloatGraph, batch};
use super::histogram::Histogram;
use super::{QuantiseError, equalise};
use crate::decoding;
use crate::onnx::{ActivationRange, ActivationRanges};
use crate::weights::WeightSet;

/// Measures the ranges on image files, each prepared as `preprocessing` says. `observe` gets the number of runs that are done
/// and of all runs; every image runs three times. The same images give the same result on the same processor.
///
/// # Errors
/// [`QuantiseError`]: no images, one that cannot be read, weights that do not fit their net, or a number
/// that is not finite.
pub fn measure_ranges(
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
    images: &[PathBuf],
    observe: &mut dyn FnMut(usize, usize),
) -> Result<ActivationRanges, QuantiseError> {
    let load = |path: &PathBuf| {
        let failed = |reason: String| QuantiseError::Image { path: path.clone(), reason };
        let image = decoding::read_file(path).map_err(|error| failed(error.problem.to_string()))?;
        let tensor = prepare(&image, preprocessing).map_err(|error| failed(error.to_string()))?;
        Ok(tensor.as_slice().to_vec())
    };
    measure_ranges_on(sets, preprocessing, images, load, observe)
}

/// As [`measure_ranges`], on anything that `load` turns into an input: `3 × size × size` elements, channel by
/// channel, scaled as `preprocessing` says.
///
/// # Errors
/// As [`measure_ranges`], and what `load` returns.
pub fn measure_ranges_on<T: Sync>(
    sets: &[WeightSet],
    preprocessing: &Preprocessing,
    images: &[T],
    load: impl Fn(&T) -> Result<Vec<f32>, QuantiseError> + Sync,
    observe: &mut dyn FnMut(usize, usize),
) -> Result<ActivationRanges, QuantiseError> {
    if images.is_empty() {
        return Err(QuantiseError::NoImages);
    }
    let runs = 3 * images.len();
    let mut done = 0;
    let mut observe = |images: usize| {
        done += images;
        observe(done, runs);
    };
    let graph = FloatGraph::new(sets, preprocessing)?;
    let ranges = graph.ranges(images, &load, &mut observe)?;
    let largest: BTreeMap<&str, &[f32]> = graph
        .names
        .iter()
        .map(String::as_str)
        .zip(ranges.iter().map(|range| range.largest.as_slice()))
        .collect();
    let factors = sets.iter().flat_map(|set| equalise::factors(set.backbone, &largest)).collect();

    let sets: Vec<WeightSet> = sets.iter().map(|set| equalise::equalised(set, &factors)).collect();
    let graph = FloatGraph::new(&sets, preprocessing)?;
    let ranges = graph.ranges(images, &load, &mut observe)?;

    let mut histograms: Vec<Histogram> =
        ranges.iter().map(|range| Histogram::new(range.lo, range.hi)).collect();
    for images in images.chunks(batch()) {
        let seen: Vec<Vec<Histogram>> = images
            .par_iter()
            .map(|image| {
                graph.run(&load(image)?, |index, tensor, _| {
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
    let measured: Vec<ActivationRange> = ranges
        .par_iter()
        .zip(&histograms)
        .map(|(range, histogram)| range.activation_range(histogram))
        .collect();
    Ok(ActivationRanges { activations: graph.names.into_iter().zip(measured).collect(), factors })
}
