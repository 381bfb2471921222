//! The names of Keras layers and their torchvision counterparts.

use std::collections::BTreeMap;

use crate::architectures::layer::{Layer, LayerKind};
use crate::architectures::{Architecture, BackboneKind, mobilenet_v2};

/// Keras's names of the layers of `kind.plan()`, in the same order, with `_` for the `/` of Keras 2
/// (`conv1/conv` there is `conv1_conv` in Keras 3). Source: keras/src/applications/densenet.py and
/// mobilenet_v2.py.
pub(crate) fn layer_names(kind: BackboneKind, plan: &[Layer]) -> Vec<String> {
    match kind.architecture() {
        Architecture::DenseNet(_) => plan.iter().map(|layer| densenet(&layer.name)).collect(),
        Architecture::MobileNetV2 => mobilenet_v2(),
    }
}

/// `features.denseblock1.denselayer2.norm2` is `conv2_block2_1_bn`; names without a match stay as they are.
fn densenet(torch: &str) -> String {
    let parts: Vec<&str> = torch.split('.').collect();
    let number = |part: &str, stem: &str| part.strip_prefix(stem).and_then(|rest| rest.parse::<usize>().ok());
    match parts.as_slice() {
        [_, "conv0"] => "conv1_conv".to_owned(),
        [_, "norm0"] => "conv1_bn".to_owned(),
        [_, "norm5"] => "bn".to_owned(),
        [_, transition, part] => {
            let stage = number(transition, "transition").unwrap_or_default() + 1;
            format!("pool{stage}_{}", if *part == "norm" { "bn" } else { "conv" })
        }
        [_, block, layer, part] => {
            let stage = number(block, "denseblock").unwrap_or_default() + 1;
            let layer = number(layer, "denselayer").unwrap_or_default();
            let part = match *part {
                "norm1" => "0_bn",
                "conv1" => "1_conv",
                "norm2" => "1_bn",
                _ => "2_conv",
            };
            format!("conv{stage}_block{layer}_{part}")
        }
        _ => torch.to_owned(),
    }
}

fn mobilenet_v2() -> Vec<String> {
    let mut names = vec!["Conv1".to_owned(), "bn_Conv1".to_owned()];
    for block in mobilenet_v2::blocks() {
        let at = match block.index {
            1 => "expanded_conv".to_owned(),
            index => format!("block_{}", index - 1),
        };
        let steps: &[&str] =
            if block.expands() { &["expand", "depthwise", "project"] } else { &["depthwise", "project"] };
        names.extend(steps.iter().flat_map(|step| [format!("{at}_{step}"), format!("{at}_{step}_BN")]));
    }
    names.extend(["Conv_1".to_owned(), "Conv_1_bn".to_owned()]);
    names
}

/// Names that Keras 3 gives layers in `.weights.h5` files: the class in snake case and a count from the
/// second of a class on. Source: keras/src/saving/saving_lib.py, `_save_container_state`.
pub(crate) fn counted_names(plan: &[Layer]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    plan.iter()
        .map(|layer| {
            let class = match layer.kind {
                LayerKind::Conv(_) => "conv2d",
                LayerKind::Depthwise(_) => "depthwise_conv2d",
                LayerKind::Norm(_) => "batch_normalization",
            };
            let count = counts.entry(class).or_default();
            *count += 1;
            if *count == 1 { class.to_owned() } else { format!("{class}_{}", *count - 1) }
        })
        .collect()
}
