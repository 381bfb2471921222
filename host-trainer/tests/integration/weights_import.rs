//! Readers of weight files, and the store.
use std::path::Path;

use crate::backbone_fixture::*;
use crate::real_data::weights_folder;
use burn::tensor::Device;
use hdf5_pure::{FileBuilder, FinishedGroup};
use host_trainer::architectures::BackboneKind;
use host_trainer::backbones::Backbone;
use host_trainer::weights::{Array, Padding, Problems, Provenance, WeightStore, WeightsError, import};
use xray_testkit::random::hashed_by_index;

const MOBILENET: BackboneKind = BackboneKind::MobilenetV2;
const DENSENET: BackboneKind = BackboneKind::DenseNet169;

#[test]
fn torch_files_of_every_age_are_read() {
    let storage: Vec<f32> = hashed_by_index("storage", 64).into_iter().map(|u| u as f32).collect();
    for (file, kind) in [
        ("mobilenet_v2-zip.pth", MOBILENET),
        ("mobilenet_v2-legacy.pth", MOBILENET),
        ("densenet169-oldnames.pth", DENSENET),
    ] {
        let set = import(&fixture(file), kind).unwrap();
        assert_eq!(set.conventions, torch_conventions());
        let Provenance::File { name, sha256, framework } = &set.provenance else { panic!() };
        assert_eq!((name.as_str(), framework.as_str(), sha256.len()), (file, "torchvision", 64));
        for (name, array) in &set.tensors {
            // The fixture's names were hashed as today's torchvision writes them.
            let expected = storage[(hashed_by_index(name, 1)[0] * 64.0) as usize];
            assert!(array.data.iter().all(|x| *x == expected), "{file}: {name}");
        }
    }
}

#[test]
fn the_wrong_net_is_refused_with_every_name() {
    let error = import(&fixture("mobilenet_v2-zip.pth"), DENSENET).unwrap_err();
    let WeightsError::Mismatch { problems: Problems { missing, extra, .. }, .. } = error else { panic!() };
    assert_eq!((missing.len(), extra.len()), (844, 260));
}

/// `[out, in, h, w]` to `[h, w, in, out]`, depthwise `[c, 1, h, w]` to `[h, w, c, 1]`.
fn to_keras(array: &Array, depthwise: bool) -> Array {
    let [out, inner, height, width] = array.shape[..] else { return array.clone() };
    let (third, fourth) = if depthwise { (out, inner) } else { (inner, out) };
    let mut data = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for a in 0..third {
                for b in 0..fourth {
                    let (o, i) = if depthwise { (a, b) } else { (b, a) };
                    data.push(array.data[((o * inner + i) * height + y) * width + x]);
                }
            }
        }
    }
    Array { shape: vec![height, width, third, fourth], data }
}

/// Torch's module, Keras's layer and Keras's class, in Keras's order.
fn keras_layers(kind: BackboneKind) -> Vec<(String, String, &'static str)> {
    let mut layers: Vec<(String, String)> = Vec::new();
    let mut add = |torch: String, keras: String| layers.push((format!("features.{torch}"), keras));
    if kind == DENSENET {
        add("conv0".into(), "conv1/conv".into());
        add("norm0".into(), "conv1/bn".into());
        for (b, n) in [6, 12, 32, 32].into_iter().enumerate() {
            for i in 1..=n {
                for (t, k) in [("norm1", "0_bn"), ("conv1", "1_conv"), ("norm2", "1_bn"), ("conv2", "2_conv")]
                {
                    add(
                        format!("denseblock{}.denselayer{i}.{t}", b + 1),
                        format!("conv{}_block{i}_{k}", b + 2),
                    );
                }
            }
            if b < 3 {
                add(format!("transition{}.norm", b + 1), format!("pool{}_bn", b + 2));
                add(format!("transition{}.conv", b + 1), format!("pool{}_conv", b + 2));
            }
        }
        add("norm5".into(), "bn".into());
    } else {
        add("0.0".into(), "Conv1".into());
        add("0.1".into(), "bn_Conv1".into());
        for i in 1..=17 {
            let at = if i == 1 { "expanded_conv".to_owned() } else { format!("block_{}", i - 1) };
            if i > 1 {
                add(format!("{i}.conv.0.0"), format!("{at}_expand"));
                add(format!("{i}.conv.0.1"), format!("{at}_expand_BN"));
            }
            let s = usize::from(i > 1);
            add(format!("{i}.conv.{s}.0"), format!("{at}_depthwise"));
            add(format!("{i}.conv.{s}.1"), format!("{at}_depthwise_BN"));
            add(format!("{i}.conv.{}", s + 1), format!("{at}_project"));
            add(format!("{i}.conv.{}", s + 2), format!("{at}_project_BN"));
        }
        add("18.0".into(), "Conv_1".into());
        add("18.1".into(), "Conv_1_bn".into());
    }
    let class = |keras: &str| {
        let lower = keras.to_lowercase();
        if lower.contains("bn") {
            "batch_normalization"
        } else if lower.ends_with("depthwise") {
            "depthwise_conv2d"
        } else {
            "conv2d"
        }
    };
    layers
        .into_iter()
        .map(|(torch, keras)| {
            let c = class(&keras);
            (torch, keras, c)
        })
        .collect()
}

/// The variables of one layer: name in `.h5`, Keras array.
fn variables(kind: BackboneKind, torch: &str, class: &str) -> Vec<(&'static str, Array)> {
    let tensors = hashed_tensors_of(kind, torch);
    let find = |tensor: &str| tensors[&format!("{torch}.{tensor}")].clone();
    match class {
        "conv2d" => vec![("kernel:0", to_keras(&find("weight"), false))],
        "depthwise_conv2d" => vec![("depthwise_kernel:0", to_keras(&find("weight"), true))],
        _ => vec![
            ("gamma:0", find("weight")),
            ("beta:0", find("bias")),
            ("moving_mean:0", find("running_mean")),
            ("moving_variance:0", find("running_var")),
        ],
    }
}

fn hashed_tensors_of(kind: BackboneKind, torch: &str) -> std::collections::BTreeMap<String, Array> {
    let inside = |name: &str| name.rsplit_once('.').is_some_and(|(module, _)| module == torch);
    let wanted = kind.parameters().into_iter().filter(|(name, _)| inside(name));
    wanted.map(|(name, shape)| (name.clone(), hashed(&name, &shape))).collect()
}

fn group(mut at: hdf5_pure::GroupBuilder, variables: &[(String, Array)]) -> FinishedGroup {
    for (name, array) in variables {
        let shape: Vec<u64> = array.shape.iter().map(|d| *d as u64).collect();
        at.create_dataset(name).with_f32_data(&array.data).with_shape(&shape);
    }
    at.finish()
}

/// The layout of Keras 2's `*_notop.h5`: `<layer>/<layer>/<variable>:0`, where a layer's name can hold a `/`.
fn write_keras2(path: &Path, kind: BackboneKind) {
    let mut file = FileBuilder::new();
    let mut first = file.create_group("conv1");
    for (torch, keras, class) in keras_layers(kind) {
        let named: Vec<_> =
            variables(kind, &torch, class).into_iter().map(|(n, a)| (n.to_owned(), a)).collect();
        let Some((outer, inner)) = keras.split_once('/') else {
            let mut layer = file.create_group(&keras);
            let inner = layer.create_group(&keras);
            layer.add_group(group(inner, &named));
            file.add_group(layer.finish());
            continue;
        };
        // `conv1/conv` is conv1 → conv → conv1 → conv → kernel:0.
        let mut one = first.create_group(inner);
        let mut two = one.create_group(outer);
        let three = two.create_group(inner);
        two.add_group(group(three, &named));
        one.add_group(two.finish());
        first.add_group(one.finish());
    }
    if kind == DENSENET {
        file.add_group(first.finish());
    }
    file.write(path).unwrap();
}

/// The layout of Keras 3's `.weights.h5`: `layers/<class>_<count>/vars/<index>`.
fn write_keras3(path: &Path, kind: BackboneKind) {
    let mut file = FileBuilder::new();
    let mut layers = file.create_group("layers");
    let mut counts = std::collections::BTreeMap::new();
    for (torch, _, class) in keras_layers(kind) {
        let count: &mut usize = counts.entry(class).or_default();
        let name = if *count == 0 { class.to_owned() } else { format!("{class}_{count}") };
        *count += 1;
        let vars = variables(kind, &torch, class).into_iter().enumerate();
        let vars: Vec<_> = vars.map(|(index, (_, array))| (index.to_string(), array)).collect();
        let mut layer = layers.create_group(&name);
        let inner = layer.create_group("vars");
        layer.add_group(group(inner, &vars));
        layers.add_group(layer.finish());
    }
    file.add_group(layers.finish());
    file.write(path).unwrap();
}

#[test]
fn keras_files_give_the_features_that_keras_gives() {
    let answers = answers("keras.safetensors");
    let folder = tempfile::tempdir().unwrap();
    for kind in BackboneKind::DEFAULT_STACK {
        let (two, three) = (folder.path().join("two.h5"), folder.path().join("three.weights.h5"));
        write_keras2(&two, kind);
        write_keras3(&three, kind);
        let set = import(&two, kind).unwrap();
        assert_eq!(import(&three, kind).unwrap().fingerprint(), set.fingerprint());
        assert_eq!(set.tensors, hashed_tensors(kind));
        // densenet.py: 1.001e-5; mobilenet_v2.py: 1e-3.
        let epsilon = if kind == DENSENET { 1.001e-5 } else { 1e-3 };
        assert_eq!(set.conventions.bn_epsilon, epsilon);
        // The features depend on padding and epsilon; through the store, so that they are kept there too.
        let store = WeightStore::at(folder.path().join("store"));
        store.save(&set).unwrap();
        let net = Backbone::load(&store.load(kind).unwrap(), &Device::flex()).unwrap();
        for size in [64, 96] {
            let expected = &answers[&format!("{}.{size}.pooled", kind.name())];
            let worst = largest_difference(&values(net.pooled(images(size, 1))), expected);
            println!("{} at {size} differs from Keras by at most {worst:e}", kind.name());
            assert!(worst < 1e-4, "{worst}");
        }
        if kind == MOBILENET {
            let mut torch = set.clone();
            torch.conventions.padding = Padding::Symmetric;
            let net = Backbone::load(&torch, &Device::flex()).unwrap();
            let expected = &answers["mobilenet-v2.64.pooled"];
            assert!(largest_difference(&values(net.pooled(images(64, 1))), expected) > 1e-2);
        }
    }
}

#[test]
fn files_that_are_no_weights_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("odd.h5");
    let reason = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let error = import(&file, MOBILENET).unwrap_err();
        assert!(matches!(error, WeightsError::Format { .. }), "{error:?}");
        assert!(error.to_string().contains("odd.h5"));
        error.to_string()
    };
    assert!(reason(b"").contains("it is empty"));
    assert!(reason(b"<html>not found</html>").contains("web page"));
    for name in ["mobilenet_v2-zip.pth", "mobilenet_v2-legacy.pth", "torch.safetensors"] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        reason(&bytes[..bytes.len() / 2]);
    }
    write_keras3(&file, MOBILENET);
    let bytes = std::fs::read(&file).unwrap();
    reason(&bytes[..bytes.len() / 2]);
    std::fs::File::create(&file).unwrap().set_len(300 << 20).unwrap();
    assert!(matches!(import(&file, MOBILENET), Err(WeightsError::TooLarge { .. })));
    assert!(matches!(import(folder.path(), MOBILENET), Err(WeightsError::Io { .. })));
}

#[test]
fn the_store_keeps_what_was_imported() {
    let folder = tempfile::tempdir().unwrap();
    let store = WeightStore::at(folder.path());
    let missing = store.load(MOBILENET).unwrap_err().to_string();
    assert!(missing.contains("host-trainer weights fetch"), "{missing}");
    assert!(missing.contains("host-trainer weights import FILE --as mobilenet-v2"), "{missing}");
    assert!(store.list().is_empty());
    let set = hashed_set(MOBILENET);
    let path = store.save(&set).unwrap();
    assert_eq!(store.load(MOBILENET).unwrap(), set);
    assert_eq!(import(&path, MOBILENET).unwrap(), set);
    let first = std::fs::read(&path).unwrap();
    store.save(&set).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    // A file under the wrong name, and a broken one, are listed with their reason.
    std::fs::copy(&path, store.path(DENSENET)).unwrap();
    std::fs::write(&path, &first[..first.len() - 1]).unwrap();
    let listed = store.list();
    assert_eq!(listed.len(), 2);
    assert!(listed[0].weights.as_ref().unwrap_err().to_string().contains("weights for mobilenet-v2, not"));
    assert!(matches!(listed[1].weights, Err(WeightsError::Format { .. })));
}

#[test]
fn real_weights_give_the_features_that_torch_gives() {
    let Some(folder) = weights_folder() else { return };
    let answers = answers("real.safetensors");
    for (file, kind) in
        [("mobilenet_v2-imagenet.safetensors", MOBILENET), ("densenet169-xray.safetensors", DENSENET)]
    {
        let path = folder.join(file);
        if !path.exists() {
            eprintln!("SKIPPED: no {}", path.display());
            continue;
        }
        let net = Backbone::load(&import(&path, kind).unwrap(), &Device::flex()).unwrap();
        let expected = &answers[&format!("{}.pooled", kind.name())];
        let worst = largest_difference(&values(net.pooled(images(64, 1))), expected);
        println!("{file} differs from torch by at most {worst:e}");
        assert!(worst < 1e-4, "{worst}");
    }
}
