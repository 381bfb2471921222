#!/usr/bin/env python3
"""Three minimal models with a scale per channel, and ONNX Runtime's answers.

For xray-engine/tests/integration/recorded_answers.rs.

    python scripts/oracle/per_channel.py xray-engine/tests/fixtures/per_channel

Needs onnx, onnxruntime and numpy. Scales are powers of two, weights and inputs small integers: every answer
is exact in float32, so the test may ask for equality.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OUT = Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
SCALES = np.array([0.5, 0.25, 2.0, 0.125], np.float32)


def integers(shape, low, high, step):
    """Fixed integers in low..high, no generator needed."""
    count = int(np.prod(shape))
    return (np.arange(count) * step % (high - low + 1) + low).reshape(shape)


def save(name, nodes, constants, x, elem, out_elem):
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("x", elem, x.shape)],
        [helper.make_tensor_value_info("y", out_elem, None)],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    model = onnx.shape_inference.infer_shapes(model)
    onnx.checker.check_model(model, full_check=True)
    (OUT / f"{name}.onnx").write_bytes(model.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    y = onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, {"x": x})[0]
    return {"name": name, "x_shape": x.shape, "x": x.ravel().tolist(), "y_shape": y.shape, "y": y.ravel().tolist()}


dequantise = helper.make_node("DequantizeLinear", ["w", "scale", "zero"], ["wf"], axis=0)
zero = np.zeros(4, np.int8)
cases = [
    save(
        "dense_conv",
        [dequantise, helper.make_node("Conv", ["x", "wf"], ["y"], pads=[1] * 4)],
        {"w": integers((4, 3, 3, 3), -127, 127, 37).astype(np.int8), "scale": SCALES, "zero": zero},
        integers((1, 3, 4, 4), -8, 8, 5).astype(np.float32),
        TensorProto.FLOAT,
        TensorProto.FLOAT,
    ),
    save(
        "depthwise_conv",
        [dequantise, helper.make_node("Conv", ["x", "wf"], ["y"], pads=[1] * 4, group=4)],
        {"w": integers((4, 1, 3, 3), -127, 127, 41).astype(np.int8), "scale": SCALES, "zero": zero},
        integers((1, 4, 4, 4), -8, 8, 7).astype(np.float32),
        TensorProto.FLOAT,
        TensorProto.FLOAT,
    ),
    save(
        "qlinear_conv",
        [
            helper.make_node(
                "QLinearConv", ["x", "xs", "xz", "w", "scale", "zero", "ys", "yz", "b"], ["y"], pads=[1] * 4
            )
        ],
        {
            "xs": np.float32(0.5),
            "xz": np.uint8(3),
            "w": integers((4, 3, 3, 3), -127, 127, 37).astype(np.int8),
            "scale": SCALES / 64,
            "zero": zero,
            "ys": np.float32(4.0),
            "yz": np.uint8(128),
            "b": np.array([5, -7, 11, 13], np.int32),
        },
        integers((1, 3, 4, 4), 0, 255, 83).astype(np.uint8),
        TensorProto.UINT8,
        TensorProto.UINT8,
    ),
]
(OUT / "answers.json").write_text(json.dumps(cases) + "\n")
