#!/usr/bin/env python3
"""Answers of torchvision and Keras for the backbones, as fixtures of host-trainer/tests.

    pip install torch torchvision keras safetensors numpy
    KERAS_BACKEND=torch python scripts/oracle/backbones.py

The weights are a hash of tensor name and index, which the tests compute again in Rust
(host-trainer/tests/integration/backbone_fixture.rs); so only answers are stored:
  torch.safetensors   <net>.<size>.pooled [n, features] and <net>.<size>.<stage> = mean, deviation, 8 elements
  keras.safetensors   <net>.<size>.pooled, Keras applications with the same numbers in Keras's layout
  mobilenet_v2-{zip,legacy}.pth, densenet169-oldnames.pth: state dicts whose tensors are views of one small
                      storage, the way torch.save writes them: zip, the legacy pickle stream (as in
                      mobilenet_v2-b0353104.pth), and the legacy names (as in densenet169-b2777c0a.pth)
  real.safetensors    <net>.pooled of the real weights in $XRAY_WEIGHTS (left alone without it), images of 64
  small.safetensors   one tensor each in float32, float16, bfloat16
"""

import os
import re
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "torch")
import keras
import numpy as np
import torch
import torchvision
from safetensors.torch import load_file, save_file

OUT = Path(__file__).resolve().parents[2] / "host-trainer/tests/fixtures/backbones"
NETS = {
    "mobilenet-v2": torchvision.models.mobilenet_v2,
    "densenet169": torchvision.models.densenet169,
    "densenet121": torchvision.models.densenet121,
}
# DenseNet121 has the layers of DenseNet169 in other numbers: what is true of its Keras files is tested with that.
KERAS_NETS = ("mobilenet-v2", "densenet169")
SIZES = {64: 2, 96: 1, 224: 1}
MASK = (1 << 64) - 1


def uniform(name, count):
    """`count` numbers in [0, 1): top 24 bits of splitmix64(FNV-1a(name) + index)."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(count, dtype=np.uint64)
        z = z * np.uint64(1) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / (1 << 24)


def tensor(name, shape):
    u = uniform(name, int(np.prod(shape)))
    if len(shape) == 4:
        value = (2 * u - 1) * np.sqrt(4.5 / np.prod(shape[1:]))
    elif name.endswith(".running_mean") or name.endswith(".bias"):
        value = (u - 0.5) * 0.4
    else:
        value = 0.75 + 0.5 * u
    return value.astype(np.float32).reshape(shape)


def images(size, n):
    return (4 * uniform(f"images.{size}", n * 3 * size * size) - 2).astype(np.float32).reshape(n, 3, size, size)


def summary(map):
    flat = map.flatten().double()
    picks = flat[:: max(1, flat.numel() // 8)][:8]
    return torch.cat([flat.mean()[None], flat.std(unbiased=False)[None], picks]).float()


def hashed(state):
    return {
        k: torch.from_numpy(tensor(k, tuple(v.shape)))
        for k, v in state.items()
        if k.startswith("features.") and not k.endswith("num_batches_tracked")
    }


def torch_answers():
    answers = {}
    for net, build in NETS.items():
        model = build(weights=None).eval()
        model.load_state_dict(hashed(model.state_dict()), strict=False)
        for size, n in SIZES.items():
            stages = {}
            hooks = [
                child.register_forward_hook(
                    lambda _m, _i, out, name=f"features.{name}", stages=stages: stages.update(
                        {name: summary(out.clone())}
                    )
                )
                for name, child in model.features.named_children()
            ]
            with torch.no_grad():
                map = torch.relu(model.features(torch.from_numpy(images(size, n))))
            for hook in hooks:
                hook.remove()
            answers[f"{net}.{size}.pooled"] = map.mean((2, 3)).contiguous()
            if size != 96:
                skip = ("conv0", "norm0", "relu0")
                answers |= {f"{net}.{size}.{k}": v for k, v in stages.items() if not k.endswith(skip)}
    save_file(answers, OUT / "torch.safetensors")


def keras_pairs(net):
    """(torchvision module, Keras layer), written down from the sources of both."""
    if net == "densenet169":
        pairs = [("conv0", "conv1_conv"), ("norm0", "conv1_bn"), ("norm5", "bn")]
        for b, layers in enumerate((6, 12, 32, 32), 1):
            for i in range(1, layers + 1):
                at, k = f"denseblock{b}.denselayer{i}", f"conv{b + 1}_block{i}"
                pairs += [
                    (f"{at}.norm1", f"{k}_0_bn"),
                    (f"{at}.conv1", f"{k}_1_conv"),
                    (f"{at}.norm2", f"{k}_1_bn"),
                    (f"{at}.conv2", f"{k}_2_conv"),
                ]
            if b < 4:
                pairs += [(f"transition{b}.norm", f"pool{b + 1}_bn"), (f"transition{b}.conv", f"pool{b + 1}_conv")]
    else:
        pairs = [("0.0", "Conv1"), ("0.1", "bn_Conv1"), ("18.0", "Conv_1"), ("18.1", "Conv_1_bn")]
        for i in range(1, 18):
            k = "expanded_conv" if i == 1 else f"block_{i - 1}"
            parts = [] if i == 1 else [("conv.0.0", "expand"), ("conv.0.1", "expand_BN")]
            s = len(parts) // 2
            parts += [
                (f"conv.{s}.0", "depthwise"),
                (f"conv.{s}.1", "depthwise_BN"),
                (f"conv.{s + 1}", "project"),
                (f"conv.{s + 2}", "project_BN"),
            ]
            pairs += [(f"{i}.{t}", f"{k}_{n}") for t, n in parts]
    return [(f"features.{t}", k) for t, k in pairs]


def keras_model(net, size):
    apps = keras.applications
    build = apps.MobileNetV2 if net == "mobilenet-v2" else apps.DenseNet169
    model = build(weights=None, include_top=False, input_shape=(size, size, 3))
    shapes = {k: tuple(v.shape) for k, v in NETS[net](weights=None).state_dict().items()}
    for module, layer in keras_pairs(net):
        kept = model.get_layer(layer)
        if isinstance(kept, keras.layers.BatchNormalization):
            names = ("weight", "bias", "running_mean", "running_var")
            kept.set_weights([tensor(f"{module}.{n}", shapes[f"{module}.{n}"]) for n in names])
        else:
            weight = tensor(f"{module}.weight", shapes[f"{module}.weight"])
            depthwise = isinstance(kept, keras.layers.DepthwiseConv2D)
            kept.set_weights([weight.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))])
    assert len(keras_pairs(net)) == sum(bool(layer.weights) for layer in model.layers)
    return model


def keras_answers():
    answers = {}
    for net in KERAS_NETS:
        for size in (64, 96):
            map = keras_model(net, size).predict(images(size, 1).transpose(0, 2, 3, 1), verbose=0)
            answers[f"{net}.{size}.pooled"] = torch.from_numpy(map.mean((1, 2)).astype(np.float32))
    save_file(answers, OUT / "keras.safetensors")


def views(state):
    """Every float tensor as a view with stride 0 of one storage of 64 numbers; element = hash of its name."""
    base = torch.from_numpy(uniform("storage", 64).astype(np.float32))

    def view(name, like):
        if not like.is_floating_point():
            return like
        return base[int(uniform(name, 1)[0] * 64)].expand(like.shape)

    return type(state)((k, view(k, v)) for k, v in state.items())


def pth_files():
    state = NETS["mobilenet-v2"](weights=None).state_dict()
    torch.save(views(state), OUT / "mobilenet_v2-zip.pth")
    torch.save(views(state), OUT / "mobilenet_v2-legacy.pth", _use_new_zipfile_serialization=False)
    state = NETS["densenet169"](weights=None).state_dict()
    state = type(state)(
        (re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", k), v)
        for k, v in views(state).items()
        if not k.endswith("num_batches_tracked")
    )
    torch.save(state, OUT / "densenet169-oldnames.pth", _use_new_zipfile_serialization=False)


def real_answers(folder):
    answers = {}
    for net, file in (("mobilenet-v2", "mobilenet_v2-imagenet"), ("densenet169", "densenet169-xray")):
        model = NETS[net](weights=None).eval()
        state = {k: v.float() for k, v in load_file(Path(folder) / f"{file}.safetensors").items()}
        missing = model.load_state_dict(state, strict=False).missing_keys
        assert all("classifier" in k or "num_batches" in k for k in missing), missing
        with torch.no_grad():
            map = torch.relu(model.features(torch.from_numpy(images(64, 1))))
        answers[f"{net}.pooled"] = map.mean((2, 3)).contiguous()
    save_file(answers, OUT / "real.safetensors")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    torch_answers()
    keras_answers()
    pth_files()
    if "XRAY_WEIGHTS" in os.environ:
        real_answers(os.environ["XRAY_WEIGHTS"])
    base = torch.tensor([0.5, -1.25, 3.140625, 65504.0, -(2.0**-14), 1 / 3])
    save_file({"f32": base, "f16": base.half(), "bf16": base.bfloat16()}, OUT / "small.safetensors")
