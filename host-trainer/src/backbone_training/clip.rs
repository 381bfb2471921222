//! Gradients of a whole module are made smaller, all by the same factor, where their common norm is too large (Pascanu et
//! al. 2013, arXiv:1211.5063). burn's own clipping goes by the norm of each tensor.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Added to the norm, as PyTorch's `clip_grad_norm_` does.
const EPSILON: f64 = 1e-6;

/// The gradients of `module`, times `most / (norm + 1e-6)` where that is below 1; `norm` is the Euclidean norm over all of
/// them.
pub(super) fn clipped(module: &impl Module, mut gradients: GradientsParams, most: f64) -> GradientsParams {
    let mut squares = Squares { gradients: &gradients, sum: None };
    module.visit(&mut squares);
    let Some(sum) = squares.sum else { return gradients };
    let factor = sum.sqrt().add_scalar(EPSILON).recip().mul_scalar(most).clamp_max(1.0);
    module.visit(&mut Scaled { gradients: &mut gradients, factor });
    gradients
}

/// Adds the squares of all gradients up.
struct Squares<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else { return };
        let square = gradient.square().sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + square,
            None => square,
        });
    }
}

/// Multiplies every gradient with one factor.
struct Scaled<'a> {
    gradients: &'a mut GradientsParams,
    factor: Tensor<1>,
}

impl ModuleVisitor for Scaled<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register::<D>(param.id, gradient * self.factor.clone().reshape([1; D]));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use burn::nn::Linear;
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn linear(device: &Device) -> Linear {
        Linear {
            weight: Param::from_tensor(Tensor::zeros([2, 1], device)),
            bias: Some(Param::from_tensor(Tensor::zeros([1], device))),
        }
    }

    fn after(most: f64) -> Vec<f32> {
        let device = Device::flex().autodiff();
        let module = linear(&device);
        // The gradient of 1·3 + 1·4 and of the bias, twelve times: weight [3, 4], bias 12; norm 13.
        let input = Tensor::<2>::from_data(TensorData::from([[0.25_f32, 1.0 / 3.0]]), &device);
        let loss = module.forward(input).sum().mul_scalar(12.0);
        let gradients = GradientsParams::from_grads(loss.backward(), &module);
        let clipped = clipped(&module, gradients, most);
        let of = |data: TensorData| data.try_to_vec::<f32>().unwrap();
        let mut all = of(clipped.get::<2>(module.weight.id).unwrap().into_data());
        all.extend(of(clipped.get::<1>(module.bias.as_ref().unwrap().id).unwrap().into_data()));
        all
    }

    #[test]
    fn one_factor_for_all_tensors() {
        // 6.5 / 13 = .5
        for (got, expected) in after(6.5).iter().zip([1.5, 2.0, 6.0]) {
            assert!((got - expected).abs() < 1e-5, "{got} against {expected}");
        }
        for (got, expected) in after(14.0).iter().zip([3.0, 4.0, 12.0]) {
            assert!((got - expected).abs() < 1e-6, "{got} against {expected}");
        }
    }
}
