//! What the readers of weight files have in common.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{bf16, f16};
use xray_core::preprocess::{IMAGENET_MEAN, IMAGENET_STD};

use super::{Array, Conventions, Padding, Provenance, WeightsError};
use crate::architectures::BackboneKind;

/// The tensors of one file under torchvision's names, not checked yet.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The tensors. One whose shape is not that of the net has no elements: it is going to be named in an
    /// error, and a file can claim any size.
    pub(crate) tensors: BTreeMap<String, Array>,
    pub(crate) conventions: Conventions,
    /// The framework that they were trained in.
    pub(crate) framework: String,
    /// Where they came from, if the file itself says so.
    pub(crate) provenance: Option<Provenance>,
}

/// Conventions of torchvision: torch's default epsilon, the normalisation of all its classifiers.
pub(crate) const TORCHVISION: Conventions = Conventions {
    padding: Padding::Symmetric,
    bn_epsilon: 1e-5,
    input_mean: IMAGENET_MEAN,
    input_std: IMAGENET_STD,
};

/// Number formats that weights are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Number {
    /// IEEE double.
    F64,
    /// IEEE single.
    F32,
    /// IEEE half.
    F16,
    /// Upper half of an IEEE single.
    Bf16,
}

impl Number {
    /// Little-endian bytes as float32.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<f32> {
        match self {
            Number::F64 => each(bytes, |b| f64::from_le_bytes(b) as f32),
            Number::F32 => each(bytes, f32::from_le_bytes),
            Number::F16 => each(bytes, |b| f16::from_le_bytes(b).to_f32()),
            Number::Bf16 => each(bytes, |b| bf16::from_le_bytes(b).to_f32()),
        }
    }
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| number(*chunk)).collect()
}

/// Prefixes that training scripts put before the names of a state dict: `module.` by DistributedDataParallel, `_orig_mod.` by
/// `torch.compile`, the others by wrappers such as Lightning's modules. Several may be there, in any order.
const WRAPPERS: [&str; 9] = [
    "module.",
    "_orig_mod.",
    "model.",
    "net.",
    "network.",
    "backbone.",
    "encoder.",
    "state_dict.",
    "model_state_dict.",
];

/// The name as torchvision's current releases write it, or `None` for tensors that a feature extractor
/// does not use: the classifier and the counters of BatchNorm.
pub(crate) fn torch_name(name: &str) -> Option<String> {
    let mut name = name;
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
        name = rest;
    }
    if name.starts_with("classifier.") || name.ends_with(".num_batches_tracked") {
        return None;
    }
    // densenet169-b2777c0a.pth was saved when names had a dot there: `norm.1.weight` is `norm1.weight`.
    let mut parts: Vec<String> = name.split('.').map(str::to_owned).collect();
    if let Some(layer) = parts.iter().position(|part| part.starts_with("denselayer"))
        && parts.len() == layer + 4
        && matches!(parts[layer + 1].as_str(), "norm" | "conv")
    {
        let number = parts.remove(layer + 2);
        parts[layer + 1].push_str(&number);
    }
    Some(parts.join("."))
}

/// Collects tensors whose shape is right, and the shapes of the others.
pub(crate) struct Collector {
    expected: BTreeMap<String, Vec<usize>>,
    pub(crate) tensors: BTreeMap<String, Array>,
}

impl Collector {
    /// For the tensors of this net.
    pub(crate) fn new(kind: BackboneKind) -> Self {
        Collector { expected: kind.parameters().into_iter().collect(), tensors: BTreeMap::new() }
    }

    /// Adds a tensor; `data` is only asked for if the shape is that of the net.
    pub(crate) fn add(
        &mut self,
        path: &Path,
        name: String,
        shape: &[usize],
        data: impl FnOnce() -> Result<Vec<f32>, WeightsError>,
    ) -> Result<(), WeightsError> {
        let fits = self.expected.get(&name).is_some_and(|expected| expected == shape);
        let data = if fits { data()? } else { Vec::new() };
        let array = Array { shape: shape.to_vec(), data };
        match self.tensors.insert(name.clone(), array) {
            None => Ok(()),
            Some(_) => Err(WeightsError::format(path, format!("it holds {name} twice"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_todays_torchvision() {
        let name = |n: &str| torch_name(n);
        let dense = "features.denseblock3.denselayer24";
        assert_eq!(name(&format!("{dense}.norm.2.running_var")), Some(format!("{dense}.norm2.running_var")));
        assert_eq!(name(&format!("{dense}.conv1.weight")), Some(format!("{dense}.conv1.weight")));
        assert_eq!(name("features.transition1.norm.weight"), Some("features.transition1.norm.weight".into()));
        assert_eq!(name("state_dict.module.features.0.0.weight"), Some("features.0.0.weight".into()));
        for prefix in [
            "_orig_mod.",
            "module._orig_mod.",
            "_orig_mod.module.",
            "net.",
            "net.backbone.",
            "model.net._orig_mod.",
        ] {
            let wrapped = format!("{prefix}features.0.0.weight");
            assert_eq!(name(&wrapped), Some("features.0.0.weight".into()), "{wrapped}");
            assert_eq!(name(&format!("{prefix}classifier.1.bias")), None);
        }
        assert_eq!(name("teacher.features.0.0.weight"), Some("teacher.features.0.0.weight".into()));
        assert_eq!(name("classifier.1.bias"), None);
        assert_eq!(name("features.0.1.num_batches_tracked"), None);
    }

    #[test]
    fn number_formats_are_decoded_as_torch_wrote_them() {
        // scripts/oracle/backbones.py: [0.5, -1.25, 3.140625, 65504, -2^-14, 1/3] in each format; the last
        // two columns differ by the rounding of 65504 and 1/3, which torch printed.
        let bytes = std::fs::read("tests/fixtures/backbones/small.safetensors").unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let exact = [0.5, -1.25, 3.140625];
        for (name, number, large, third) in [
            ("f32", Number::F32, 65504.0, 0.333_333_34),
            ("f16", Number::F16, 65504.0, 0.333_251_95),
            ("bf16", Number::Bf16, 65536.0, 0.333_984_38),
        ] {
            let values = number.decode(file.tensor(name).unwrap().data());
            assert_eq!(values[..3], exact, "{name}");
            assert_eq!(values[3..], [large, -1.0 / 16384.0, third], "{name}");
        }
        assert_eq!(Number::F64.decode(&(-0.1_f64).to_le_bytes()), [-0.1_f32]);
    }
}
