//! Keras applications without their top: `.h5` files of Keras 2 and 3, and `.weights.h5` files of Keras 3.

use std::collections::BTreeMap;
use std::path::Path;

use hdf5_pure::{Dataset, File, Group};
use xray_core::preprocess::{IMAGENET_MEAN, IMAGENET_STD};

use super::keras_names::{counted_names, layer_names};
use super::raw::{Collector, Raw};
use super::{Conventions, Padding, WeightsError};
use crate::architectures::layer::{LayerKind, NORM_TENSORS};
use crate::architectures::{Architecture, BackboneKind};

/// Deepest nesting and largest number of data sets that are followed; files of these nets have 5 and 844.
/// HDF5 groups can hold themselves, so a walk needs a bound.
const MAX_DEPTH: usize = 8;
const MAX_DATASETS: usize = 20_000;

/// Layers behind the feature extractor, in files that hold the whole model after all.
const TOP: [&str; 4] = ["predictions", "fc1000", "Logits", "layers_dense"];

/// Parts of a full training checkpoint that are not the model's weights.
const NOT_WEIGHTS: [&str; 3] = ["optimizer_weights/", "optimizer/", "seed_generator/"];

/// Tensors of BatchNorm in Keras, in the order of [`NORM_TENSORS`].
const NORM_VARIABLES: [&str; 4] = ["gamma", "beta", "moving_mean", "moving_variance"];

/// Reads the feature extractor, turned into torchvision's layout, with Keras's conventions.
///
/// # Errors
/// [`WeightsError::Format`] if it is no HDF5 file.
pub(crate) fn read(path: &Path, bytes: &[u8], kind: BackboneKind) -> Result<Raw, WeightsError> {
    let wrong = |e: hdf5_pure::Error| WeightsError::format(path, e);
    let file = File::from_bytes(bytes.to_vec()).map_err(wrong)?;
    let mut datasets = Vec::new();
    walk(path, &file.root(), "", 0, &mut datasets)?;
    let targets = targets(kind);
    let mut collector = Collector::new(kind);
    for (place, dataset) in datasets {
        if NOT_WEIGHTS.iter().any(|prefix| place.starts_with(prefix)) {
            continue;
        }
        let key = key(&place);
        let shape: Vec<usize> = dataset
            .shape()
            .map_err(wrong)?
            .into_iter()
            .map(|dim| usize::try_from(dim).unwrap_or(usize::MAX))
            .collect();
        match targets.get(&key) {
            Some(target) => {
                let order = target.order(&shape);
                let shape: Vec<usize> = order.iter().map(|axis| shape[*axis]).collect();
                collector.add(path, target.name.clone(), &shape, || {
                    let data = dataset.read_f32().map_err(wrong)?;
                    Ok(to_torch(data, &order, &shape))
                })?;
            }
            None if TOP.iter().any(|top| key.starts_with(top)) => {}
            None => collector.add(path, place, &shape, || Ok(Vec::new()))?,
        }
    }
    Ok(Raw {
        tensors: collector.tensors,
        conventions: conventions(kind),
        framework: "keras".to_owned(),
        provenance: None,
    })
}

/// Source: keras/src/applications/densenet.py (`epsilon=1.001e-5`, symmetric `ZeroPadding2D`, `mode="torch"`)
/// and mobilenet_v2.py (`epsilon=1e-3`, `correct_pad`, `mode="tf"`: `x / 127.5 - 1`).
fn conventions(kind: BackboneKind) -> Conventions {
    match kind.architecture() {
        Architecture::DenseNet(_) => Conventions {
            padding: Padding::Symmetric,
            bn_epsilon: 1.001e-5,
            input_mean: IMAGENET_MEAN,
            input_std: IMAGENET_STD,
        },
        Architecture::MobileNetV2 => Conventions {
            padding: Padding::TopLeftShort,
            bn_epsilon: 1e-3,
            input_mean: [0.5; 3],
            input_std: [0.5; 3],
        },
    }
}

/// Every data set below `group` with its path.
fn walk(
    path: &Path,
    group: &Group,
    at: &str,
    depth: usize,
    found: &mut Vec<(String, Dataset)>,
) -> Result<(), WeightsError> {
    let wrong = |e: hdf5_pure::Error| WeightsError::format(path, e);
    if depth > MAX_DEPTH || found.len() > MAX_DATASETS {
        return Err(WeightsError::format(
            path,
            "its groups are nested too deeply, or hold too many data sets",
        ));
    }
    for name in group.datasets().map_err(wrong)? {
        let dataset = group.dataset(&name).map_err(wrong)?;
        found.push((format!("{at}{name}"), dataset));
    }
    for name in group.groups().map_err(wrong)? {
        let inner = group.group(&name).map_err(wrong)?;
        walk(path, &inner, &format!("{at}{name}/"), depth + 1, found)?;
    }
    Ok(())
}

struct Target {
    /// Torchvision's name.
    name: String,
    kind: LayerKind,
}

impl Target {
    /// The axes of the Keras tensor in torch's order: `[h, w, in, out]` to `[out, in, h, w]`, depthwise
    /// `[h, w, channels, 1]` to `[channels, 1, h, w]`.
    fn order(&self, shape: &[usize]) -> Vec<usize> {
        match (self.kind, shape.len()) {
            (LayerKind::Conv(_), 4) => vec![3, 2, 0, 1],
            (LayerKind::Depthwise(_), 4) => vec![2, 3, 0, 1],
            (_, rank) => (0..rank).collect(),
        }
    }
}

/// `Conv1/Conv1/kernel:0` and `model_weights/Conv1/Conv1/kernel` are both `Conv1_Conv1_kernel`.
fn key(place: &str) -> String {
    let place = place.strip_prefix("model_weights/").unwrap_or(place);
    place.strip_suffix(":0").unwrap_or(place).replace('/', "_")
}

/// Every key under which a tensor can stand: by the name of its layer, in Keras 3 files by its number.
fn targets(kind: BackboneKind) -> BTreeMap<String, Target> {
    let plan = kind.plan();
    let mut targets = BTreeMap::new();
    let names = layer_names(kind, &plan).into_iter().zip(counted_names(&plan));
    for (layer, (keras, counted)) in plan.iter().zip(names) {
        let tensors: Vec<(&str, Vec<&str>)> = match layer.kind {
            LayerKind::Conv(_) | LayerKind::Depthwise(_) => {
                vec![("weight", vec!["kernel", "depthwise_kernel"])]
            }
            LayerKind::Norm(_) => {
                NORM_TENSORS.into_iter().zip(NORM_VARIABLES.map(|variable| vec![variable])).collect()
            }
        };
        for (index, (tensor, variables)) in tensors.into_iter().enumerate() {
            let named = variables.iter().map(|variable| format!("{keras}_{keras}_{variable}"));
            let numbered = [&keras, &counted].map(|name| format!("layers_{name}_vars_{index}"));
            for key in named.chain(numbered) {
                let name = format!("{}.{tensor}", layer.name);
                targets.insert(key, Target { name, kind: layer.kind });
            }
        }
    }
    targets
}

/// Reorders axes; `shape` is the one that comes out.
fn to_torch(data: Vec<f32>, order: &[usize], shape: &[usize]) -> Vec<f32> {
    let (&[a, b, 0, 1], &[first, second, height, width]) = (order, shape) else { return data };
    if data.len() != shape.iter().product::<usize>() {
        return data;
    }
    // `a` and `b` are 2 and 3, in one order or the other: which of the last two axes comes first.
    let (step_first, step_second) = if a > b { (1, first) } else { (second, 1) };
    let mut out = Vec::with_capacity(data.len());
    for i in 0..first {
        for j in 0..second {
            let offset = i * step_first + j * step_second;
            out.extend((0..height * width).map(|pixel| data[pixel * first * second + offset]));
        }
    }
    out
}
