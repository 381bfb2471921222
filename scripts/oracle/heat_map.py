#!/usr/bin/env python3
"""Heat maps by PyTorch's autograd for host-trainer/tests/integration/heat_map.rs.

    XRAY_EDGE_WRITE=FOLDER cargo test --release -p host-trainer --test integration heat_map -- --ignored
    python scripts/oracle/heat_map.py FOLDER > host-trainer/tests/fixtures/heat_map.json

Grad-CAM as Selvaraju 2017 (arXiv 1610.02391) defines it: the logit is differentiated back to the last feature maps, the
mean gradient of each map weighs it, the sum over all maps of the stack is taken, and negative values become zero. The
nets of the float cases are torchvision's with the numbers of export_fixtures.py, in float64. For the int8 case ONNX
Runtime computes the last maps from FOLDER/int8.onnx, without optimisations; head and gradient are PyTorch's.

Needs torch, torchvision, numpy, onnx and onnxruntime.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from export_fixtures import IMAGENET_MEAN, IMAGENET_STD, dequantised, fold_and_quantise, net, value

BOTH = ["densenet169", "mobilenet-v2"]


def pattern(size):
    """InputTensor::test_pattern of xray-core."""
    c, y, x = np.mgrid[0:3, 0:size, 0:size]
    level = ((x * y // 16) ^ (x * 3 + y * 5) ^ (c * 85)) & 255
    return (level / 64 - 2).astype(np.float64)[None]


def head(x, int8):
    """The logit of pooled features; as in export_fixtures.py, differentiable."""
    for layer, outputs in enumerate([256, 128, 1], 1):
        weight = torch.from_numpy(value(f"head/dense{layer}.weight", (outputs, len(x))).astype(np.float64))
        bias = torch.from_numpy(value(f"head/dense{layer}.bias", (outputs,)).astype(np.float64))
        if layer < 3:
            gamma, beta, mean, variance = (
                torch.from_numpy(value(f"head/norm{layer}.{part}", (len(x),)).astype(np.float64))
                for part in ("weight", "bias", "running_mean", "running_var")
            )
            scale = gamma / torch.sqrt(variance + float(np.float32(1e-3)))
            bias = bias + weight @ (beta - scale * mean)
            weight = weight * scale
        if int8:
            weight = torch.from_numpy(dequantised(weight.numpy().astype(np.float32)).astype(np.float64))
        # The last layer's signs are turned, so that most cells are warm.
        x = (weight if layer < 3 else -weight) @ x + bias
        x = torch.relu(x) if layer < 3 else x
    return x[0]


def grad_cam(maps, int8):
    """Signed sum over the stack, and the logit; `maps` are leaves."""
    maps = [m.requires_grad_() for m in maps]
    logit = head(torch.cat([m.mean((2, 3))[0] for m in maps]), int8)
    logit.backward()
    signed = sum((m.grad.mean((2, 3), keepdim=True) * m).sum((0, 1)) for m in maps)
    return signed.detach().numpy(), float(logit.detach())


def row(name, size, backbones, maps, int8=False, keras=False):
    signed, logit = grad_cam(maps, int8)
    print(f"{name}: logit {logit:.3f}, {(signed > 0).sum()} of {signed.size} cells warm", file=sys.stderr)
    heat = [float(f"{v:.8g}") for v in np.maximum(signed, 0).ravel()]
    return {"name": name, "size": size, "backbones": backbones, "int8": int8, "keras": keras, "heat": heat}


def float_case(name, size, backbones, int8=False, keras=False):
    maps = []
    for kind in backbones:
        image = pattern(size)
        if keras:
            image = (image * IMAGENET_STD.reshape(1, 3, 1, 1) + IMAGENET_MEAN.reshape(1, 3, 1, 1)) * 2 - 1
        model = net(kind, 1e-3, True) if keras else net(kind)
        model = fold_and_quantise(model) if int8 else model
        with torch.no_grad():
            maps.append(model.double()(torch.from_numpy(image)).clone())
    return row(name, size, backbones, maps, int8, keras)


def int8_case(path, size):
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(path)
    makers = {node.output[0]: node for node in model.graph.node}
    pools = [makers[makers[flat].input[0]] for flat in makers["features"].input]
    names = [pool.input[0] for pool in pools]
    model.graph.output.extend(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    heat, *maps = session.run(["heat_map", *names], {"image": pattern(size).astype(np.float32)})
    answer = row("int8", size, BOTH, [torch.from_numpy(m.astype(np.float64)) for m in maps], int8=True)
    apart = np.abs(heat.ravel() - np.array(answer["heat"])).max() / heat.max()
    print(f"int8: ONNX Runtime's own map is off by {apart:.1e} of its peak", file=sys.stderr)
    return answer


print(
    json.dumps(
        {
            "cases": [
                float_case("float32", 96, BOTH),
                float_case("densenet169", 64, BOTH[:1]),
                float_case("mobilenet-v2", 96, BOTH[1:]),
                float_case("int8_weights", 64, BOTH, int8=True),
                float_case("keras", 64, BOTH[1:], keras=True),
            ],
            "quantised": int8_case(Path(sys.argv[1]) / "int8.onnx", 64),
        },
        indent=1,
    )
)
