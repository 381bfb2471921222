//! The exponential moving average of a module's weights (Polyak and Juditsky 1992), BatchNorm's running statistics
//! included.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// `average` moved towards `current`: `average + (current − average) · (1 − kept)`, which leaves what did not change as it
/// is, bit for bit. Both have one shape; `current` is not one that records gradients.
pub(super) fn moved<M: Module>(average: M, current: &M, kept: f64) -> M {
    let mut values = Values(Vec::new());
    current.visit(&mut values);
    average.map(&mut Towards { values: values.0.into_iter(), part: 1.0 - kept })
}

/// All float tensors of a module as vectors, in the order of its fields.
struct Values(Vec<Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let elements = value.shape().num_elements();
        self.0.push(value.reshape([elements]));
    }
}

/// Moves each tensor towards the next of these vectors.
struct Towards {
    values: std::vec::IntoIter<Tensor<1>>,
    part: f64,
}

impl ModuleMapper for Towards {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(target) = self.values.next() else { return param };
        let part = self.part;
        param.map(|value| {
            let target = target.reshape(value.shape());
            value.clone() + (target - value).mul_scalar(part)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use burn::module::RunningState;
    use burn::nn::{BatchNorm, BatchNormConfig};
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn norm(gamma: f32, mean: f32) -> BatchNorm {
        let device = Device::flex();
        let of = |value: f32| Tensor::<1>::from_data(TensorData::from([value, 0.1]), &device);
        BatchNorm {
            gamma: Param::from_tensor(of(gamma)),
            running_mean: RunningState::new(of(mean)),
            ..BatchNormConfig::new(2).init(&device)
        }
    }

    #[test]
    fn weights_and_statistics_move_by_the_part() {
        let average = moved(norm(1.0, 4.0), &norm(3.0, 0.0), 0.75);
        let values = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(values(average.gamma.val()), [1.5, 0.1]);
        assert_eq!(values(average.running_mean.value_sync()), [3.0, 0.1]);
        assert_eq!(values(average.beta.val()), [0.0, 0.0]);
        assert_eq!(values(average.running_var.value_sync()), [1.0, 1.0]);
    }
}
