//! The head as a burn module.

use burn::module::{Module, Param, RunningState};
use burn::nn::{BatchNorm as Norm, BatchNormConfig, Linear};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{BatchNorm, Dense, HeadWeights, TrainingError};
use crate::weights::Array;

/// Added to the variance, as Keras does by default. Some pooled features are nearly constant; a smaller
/// epsilon would blow their noise up.
const EPSILON: f64 = 1e-3;

/// BatchNorm, Dense and ReLU, Dropout, BatchNorm, Dense and ReLU, Dropout, Dense 1.
#[derive(Module, Debug)]
pub(crate) struct Head {
    norm1: Norm,
    dense1: Linear,
    norm2: Norm,
    dense2: Linear,
    dense3: Linear,
}

/// What dropout multiplies the two hidden layers with: `[batch, width]`, zero or `1 / (1 - rate)` (inverted dropout; Srivastava 2014, JMLR 15).
pub(crate) struct DropoutMasks {
    pub hidden1: Tensor<2>,
    pub hidden2: Tensor<2>,
}

impl DropoutMasks {
    /// Those of some rows of the batch, on the device that does them.
    pub fn rows(&self, rows: std::ops::Range<usize>, device: &Device) -> DropoutMasks {
        let of = |mask: &Tensor<2>| mask.clone().slice(rows.clone()).to_device(device);
        DropoutMasks { hidden1: of(&self.hidden1), hidden2: of(&self.hidden2) }
    }
}

impl Head {
    /// A head with Glorot-uniform weights (Glorot and Bengio 2010, equation 16) and zero biases, as Keras
    /// draws them; the same seed gives the same head on every platform.
    pub fn new(features: usize, hidden: [usize; 2], seed: u64, device: &Device) -> Head {
        let [hidden1, hidden2] = hidden;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let norm = |width| BatchNormConfig::new(width).with_epsilon(EPSILON).init(device);
        Head {
            norm1: norm(features),
            dense1: glorot(features, hidden1, &mut rng, device),
            norm2: norm(hidden1),
            dense2: glorot(hidden1, hidden2, &mut rng, device),
            dense3: glorot(hidden2, 1, &mut rng, device),
        }
    }

    /// A head with these weights, to be trained further.
    pub fn of_weights(weights: &HeadWeights, device: &Device) -> Head {
        Head {
            norm1: norm_of(&weights.norm1, device),
            dense1: linear_of(&weights.dense1, device),
            norm2: norm_of(&weights.norm2, device),
            dense2: linear_of(&weights.dense2, device),
            dense3: linear_of(&weights.dense3, device),
        }
    }

    /// Logits `[batch, 1]` of features `[batch, features]`; with masks while training, without afterwards.
    pub fn forward(&self, features: Tensor<2>, dropout: Option<DropoutMasks>) -> Tensor<2> {
        let hidden1 = relu(self.dense1.forward(self.norm1.forward(features)));
        let (mask1, mask2) = match dropout {
            Some(masks) => (Some(masks.hidden1), Some(masks.hidden2)),
            None => (None, None),
        };
        let hidden1 = drop(hidden1, mask1);
        let hidden2 = relu(self.dense2.forward(self.norm2.forward(hidden1)));
        self.dense3.forward(drop(hidden2, mask2))
    }

    pub fn weights(&self) -> Result<HeadWeights, TrainingError> {
        Ok(HeadWeights {
            norm1: batch_norm(&self.norm1)?,
            dense1: dense(&self.dense1)?,
            norm2: batch_norm(&self.norm2)?,
            dense2: dense(&self.dense2)?,
            dense3: dense(&self.dense3)?,
        })
    }
}

fn drop(values: Tensor<2>, mask: Option<Tensor<2>>) -> Tensor<2> {
    match mask {
        Some(mask) => values * mask,
        None => values,
    }
}

fn glorot(inputs: usize, outputs: usize, rng: &mut ChaCha8Rng, device: &Device) -> Linear {
    let limit = (6.0 / (inputs + outputs) as f32).sqrt();
    let weight: Vec<f32> = (0..inputs * outputs).map(|_| rng.random_range(-limit..limit)).collect();
    let weight = Tensor::from_data(TensorData::new(weight, [inputs, outputs]), device);
    Linear {
        weight: Param::from_tensor(weight),
        bias: Some(Param::from_tensor(Tensor::zeros([outputs], device))),
    }
}

/// The elements of a tensor, row by row.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, TrainingError> {
    let failed = |reason: String| TrainingError::Device { reason };
    let data = tensor.try_into_data().map_err(|error| failed(format!("{error:?}")))?;
    data.try_to_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
}

fn batch_norm(norm: &Norm) -> Result<BatchNorm, TrainingError> {
    Ok(BatchNorm {
        gamma: values(norm.gamma.val())?,
        beta: values(norm.beta.val())?,
        mean: values(norm.running_mean.value_sync())?,
        variance: values(norm.running_var.value_sync())?,
        epsilon: norm.epsilon as f32,
    })
}

fn dense(linear: &Linear) -> Result<Dense, TrainingError> {
    let [inputs, outputs] = linear.weight.val().dims();
    let weight = values(linear.weight.val().transpose())?;
    let bias = match &linear.bias {
        Some(bias) => values(bias.val())?,
        None => vec![0.0; outputs],
    };
    Ok(Dense { weight: Array { shape: vec![outputs, inputs], data: weight }, bias })
}

fn vector(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

fn norm_of(norm: &BatchNorm, device: &Device) -> Norm {
    let fresh = BatchNormConfig::new(norm.gamma.len()).with_epsilon(f64::from(norm.epsilon)).init(device);
    Norm {
        gamma: Param::from_tensor(vector(&norm.gamma, device)),
        beta: Param::from_tensor(vector(&norm.beta, device)),
        running_mean: RunningState::new(vector(&norm.mean, device)),
        running_var: RunningState::new(vector(&norm.variance, device)),
        ..fresh
    }
}

fn linear_of(dense: &Dense, device: &Device) -> Linear {
    let shape = [dense.weight.shape[0], dense.weight.shape[1]];
    let weight = Tensor::<2>::from_data(TensorData::new(dense.weight.data.clone(), shape), device);
    Linear {
        weight: Param::from_tensor(weight.transpose()),
        bias: Some(Param::from_tensor(vector(&dense.bias, device))),
    }
}
