#!/usr/bin/env python3
"""Builds a DenseNet + MobileNetV2 stack as a standard ONNX QDQ graph of the form that the integer engine
recognises (xray-engine/src/fuse/mod.rs), and the answers of ONNX Runtime without optimisations.

    qdq.py OUT_DIR

The net is small, seeded and random; its steps are no powers of two, so that rounding is tried as well.
Needs numpy, onnx, onnxruntime.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Writes the float graph when `ranges` is None, else the quantised one."""

    def __init__(self, ranges=None, mixed=False):
        self.mixed = mixed
        self.nodes, self.inits, self.ranges, self.watched, self.count = [], [], ranges, [], 0

    def const(self, value, name=None):
        name = name or self.fresh("c")
        self.inits.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def fresh(self, prefix):
        self.count += 1
        return f"{prefix}_{self.count}"

    def op(self, kind, inputs, **attributes):
        out = self.fresh(kind.lower())
        self.nodes.append(helper.make_node(kind, inputs, [out], name=out, **attributes))
        return out

    def quantised(self, x, like=None):
        """QuantizeLinear + DequantizeLinear; `like` takes another tensor's scale and zero point."""
        key = f"t{len(self.watched)}"
        self.watched.append(x)
        if self.ranges is None:
            return (x, key)
        key = like or key
        scale, zero = self.parameters(key)
        zero = np.int8(zero - 128) if self.mixed else np.uint8(zero)
        s, z = self.const(np.float32(scale)), self.const(zero)
        q = self.op("QuantizeLinear", [x, s, z])
        return (self.op("DequantizeLinear", [q, s, z]), key)

    def parameters(self, key):
        lo, hi = self.ranges[key]
        lo, hi = min(lo, 0.0), max(hi, 1e-6)
        scale = np.float32((hi - lo) / 255.0)
        return scale, int(np.clip(np.round(-lo / scale), 0, 255))

    def conv(self, x, w, b, stride=1, pad=0, group=1):
        x, key = x
        w, b = w.astype(np.float32), b.astype(np.float32)
        attributes = dict(strides=[stride] * 2, pads=[pad] * 4, group=group, kernel_shape=list(w.shape[2:]))
        if self.ranges is None:
            return self.op("Conv", [x, self.const(w), self.const(b)], **attributes)
        scale = np.maximum(np.abs(w).max(axis=(1, 2, 3)), 1e-8).astype(np.float32) / np.float32(127)
        q = np.clip(np.round(w / scale[:, None, None, None]), -127, 127).astype(np.int8)
        dw = self.op(
            "DequantizeLinear",
            [self.const(q), self.const(scale), self.const(np.zeros(len(scale), np.int8))],
            axis=0,
        )
        bias_scale = (scale * np.float32(self.parameters(key)[0])).astype(np.float32)
        qb = np.clip(np.round(b.astype(np.float64) / bias_scale), -(2**31) + 1, 2**31 - 1).astype(np.int32)
        db = self.op(
            "DequantizeLinear",
            [self.const(qb), self.const(bias_scale), self.const(np.zeros(len(scale), np.int32))],
            axis=0,
        )
        return self.op("Conv", [x, dw, db], **attributes)

    def affine(self, x, m, a):
        m, a = (v.astype(np.float32).reshape(1, -1, 1, 1) for v in (m, a))
        return self.op("Add", [self.op("Mul", [x, self.const(m)]), self.const(a)])

    def relu(self, x, odd=False):
        if odd and self.mixed:
            return self.op("LeakyRelu", [x], alpha=0.1)
        return self.op("Relu", [x])

    def relu6(self, x):
        return self.op("Clip", [x, self.const(np.float32(0)), self.const(np.float32(6))])


class Random:
    """Seeded weights for any shape."""

    def __init__(self, seed):
        self.seed = seed
        self.restart()

    def restart(self):
        self.r = np.random.default_rng(self.seed)

    def conv(self, _name, out, inp, k):
        return self.r.normal(0, 1.4 / np.sqrt(inp * k * k), (out, inp, k, k))

    def bn(self, _name, n):
        return self.r.uniform(0.6, 1.4, n), self.r.normal(0, 0.3, n)


def densenet(g, x, source, stem, growth, blocks):
    def conv_bn(x, conv, norm, out, inp, k, **kw):
        m, a = source.bn(norm, out)
        return g.relu(g.conv(x, source.conv(conv, out, inp, k) * m[:, None, None, None], a, **kw))

    f = "features"
    x = g.quantised(conv_bn(x, f"{f}.conv0", f"{f}.norm0", stem, 3, 7, stride=2, pad=3))
    pooled = g.op("MaxPool", [x[0]], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    parts, channels = [g.quantised(pooled, like=x[1])], stem

    def normed(norm, odd=False):
        whole = parts[0][0] if len(parts) == 1 else g.op("Concat", [p[0] for p in parts], axis=1)
        return g.relu(g.affine(whole, *source.bn(norm, channels)), odd)

    for i, layers in enumerate(blocks):
        for j in range(layers):
            n = f"{f}.denseblock{i + 1}.denselayer{j + 1}"
            y = g.quantised(normed(f"{n}.norm1", odd=(i, j) == (1, 1)))
            y = g.quantised(conv_bn(y, f"{n}.conv1", f"{n}.norm2", 4 * growth, channels, 1))
            y = g.conv(y, source.conv(f"{n}.conv2", growth, 4 * growth, 3), np.zeros(growth), pad=1)
            parts.append(g.quantised(y))
            channels += growth
        if i + 1 < len(blocks):
            n = f"{f}.transition{i + 1}"
            y = g.op("AveragePool", [normed(f"{n}.norm")], kernel_shape=[2, 2], strides=[2, 2])
            channels //= 2
            y = g.conv(g.quantised(y), source.conv(f"{n}.conv", channels, 2 * channels, 1), np.zeros(channels))
            parts = [g.quantised(y)]
    return g.op("GlobalAveragePool", [normed(f"{f}.norm5")]), channels


def mobilenet(g, x, source, stem, rows, last):
    def conv_bn(x, conv, norm, out, inp, k, **kw):
        m, a = source.bn(norm, out)
        return g.conv(x, source.conv(conv, out, inp, k) * m[:, None, None, None], a, **kw)

    f = "features"
    x = g.quantised(g.relu6(conv_bn(x, f"{f}.0.0", f"{f}.0.1", stem, 3, 3, stride=2, pad=1)))
    channels, i = stem, 0
    for t, out, n, s in rows:
        for j in range(n):
            i += 1
            stride, hidden, y, at = (s if j == 0 else 1), channels * t, x, 0
            if t != 1:
                y = g.quantised(g.relu6(conv_bn(y, f"{f}.{i}.conv.0.0", f"{f}.{i}.conv.0.1", hidden, channels, 1)))
                at = 1
            n1 = f"{f}.{i}.conv.{at}"
            y = conv_bn(y, f"{n1}.0", f"{n1}.1", hidden, 1, 3, stride=stride, pad=1, group=hidden)
            y = g.quantised(g.relu6(y))
            y = conv_bn(y, f"{f}.{i}.conv.{at + 1}", f"{f}.{i}.conv.{at + 2}", out, hidden, 1)
            y = g.quantised(y)
            if stride == 1 and channels == out:
                y = g.quantised(g.op("Add", [x[0], y[0]]))
            x, channels = y, out
    i += 1
    x = g.quantised(g.relu6(conv_bn(x, f"{f}.{i}.0", f"{f}.{i}.1", last, channels, 1)))
    return g.op("GlobalAveragePool", [x[0]]), last


def stack(g, config):
    for part in config.values():
        part[0].restart()
    x = g.quantised("image")
    dense, d = densenet(g, x, *config["densenet"])
    mobile, m = mobilenet(g, x, *config["mobilenet"])
    features = g.op("Flatten", [g.op("Concat", [dense, mobile], axis=1)])
    r = np.random.default_rng(7)
    w = g.const((r.normal(0, 1.5, (d + m, 1)) / np.sqrt(d + m)).astype(np.float32))
    g.nodes.append(helper.make_node("MatMul", [features, w], ["logit"], name="logit"))
    g.nodes.append(helper.make_node("Sigmoid", ["logit"], ["probability"], name="probability"))
    g.nodes.append(helper.make_node("Identity", [features], ["features"], name="features"))
    return d + m


def model(g, size, features, extra=()):
    outputs = [
        helper.make_tensor_value_info("probability", TensorProto.FLOAT, [1, 1]),
        helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, features]),
        *(helper.make_tensor_value_info(n, t, None) for n, t in extra),
    ]
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])]
    graph = helper.make_graph(g.nodes, "stack", inputs, outputs, g.inits)
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return built


def session(proto):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])


def build(config, images, size, mixed=False):
    """Float graph, ranges over `images`, quantised graph; `mixed` has int8 activations and one LeakyRelu."""
    g = Graph(mixed=mixed)
    features = stack(g, config)
    names = list(dict.fromkeys(n for n in g.watched if n != "image"))
    float_model = model(g, size, features, [(n, TensorProto.FLOAT) for n in names])
    run, ranges = session(float_model), {}
    for image in images:
        values = dict(zip(names, run.run(names, {"image": image}), strict=False))
        values["image"] = image
        for i, name in enumerate(g.watched):
            lo, hi = ranges.get(f"t{i}", (np.inf, -np.inf))
            ranges[f"t{i}"] = (min(lo, float(values[name].min())), max(hi, float(values[name].max())))
    q = Graph(ranges, mixed)
    stack(q, config)
    quantised = model(q, size, features)
    onnx.checker.check_model(quantised, full_check=True)
    g2 = Graph(mixed=mixed)
    stack(g2, config)
    return model(g2, size, features), quantised


def inner(quantised):
    """Every QuantizeLinear's output, in graph order."""
    return [n.output[0] for n in quantised.graph.node if n.op_type == "QuantizeLinear"]


def answers(quantised, images, names):
    probe = onnx.ModelProto()
    probe.CopyFrom(quantised)
    probe.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.UINT8, None) for n in names)
    run = session(probe)
    return [run.run(["probability", "features", *names], {"image": image}) for image in images]


def small(out):
    r = np.random.default_rng(1)
    config = {
        "densenet": (Random(2), 16, 8, [2, 3, 2]),
        "mobilenet": (Random(3), 8, [(1, 8, 1, 1), (3, 12, 2, 2), (3, 16, 2, 1)], 32),
    }
    images = [r.normal(0, 1.2, (1, 3, 32, 32)).astype(np.float32) for _ in range(5)]
    out.mkdir(parents=True, exist_ok=True)
    for stem, mixed in [("small", False), ("mixed", True)]:
        _, quantised = build(config, images, 32, mixed)
        names = [] if mixed else inner(quantised)
        result = answers(quantised, images[:2], names)
        (out / f"{stem}.onnx").write_bytes(quantised.SerializeToString())
        with open(out / f"{stem}.bin", "wb") as f:
            for image, (p, features, *tensors) in zip(images, result, strict=False):
                f.write(image.tobytes() + p.tobytes() + features.tobytes())
                f.write(b"".join(t.tobytes() for t in tensors))
        (out / f"{stem}.txt").write_text("\n".join(names) + "\n" if names else "")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    small(pathlib.Path(sys.argv[1]))
