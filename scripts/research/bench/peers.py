"""Runs a model in another engine, with the protocol of xray-core/examples/time_runs.rs.

    peers.py onnxruntime|onnxruntime-plain|openvino|ncnn MODEL THREADS IMAGE...

`onnxruntime-plain` runs without graph optimisations: the reference for the meaning of a graph. `ncnn` needs the
.ncnn.param file that pnnx wrote for the float model, with the .ncnn.bin beside it.
"""

import json
import sys
import time

import numpy as np
from PIL import Image

MEAN = np.float32([0.485, 0.456, 0.406])
STD = np.float32([0.229, 0.224, 0.225])


def tensor(path):
    """As xray-core prepares an image of the input size: grey in three channels, ImageNet's scaling."""
    pixels = np.asarray(Image.open(path).convert("RGB").resize((224, 224), Image.BILINEAR), np.float32) / 255
    return np.ascontiguousarray(((pixels - MEAN) / STD).transpose(2, 0, 1)[None])


def onnxruntime(model, threads, optimise=True):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    if not optimise:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(["probability"], {"image": x})[0].item()


def openvino(model, threads):
    import openvino as ov

    core = ov.Core()
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(model, "CPU", settings)
    request, output = compiled.create_infer_request(), compiled.output(0)
    return lambda x: request.infer({0: x})[output].item()


def ncnn(model, threads):
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_vulkan_compute = False
    net.load_param(model)
    net.load_model(model.removesuffix(".param") + ".bin")

    def run(x):
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(x[0]).clone())
        return float(np.array(extractor.extract("out0")[1]).ravel()[0])

    return run


def main():
    engine, model, threads, *images = sys.argv[1:]
    start = time.perf_counter()
    if engine == "openvino":
        run = openvino(model, int(threads))
    elif engine == "ncnn":
        run = ncnn(model, int(threads))
    else:
        run = onnxruntime(model, int(threads), engine == "onnxruntime")
    print(json.dumps({"load_ms": (time.perf_counter() - start) * 1e3}), flush=True)
    inputs = [tensor(image) for image in images]
    for line in sys.stdin:
        start = time.perf_counter()
        probability = run(inputs[int(line)])
        print(f"{(time.perf_counter() - start) * 1e3:.4f} {probability:.9f}", flush=True)


main()
