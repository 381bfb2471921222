#!/usr/bin/env python3
"""Answers of PyTorch for host-trainer/tests/integration/export_*.rs: nets whose numbers come from an integer hash.

    python scripts/oracle/export_fixtures.py > host-trainer/tests/fixtures/export.json

Needs torch, torchvision and numpy. Nothing of the Rust code is used: nets are torchvision's, Keras's padding
is an explicit ZeroPad2d, folding and quantising are written here once more in numpy.
"""

import json
import math

import numpy as np
import torch
from torch import nn
from torchvision import models

SIZE = 64
IMAGENET_MEAN, IMAGENET_STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
U64 = np.uint64


def hashed(name, count):
    """Uniform in 0..1 from FNV-1a of the name and SplitMix64 of the index, 24 bits each."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) % 2**64
    with np.errstate(over="ignore"):
        z = U64(seed) + (np.arange(count, dtype=U64) + U64(1)) * U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        z = z ^ (z >> U64(31))
    return (z >> U64(40)).astype(np.float64) / 2**24


def value(name, shape):
    u = hashed(name, math.prod(shape))
    if name.endswith("running_mean") or (len(shape) == 1 and name.endswith("bias")):
        data = (u - 0.5) * 0.2
    elif len(shape) == 1:
        data = 0.5 + u
    else:
        data = (2 * u - 1) * math.sqrt(6 / math.prod(shape[1:]))
    return data.astype(np.float32).reshape(shape)


def net(kind, eps=1e-5, keras_padding=False):
    torch_net = (models.densenet169 if kind == "densenet169" else models.mobilenet_v2)(weights=None)
    for name, tensor in torch_net.state_dict().items():
        if name.startswith("features.") and not name.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(value(f"{kind}/{name}", tuple(tensor.shape))))
    for name, module in list(torch_net.features.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            module.eps = eps
        if keras_padding and isinstance(module, nn.Conv2d) and module.stride == (2, 2):
            module.padding = (0, 0)
            parent = torch_net.features.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), module))
    features = torch_net.features.eval()
    if kind == "densenet169":
        return nn.Sequential(features, nn.ReLU())
    return features


def dequantised(weight):
    """int8 per first axis and back again."""
    w = weight.astype(np.float32)
    scale = (np.abs(w).reshape(len(w), -1).max(1) / np.float32(127)).reshape(-1, *[1] * (w.ndim - 1))
    return np.clip(np.rint(w / scale), -127, 127).astype(np.float32) * scale


def fold_and_quantise(model):
    """Every convolution's weights through int8, the BatchNorm behind it folded in before."""
    pairs = {}
    names = dict(model.named_modules())
    for name, module in names.items():
        if not isinstance(module, nn.Conv2d):
            continue
        parent, _, last = name.rpartition(".")
        behind = {"conv0": "norm0", "conv1": "norm2"}.get(last) or (str(int(last) + 1) if last.isdigit() else "-")
        pairs[name] = f"{parent}.{behind}" if f"{parent}.{behind}" in names else None
    for name, norm in pairs.items():
        conv = names[name]
        weight = conv.weight.detach().numpy().astype(np.float64)
        if norm:
            bn = names[norm]
            g, b, m, v = (
                t.detach().numpy().astype(np.float64) for t in (bn.weight, bn.bias, bn.running_mean, bn.running_var)
            )
            scale = g / np.sqrt(v + float(np.float32(bn.eps)))
            weight = weight * scale.reshape(-1, 1, 1, 1)
            conv.bias = nn.Parameter(torch.from_numpy((b - scale * m).astype(np.float32)))
            parent, _, last = norm.rpartition(".")
            setattr(names[parent], last, nn.Identity())
        conv.weight = nn.Parameter(torch.from_numpy(dequantised(weight.astype(np.float32))))
    return model


def head(x, int8):
    """float64 throughout; with int8 the norms are folded into the layer behind them first."""
    for layer, (outputs, norm, active) in enumerate([(256, True, True), (128, True, True), (1, False, False)], 1):
        inputs = len(x)
        weight = value(f"head/dense{layer}.weight", (outputs, inputs)).astype(np.float64)
        bias = value(f"head/dense{layer}.bias", (outputs,)).astype(np.float64)
        if norm:
            gamma, beta, mean, variance = (
                value(f"head/norm{layer}.{part}", (inputs,)).astype(np.float64)
                for part in ("weight", "bias", "running_mean", "running_var")
            )
            scale = gamma / np.sqrt(variance + float(np.float32(1e-3)))
            bias = bias + weight @ (beta - scale * mean)
            weight = weight * scale
        if int8:
            weight = dequantised(weight.astype(np.float32)).astype(np.float64)
        x = weight @ x + bias
        x = np.maximum(x, 0) if active else x
    return float(1 / (1 + np.exp(-x[0])))


def answer(name, kinds, int8=False, keras=False):
    image = ((hashed("image", 3 * SIZE * SIZE) * 4 - 2).astype(np.float32)).reshape(1, 3, SIZE, SIZE)
    pooled = []
    for kind in kinds:
        x = image.astype(np.float64)
        if keras:
            pixel = x * IMAGENET_STD.reshape(1, 3, 1, 1) + IMAGENET_MEAN.reshape(1, 3, 1, 1)
            x = pixel * 2 - 1
        model = net(kind, 1e-3, True) if keras else net(kind)
        if int8:
            model = fold_and_quantise(model)
        with torch.no_grad():
            y = model.double()(torch.from_numpy(x))
        pooled.append(y.mean((2, 3)).numpy()[0])
    features = np.concatenate(pooled)
    return {
        "name": name,
        "backbones": kinds,
        "int8": int8,
        "keras": keras,
        "probability": head(features, int8),
        "features": [round(float(f), 8) for f in features[::46]],
    }


def main():
    both = ["densenet169", "mobilenet-v2"]
    print(
        json.dumps(
            {
                "size": SIZE,
                "feature_step": 46,
                "cases": [
                    answer("float32", both),
                    answer("int8", both, int8=True),
                    answer("keras", ["mobilenet-v2"], keras=True),
                    answer("keras_int8", ["mobilenet-v2"], int8=True, keras=True),
                ],
            },
            indent=1,
        )
    )


if __name__ == "__main__":
    main()
