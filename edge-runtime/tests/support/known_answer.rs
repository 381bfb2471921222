//! The test model with a known answer, as the daemon wants it.

use xray_core::package::{CONTRACT_KEY, KnownAnswer};
use xray_core::preprocess::InputTensor;

use super::test_model as support;

/// The test model with a known answer that is off by `wrong`.
pub fn model_bytes(wrong: f64) -> Vec<u8> {
    let pattern = InputTensor::test_pattern(64);
    let mean = |channel: &[f32]| channel.iter().map(|v| f64::from(*v)).sum::<f64>() / channel.len() as f64;
    let features: Vec<f32> = pattern.as_slice().chunks(64 * 64).map(|channel| mean(channel) as f32).collect();
    let score = 2.0 * features.iter().map(|f| f64::from(*f)).sum::<f64>() - 3.0;
    let mut contract = support::contract();
    contract.known_answer = Some(KnownAnswer::of(1.0 / (1.0 + (-score).exp()) + wrong, &features));
    let text = serde_json::to_string(&contract).expect("a contract is JSON");
    support::model_bytes(|model| {
        for entry in model.metadata_props.iter_mut().filter(|entry| entry.key == CONTRACT_KEY) {
            entry.value.clone_from(&text);
        }
    })
}
