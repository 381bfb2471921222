//! BatchNorm (Ioffe, Szegedy 2015, arXiv 1502.03167) with the activation behind it.
//!
//! For a channel, `y = clip(scale * x + shift)` with `scale = gamma / sqrt(variance + epsilon)` and
//! `shift = beta - scale * mean`. Its input alone is kept for the way back: the output before the clip is computed again.

use rayon::prelude::*;

use super::parts::pixels_of_part;
use super::wide::wide;

/// Values of a group of pixels whose channels one loop goes over, so that the loop is long also where channels are few.
const LANES: usize = 256;
/// Groups that are summed in float32 before the sum goes on in float64.
const GROUPS: usize = 32;

/// The values that an activation lets through, bounds excluded; others become the bound and give no gradient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clip {
    pub(crate) low: f32,
    pub(crate) high: f32,
}

/// What is done to each channel.
#[derive(Debug, Clone)]
pub(crate) struct Affine {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
}

impl Affine {
    /// From mean, variance and the trained parameters of each channel.
    pub(crate) fn new(statistics: &Statistics, gamma: &[f32], beta: &[f32], epsilon: f32) -> Self {
        let inverse = statistics.inverse_deviation(epsilon);
        let scale: Vec<f32> = gamma.iter().zip(&inverse).map(|(gamma, inverse)| gamma * inverse).collect();
        let parts = beta.iter().zip(&scale).zip(&statistics.mean);
        let shift = parts.map(|((beta, scale), mean)| beta - scale * mean).collect();
        Affine { scale, shift }
    }
}

/// Mean and variance (over the number of pixels) of each channel.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    pub(crate) mean: Vec<f32>,
    pub(crate) variance: Vec<f32>,
}

impl Statistics {
    /// Of a map with `channels` channels.
    pub(crate) fn of(map: &[f32], channels: usize) -> Self {
        let count = (map.len() / channels) as f64;
        // Differences from the first pixel: a mean far from zero would cost the digits of the variance.
        let origin = &map[..channels];
        let [sum, squares] = sums(map, map, [origin; 3], |value, _, [origin, ..]| {
            let difference = value - origin;
            [difference, difference * difference]
        });
        let mean = sum.iter().zip(origin).map(|(sum, origin)| (sum / count + f64::from(*origin)) as f32);
        let variance = sum.iter().zip(&squares).map(|(sum, squares)| {
            let mean = sum / count;
            (squares / count - mean * mean).max(0.0) as f32
        });
        Statistics { mean: mean.collect(), variance: variance.collect() }
    }

    fn inverse_deviation(&self, epsilon: f32) -> Vec<f32> {
        self.variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect()
    }
}

/// The clipped affine map of each channel into `out`.
pub(crate) fn forward(map: &[f32], affine: &Affine, clip: Clip, out: &mut [f32]) {
    let channels = affine.scale.len();
    let (scale, shift) = (repeated(&affine.scale), repeated(&affine.shift));
    let part = pixels_of_part(map.len() / channels) * channels;
    out.par_chunks_mut(part).zip(map.par_chunks(part)).for_each(|(out, map)| {
        wide(|| {
            for (out, map) in out.chunks_mut(scale.len()).zip(map.chunks(scale.len())) {
                for (((out, value), scale), shift) in out.iter_mut().zip(map).zip(&scale).zip(&shift) {
                    *out = clip.apply(scale * value + shift);
                }
            }
        });
    });
}

/// Gradients of the trained parameters.
pub(crate) struct Gradients {
    pub(crate) gamma: Vec<f32>,
    pub(crate) beta: Vec<f32>,
}

/// What the way back needs to know of a BatchNorm.
pub(crate) struct Norm<'a> {
    pub(crate) affine: &'a Affine,
    pub(crate) statistics: &'a Statistics,
    pub(crate) epsilon: f32,
    pub(crate) clip: Clip,
}

impl Norm<'_> {
    /// Gradients of gamma and beta from that of the output.
    pub(crate) fn parameter_gradients(&self, map: &[f32], gradient: &[f32]) -> Gradients {
        let [gamma, beta] = self.sums(map, gradient);
        let inverse = self.statistics.inverse_deviation(self.epsilon);
        Gradients {
            gamma: gamma
                .iter()
                .zip(&inverse)
                .map(|(sum, inverse)| (sum * f64::from(*inverse)) as f32)
                .collect(),
            beta: beta.iter().map(|sum| *sum as f32).collect(),
        }
    }

    /// Turns the gradient of the output into that of the map, where mean and variance are constants.
    pub(crate) fn input_gradient(&self, map: &[f32], gradient: &mut [f32]) {
        let channels = self.statistics.mean.len();
        self.apply(map, gradient, &vec![0.0; channels], &vec![0.0; channels]);
    }

    /// Turns the gradient of the output into that of the map, where mean and variance come from the map itself:
    /// `scale * (g - mean(g) - z * mean(g * z))` with the normalised map `z`.
    pub(crate) fn batch_gradient(&self, map: &[f32], gradient: &mut [f32], parameters: &Gradients) {
        let channels = self.statistics.mean.len();
        let count = (map.len() / channels) as f32;
        let inverse = self.statistics.inverse_deviation(self.epsilon);
        let scale = &self.affine.scale;
        let slope: Vec<f32> =
            (0..channels).map(|c| -scale[c] * inverse[c] * parameters.gamma[c] / count).collect();
        let offset: Vec<f32> = (0..channels)
            .map(|c| -scale[c] * parameters.beta[c] / count - slope[c] * self.statistics.mean[c])
            .collect();
        self.apply(map, gradient, &slope, &offset);
    }

    /// Sums over pixels of gradient times difference from the mean, and of the gradient.
    fn sums(&self, map: &[f32], gradient: &[f32]) -> [Vec<f64>; 2] {
        let clip = self.clip;
        let constants = [&self.affine.scale[..], &self.affine.shift, &self.statistics.mean];
        sums(map, gradient, constants, |value, gradient, [scale, shift, mean]| {
            let passed = clip.gradient(scale * value + shift, gradient);
            [passed * (value - mean), passed]
        })
    }

    /// `scale * clipped gradient + slope * value + offset`, in place of the gradient.
    fn apply(&self, map: &[f32], gradient: &mut [f32], slope: &[f32], offset: &[f32]) {
        let channels = slope.len();
        let (scale, shift) = (repeated(&self.affine.scale), repeated(&self.affine.shift));
        let (slope, offset) = (repeated(slope), repeated(offset));
        let (clip, lanes) = (self.clip, scale.len());
        let part = pixels_of_part(map.len() / channels) * channels;
        gradient.par_chunks_mut(part).zip(map.par_chunks(part)).for_each(|(gradient, map)| {
            wide(|| {
                for (gradient, map) in gradient.chunks_mut(lanes).zip(map.chunks(lanes)) {
                    let constants = scale.iter().zip(&shift).zip(slope.iter().zip(&offset));
                    for ((gradient, value), ((scale, shift), (slope, offset))) in
                        gradient.iter_mut().zip(map).zip(constants)
                    {
                        let passed = clip.gradient(scale * value + shift, *gradient);
                        *gradient = scale * passed + (slope * value + offset);
                    }
                }
            });
        });
    }
}

impl Clip {
    /// A value that is not a number stays one, so that a training that diverges is seen to.
    #[inline(always)]
    fn apply(self, value: f32) -> f32 {
        let value = if value < self.low { self.low } else { value };
        if value > self.high { self.high } else { value }
    }

    #[inline(always)]
    fn gradient(self, value: f32, gradient: f32) -> f32 {
        let gradient = if value <= self.low { 0.0 } else { gradient };
        if value >= self.high { 0.0 } else { gradient }
    }
}

/// Two sums over the pixels of each channel, of what `terms` makes of a value, its gradient and the channel's constants.
fn sums(
    map: &[f32],
    gradient: &[f32],
    constants: [&[f32]; 3],
    terms: impl Fn(f32, f32, [f32; 3]) -> [f32; 2] + Sync,
) -> [Vec<f64>; 2] {
    let channels = constants[0].len();
    let [p, q, r] = constants.map(repeated);
    let lanes = p.len();
    let part = pixels_of_part(map.len() / channels) * channels;
    let parts = map.par_chunks(part).zip(gradient.par_chunks(part)).map(|(map, gradient)| {
        let (mut first, mut second) = (vec![0.0_f64; channels], vec![0.0_f64; channels]);
        let (mut a, mut b) = (vec![0.0_f32; lanes], vec![0.0_f32; lanes]);
        for (map, gradient) in map.chunks(lanes * GROUPS).zip(gradient.chunks(lanes * GROUPS)) {
            a.fill(0.0);
            b.fill(0.0);
            wide(|| {
                for (map, gradient) in map.chunks(lanes).zip(gradient.chunks(lanes)) {
                    let values = map.iter().zip(gradient).zip(p.iter().zip(&q).zip(&r));
                    for ((((value, gradient), ((p, q), r)), a), b) in values.zip(&mut a).zip(&mut b) {
                        let [x, y] = terms(*value, *gradient, [*p, *q, *r]);
                        *a += x;
                        *b += y;
                    }
                }
            });
            for (a, b) in a.chunks_exact(channels).zip(b.chunks_exact(channels)) {
                first.iter_mut().zip(a).for_each(|(sum, value)| *sum += f64::from(*value));
                second.iter_mut().zip(b).for_each(|(sum, value)| *sum += f64::from(*value));
            }
        }
        [first, second]
    });
    let parts: Vec<[Vec<f64>; 2]> = parts.collect();
    let mut total = [vec![0.0; channels], vec![0.0; channels]];
    for part in parts {
        for (total, part) in total.iter_mut().zip(part) {
            total.iter_mut().zip(part).for_each(|(total, value)| *total += value);
        }
    }
    total
}

/// The constants of all channels, repeated for as many pixels as make up [`LANES`].
fn repeated(constants: &[f32]) -> Vec<f32> {
    constants.repeat((LANES / constants.len().max(1)).max(1))
}
