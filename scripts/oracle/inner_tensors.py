#!/usr/bin/env python3
"""Ten inner 8-bit tensors of an exported int8 model as ONNX Runtime without optimisations computes them.

    inner_tensors.py MODEL.onnx OUT_DIR IMAGE.png...      images of 224 x 224 pixels

Then: XRAY_INNER=OUT_DIR cargo test --release --workspace --lib gives_the_bytes_of_onnx_runtime
The tensors are spread evenly over the graph. Needs numpy, onnx, onnxruntime, pillow.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper
from PIL import Image

COUNT = 10
MEAN, STD = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def main(model, out, images):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    proto = onnx.load(model)
    (out / "model.onnx").write_bytes(proto.SerializeToString())
    inner = [n.output[0] for n in proto.graph.node if n.op_type == "QuantizeLinear"]
    names = [inner[i] for i in np.linspace(0, len(inner) - 1, COUNT).astype(int)]
    proto.graph.output.extend(helper.make_tensor_value_info(n, TensorProto.UINT8, None) for n in names)
    settings = ort.SessionOptions()
    settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(proto.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    with open(out / "model.bin", "wb") as answers:
        for path in images:
            pixels = np.asarray(Image.open(path).convert("RGB"), np.float32) / np.float32(255)
            image = np.ascontiguousarray(((pixels - MEAN) / STD).transpose(2, 0, 1)[None])
            answers.write(image.tobytes())
            for tensor in session.run(["probability", "features", *names], {"image": image}):
                answers.write(tensor.tobytes())
    (out / "model.txt").write_text("\n".join(names) + "\n")
    print(f"{len(images)} images, tensors: {', '.join(names)}")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
