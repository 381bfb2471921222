"""Times engines on one model, interleaved, and prints a table in Markdown.

    bench.py --int8 INT8.onnx --float FLOAT.onnx --target TARGET_DIR [--ncnn FLOAT.ncnn.param] [--rounds 60]
             [--threads 1,2] IMAGE...

Every engine is a separate process that stays loaded. In each round each of them runs one image, in a random order, so
that other load on the machine affects all of them. Give images of 224 x 224 pixels.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

HERE = os.path.dirname(os.path.abspath(__file__))


class Engine:
    def __init__(self, name, command):
        self.name, self.times, self.answers = name, [], {}
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        first = self.child.stdout.readline()
        if not first:
            raise RuntimeError(f"{name}: did not start")
        self.load = json.loads(first)["load_ms"]

    def run(self, image):
        self.child.stdin.write(f"{image}\n")
        self.child.stdin.flush()
        milliseconds, probability = map(float, self.child.stdout.readline().split())
        self.answers[image] = probability
        return milliseconds

    def peak(self):
        """Largest resident memory in MB (VmHWM; proc(5))."""
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return float("nan")


def machine():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--int8", required=True)
    parser.add_argument("--float", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--ncnn")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("images", nargs="+")
    args = parser.parse_args()
    ours = os.path.join(args.target, "release/examples/time_runs")
    print(
        f"Machine: {machine()}, {os.cpu_count()} cores; load average {os.getloadavg()[0]:.1f} at the start. "
        f"{args.rounds} rounds on {len(args.images)} images, batch 1.\n"
    )
    for threads in args.threads.split(","):
        table(args, ours, threads)


def table(args, ours, threads):
    peers = [sys.executable, os.path.join(HERE, "peers.py")]
    tail = [threads, *args.images]
    wanted = [
        ("xray-edge int8 (fused)", [ours, args.int8, "fused", *tail], args.int8),
        ("ONNX Runtime int8", [*peers, "onnxruntime", args.int8, *tail], args.int8),
        ("OpenVINO int8", [*peers, "openvino", args.int8, *tail], args.int8),
        ("ONNX Runtime float", [*peers, "onnxruntime", args.float, *tail], args.float),
    ]
    if args.ncnn:
        weights = args.ncnn.removesuffix(".param") + ".bin"
        wanted.append(("ncnn float", [*peers, "ncnn", args.ncnn, *tail], weights))
    if threads == "1":
        # tract's own operators run on one thread.
        wanted += [
            ("tract alone, int8", [ours, args.int8, "tract", *tail], args.int8),
            ("xray-edge float (tract)", [ours, args.float, "auto", *tail], args.float),
            ("ONNX Runtime int8, not optimised", [*peers, "onnxruntime-plain", args.int8, *tail], args.int8),
        ]
    engines = []
    for name, command, model in wanted:
        try:
            engine = Engine(name, command)
            engine.model = model
            engines.append(engine)
        except (RuntimeError, OSError) as error:
            print(f"skipped: {error}", file=sys.stderr)
    order = random.Random(1)
    for turn in range(args.rounds + 3):
        order.shuffle(engines)
        for engine in engines:
            milliseconds = engine.run(turn % len(args.images))
            if turn >= 3:
                engine.times.append(milliseconds)
    word = "thread" if threads == "1" else "threads"
    print(f"## {threads} {word}\n")
    print("| engine | median ms | minimum ms | load ms | peak RSS MB | file MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for engine in sorted(engines, key=lambda e: statistics.median(e.times)):
        size = os.path.getsize(engine.model) / 1e6
        print(
            f"| {engine.name} | {statistics.median(engine.times):.1f} | {min(engine.times):.1f} "
            f"| {engine.load:.0f} | {engine.peak():.0f} | {size:.1f} |"
        )
    print()
    by_name = {engine.name: engine for engine in engines}
    mine, other = by_name["xray-edge int8 (fused)"], by_name.get("ONNX Runtime int8")
    if other:
        ratio = statistics.median(mine.times) / statistics.median(other.times)
        least = min(mine.times) / min(other.times)
        print(f"xray-edge int8 against ONNX Runtime int8: {ratio:.2f} by the medians, {least:.2f} by the minima.\n")
    plain = by_name.get("ONNX Runtime int8, not optimised")
    if plain:
        for engine in (mine, other):
            worst = max(abs(engine.answers[i] - plain.answers[i]) for i in plain.answers)
            print(
                f"{engine.name} against ONNX Runtime without optimisations: max |dp| {worst:.4f} "
                f"on {len(plain.answers)} images.\n"
            )


main()
