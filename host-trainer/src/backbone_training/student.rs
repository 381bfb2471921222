//! A backbone with the linear outputs that it is trained with.

use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::backbones::Net;

/// A backbone in training.
#[derive(Module, Debug)]
pub(super) struct Student {
    pub net: Net,
    pub outputs: Outputs,
}

/// What stands on the pooled features while the backbone is trained, and is thrown away afterwards.
#[derive(Module, Debug)]
pub(super) struct Outputs {
    /// The logit of the finding, then those of the subclasses.
    classes: Linear,
    /// To the teacher's features.
    projection: Option<Linear>,
}

impl Outputs {
    /// The outputs for the classes begin with zeros. `taught` is the width of the teacher's features, if there is one; the
    /// projection to them is drawn evenly between `±1/√features`, as PyTorch's `Linear` is.
    pub fn new(
        features: usize,
        subclasses: usize,
        taught: Option<usize>,
        seed: u64,
        device: &Device,
    ) -> Outputs {
        let outputs = 1 + subclasses;
        let projection = taught.map(|taught| {
            let limit = 1.0 / (features as f32).sqrt();
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let weight = (0..features * taught).map(|_| rng.random_range(-limit..limit)).collect();
            linear(weight, [features, taught], device)
        });
        Outputs { classes: linear(vec![0.0; features * outputs], [features, outputs], device), projection }
    }
}

fn linear(weight: Vec<f32>, shape: [usize; 2], device: &Device) -> Linear {
    Linear {
        weight: Param::from_tensor(Tensor::from_data(TensorData::new(weight, shape), device)),
        bias: Some(Param::from_tensor(Tensor::zeros([shape[1]], device))),
    }
}

/// What a student says of a batch.
pub(super) struct Answers {
    /// Logits of the finding, `[images]`.
    pub finding: Tensor<1>,
    /// Logits of the subclasses, `[images, subclasses]`; none where there are none.
    pub subclasses: Option<Tensor<2>>,
    /// Features in the teacher's space, `[images, features of the teacher]`.
    pub projected: Option<Tensor<2>>,
}

impl Student {
    /// `mask` is what dropout multiplies the pooled features with before the outputs for the classes.
    pub fn answers(&self, images: Tensor<4>, mask: Option<Tensor<2>>) -> Answers {
        let pooled = self.net.pooled(images);
        let projected = self.outputs.projection.as_ref().map(|layer| layer.forward(pooled.clone()));
        let pooled = match mask {
            Some(mask) => pooled * mask,
            None => pooled,
        };
        let outputs = self.outputs.classes.forward(pooled);
        let [images, width] = outputs.dims();
        let finding = outputs.clone().slice([0..images, 0..1]).reshape([images]);
        let subclasses = (width > 1).then(|| outputs.slice([0..images, 1..width]));
        Answers { finding, subclasses, projected }
    }
}
