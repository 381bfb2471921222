//! Converts from the scaling of the pipeline to the scaling that a net was trained with.

use xray_core::preprocess::Scaling;

use crate::weights::Conventions;

/// The affine map per channel, `y = scale * x + shift`, that turns pixels scaled by the pipeline into
/// pixels scaled as the net expects them; `None` where nothing needs to be done.
///
/// With [`Scaling::Imagenet`] the pipeline follows the nets' own training, so a net that expects another
/// normalisation (Keras's MobileNetV2: `x / 127.5 - 1`) gets what it was trained with:
/// `x_net = (x * std_pipeline + mean_pipeline - mean_net) / std_net`.
///
/// With [`Scaling::Unit`] pixels in 0..1 go straight into the nets: that is the method of the article that
/// this preset is for, so nothing is converted, whatever the net was trained with.
pub fn input_adapter(scaling: Scaling, conventions: &Conventions) -> Option<([f32; 3], [f32; 3])> {
    let (mean, std) = (scaling.mean(), scaling.std());
    let same = conventions.input_mean == mean && conventions.input_std == std;
    if scaling == Scaling::Unit || same {
        return None;
    }
    let scale = std::array::from_fn(|c| std[c] / conventions.input_std[c]);
    let shift = std::array::from_fn(|c| (mean[c] - conventions.input_mean[c]) / conventions.input_std[c]);
    Some((scale, shift))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Padding;

    fn conventions(mean: f32, std: f32) -> Conventions {
        Conventions {
            padding: Padding::TopLeftShort,
            bn_epsilon: 1e-3,
            input_mean: [mean; 3],
            input_std: [std; 3],
        }
    }

    #[test]
    fn keras_range_comes_out_of_imagenet_scaling() {
        let Some((scale, shift)) = input_adapter(Scaling::Imagenet, &conventions(0.5, 0.5)) else {
            panic!("no adapter")
        };
        // Grey level 200: (200/255 - .456) / .224 = 1.46569..., and 200/127.5 - 1 = .568627...
        let level = (200.0_f32 / 255.0 - 0.456) / 0.224;
        assert!((scale[1] * level + shift[1] - 0.568_627_5).abs() < 1e-6);
    }

    #[test]
    fn unit_scaling_is_left_alone() {
        assert_eq!(input_adapter(Scaling::Unit, &conventions(0.5, 0.5)), None);
    }
}
