#!/usr/bin/env python3
"""Answers of PyTorch for xray-layers/tests/integration/recorded_answers.rs.

    pip install torch numpy
    python scripts/oracle/layers.py > xray-layers/tests/fixtures/answers.json

Inputs are hashes of names and indices, which the test computes again in Rust. Of every output and gradient: mean, root
mean square, and eight elements.
"""

import json

import numpy as np
import torch
from torch import nn

MASK = (1 << 64) - 1


def uniform(name, count):
    """As `uniform` in backbones.py, which needs torchvision and Keras."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x100000001B3) & MASK
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(count, dtype=np.uint64)
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / (1 << 24)


def tensor(name, *shape):
    values = 2 * uniform(name, int(np.prod(shape))) - 1
    return torch.tensor(values.reshape(shape), dtype=torch.float32, requires_grad=True)


def summary(value):
    flat = value.detach().double().flatten()
    picks = flat[:: max(1, len(flat) // 8)][:8]
    return [float(v) for v in (flat.mean(), flat.square().mean().sqrt(), *picks)]


def answers(out, **inputs):
    (out * tensor("factors", *out.shape)).sum().backward()
    return {"out": summary(out), **{name: summary(value.grad) for name, value in inputs.items()}}


def convolution(shape, outputs, kernel, stride, groups):
    map, weight = tensor("map", *shape), tensor("weight", outputs, shape[1] // groups, kernel, kernel)
    out = nn.functional.conv2d(map, weight, stride=stride, padding=kernel // 2, groups=groups)
    return answers(out, map=map, weight=weight)


def batch_norm(shape, activation):
    map, gamma, beta = tensor("map", *shape), tensor("gamma", shape[1]), tensor("beta", shape[1])
    out = nn.functional.batch_norm(map, None, None, 5 * gamma, beta, training=True, eps=1e-5)
    return answers(activation(out), map=map, gamma=gamma, beta=beta)


def max_pool(shape):
    map = tensor("map", *shape)
    return answers(nn.functional.max_pool2d(map, 3, stride=2, padding=1), map=map)


print(
    json.dumps(
        {
            "pointwise": convolution((4, 24, 14, 14), 96, 1, 1, 1),
            "dense": convolution((2, 64, 14, 14), 32, 3, 1, 1),
            "stem": convolution((2, 3, 32, 32), 64, 7, 2, 1),
            "depthwise": convolution((2, 96, 14, 14), 96, 3, 1, 96),
            "depthwise-2": convolution((2, 96, 14, 14), 96, 3, 2, 96),
            "relu": batch_norm((4, 40, 9, 9), nn.functional.relu),
            "relu6": batch_norm((4, 40, 9, 9), nn.functional.relu6),
            "max-pool": max_pool((2, 16, 12, 12)),
        },
        indent=1,
    )
)
