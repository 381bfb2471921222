//! That tract computes with one scale per channel exactly. Releases 0.23.5 and 0.23.7 took the first
//! channel's scale for all of them without a word; whoever moves the pin must see this pass.
//! Answers: ONNX Runtime without optimisations, scripts/oracle/per_channel.py.

use serde::Deserialize;
use tract_onnx::prelude::*;

#[derive(Deserialize)]
struct Case {
    name: String,
    x_shape: Vec<usize>,
    x: Vec<f32>,
    y_shape: Vec<usize>,
    y: Vec<f32>,
}

fn check(name: &str, model: &[u8], bytes_in: bool) {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../fixtures/per_channel/answers.json")).unwrap();
    let case = cases.into_iter().find(|case| case.name == name).unwrap();
    let model = tract_onnx::onnx().model_for_read(&mut std::io::Cursor::new(model)).unwrap();
    let x = Tensor::from_shape(&case.x_shape, &case.x).unwrap();
    let x = if bytes_in { x.cast_to::<u8>().unwrap().into_owned() } else { x };
    // As it is read and as it runs on a device: the fault was in both.
    let plain = model.clone().into_typed().unwrap().into_runnable().unwrap();
    let optimised = model.into_optimized().unwrap().into_runnable().unwrap();
    for (form, model) in [("plain", plain), ("optimised", optimised)] {
        let y = model.run(tvec!(x.clone().into())).unwrap().remove(0).into_tensor();
        assert_eq!(y.shape(), case.y_shape, "{name}, {form}");
        let y = y.cast_to::<f32>().unwrap();
        let y: Vec<f32> = y.to_plain_array_view::<f32>().unwrap().iter().copied().collect();
        assert_eq!(y, case.y, "{name}, {form}");
    }
}

#[test]
fn dequantised_convolution() {
    check("dense_conv", include_bytes!("../fixtures/per_channel/dense_conv.onnx"), false);
}

#[test]
fn dequantised_depthwise_convolution() {
    check("depthwise_conv", include_bytes!("../fixtures/per_channel/depthwise_conv.onnx"), false);
}

#[test]
fn integer_convolution() {
    check("qlinear_conv", include_bytes!("../fixtures/per_channel/qlinear_conv.onnx"), true);
}
