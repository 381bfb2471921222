//! The weights of a head: what the trainer passes to the exporter.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::HeadError;
use crate::weights::Array;

/// A linear layer, `y = weight · x + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense {
    /// `[out, in]`.
    pub weight: Array,
    /// As many as `out`.
    pub bias: Vec<f32>,
}

/// BatchNorm as it runs after training: `y = gamma · (x - mean) / sqrt(variance + epsilon) + beta`
/// (Ioffe and Szegedy 2015, arXiv 1502.03167, algorithm 2). All vectors have one element a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchNorm {
    /// Factor after normalisation.
    pub gamma: Vec<f32>,
    /// Added after normalisation.
    pub beta: Vec<f32>,
    /// Running mean.
    pub mean: Vec<f32>,
    /// Running variance, not negative.
    pub variance: Vec<f32>,
    /// Added to the variance; above zero.
    pub epsilon: f32,
}

/// The head: BatchNorm, Dense and ReLU, BatchNorm, Dense and ReLU, Dense to one logit. Dropout does nothing
/// after training and so has no place here.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadWeights {
    /// Over the joined features of the backbones.
    pub norm1: BatchNorm,
    /// From the features to the first hidden layer; ReLU follows.
    pub dense1: Dense,
    /// Over the first hidden layer.
    pub norm2: BatchNorm,
    /// From the first to the second hidden layer; ReLU follows.
    pub dense2: Dense,
    /// From the second hidden layer to the logit: `[1, in]`.
    pub dense3: Dense,
}

impl Dense {
    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.weight.shape.get(1).copied().unwrap_or(0)
    }

    fn check(&self, part: &str, inputs: usize) -> Result<usize, HeadError> {
        let outputs = self.weight.shape.first().copied().unwrap_or(0);
        if self.weight.shape.len() != 2 || self.inputs() != inputs {
            return Err(shape(&format!("{part}.weight (inputs)"), inputs, self.inputs()));
        }
        expect_len(&format!("{part}.weight"), outputs * inputs, self.weight.data.len())?;
        expect_len(&format!("{part}.bias"), outputs, self.bias.len())?;
        Ok(outputs)
    }
}

impl BatchNorm {
    fn check(&self, part: &str, channels: usize) -> Result<(), HeadError> {
        for (name, values) in
            [("gamma", &self.gamma), ("beta", &self.beta), ("mean", &self.mean), ("variance", &self.variance)]
        {
            expect_len(&format!("{part}.{name}"), channels, values.len())?;
        }
        Ok(())
    }
}

impl HeadWeights {
    /// A head whose probability is always 0.5, for models whose head is not trained yet.
    pub fn untrained(features: usize) -> HeadWeights {
        let norm = |channels: usize| BatchNorm {
            gamma: vec![1.0; channels],
            beta: vec![0.0; channels],
            mean: vec![0.0; channels],
            variance: vec![1.0; channels],
            epsilon: 1e-3,
        };
        let dense = |inputs: usize| Dense {
            weight: Array { shape: vec![1, inputs], data: vec![0.0; inputs] },
            bias: vec![0.0],
        };
        let (dense1, dense2, dense3) = (dense(features), dense(1), dense(1));
        HeadWeights { norm1: norm(features), dense1, norm2: norm(1), dense2, dense3 }
    }

    /// Number of features that the head takes.
    pub fn features(&self) -> usize {
        self.norm1.gamma.len()
    }

    /// That every layer takes what the layer before it gives, and that the last gives one logit.
    ///
    /// # Errors
    /// [`HeadError::Shape`] names the first part that does not fit.
    pub fn check(&self) -> Result<(), HeadError> {
        let features = self.features();
        self.norm1.check("norm1", features)?;
        let hidden1 = self.dense1.check("dense1", features)?;
        self.norm2.check("norm2", hidden1)?;
        let hidden2 = self.dense2.check("dense2", hidden1)?;
        let logits = self.dense3.check("dense3", hidden2)?;
        expect_len("dense3.bias", 1, logits)
    }

    /// Every tensor by name, with its shape.
    pub(super) fn tensors(&self) -> BTreeMap<String, (Vec<usize>, Cow<'_, [f32]>)> {
        let mut tensors: BTreeMap<String, (Vec<usize>, Cow<'_, [f32]>)> = BTreeMap::new();
        for (name, norm) in [("norm1", &self.norm1), ("norm2", &self.norm2)] {
            for (part, values) in [
                ("gamma", &norm.gamma),
                ("beta", &norm.beta),
                ("mean", &norm.mean),
                ("variance", &norm.variance),
            ] {
                tensors.insert(format!("{name}.{part}"), (vec![values.len()], Cow::from(values)));
            }
            tensors.insert(format!("{name}.epsilon"), (vec![1], Cow::from(vec![norm.epsilon])));
        }
        for (name, dense) in [("dense1", &self.dense1), ("dense2", &self.dense2), ("dense3", &self.dense3)] {
            tensors.insert(
                format!("{name}.weight"),
                (dense.weight.shape.clone(), Cow::from(&dense.weight.data)),
            );
            tensors.insert(format!("{name}.bias"), (vec![dense.bias.len()], Cow::from(&dense.bias)));
        }
        tensors
    }

    /// SHA-256 (hex) over every tensor: the identity of the head.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for (name, (shape, data)) in self.tensors() {
            hash.update(format!("{name} {shape:?}\n"));
            hash.update(bytemuck::cast_slice::<f32, u8>(&data));
        }
        xray_core::hex(&hash.finalize())
    }
}

pub(super) fn expect_len(part: &str, expected: usize, found: usize) -> Result<(), HeadError> {
    if expected == found { Ok(()) } else { Err(shape(part, expected, found)) }
}

fn shape(part: &str, expected: usize, found: usize) -> HeadError {
    HeadError::Shape { part: part.to_owned(), expected, found }
}
