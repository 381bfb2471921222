#!/usr/bin/env python3
"""Measures how often a film in a photograph is found, and whether its verdict is that of the original file.

    scripts/research/camera/measure.py --edge target/release/edge-runtime --model MODEL.onnx --out DIR IMAGES...

IMAGES are X-rays (files or folders). From each, `--poses` photographs are rendered (scenes.py): turned by up to 25°,
tilted by up to 18°, unevenly lit, with the fall-off of a lens, other exposures, blur, noise and JPEG; half of them with
a film whose steps look alike, half with one whose densities are the levels. Then scenes that must be refused. Needs
numpy and OpenCV. Prints tables in Markdown; the photographs stay in DIR.
"""

import argparse
import json
import subprocess
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import cv2
import numpy as np
import scenes


def wilson(hits, count):
    """The 95% interval of a rate."""
    if count == 0:
        return "-"
    z, p = 1.959964, hits / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * np.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{100 * max(0, middle - half):.1f} to {100 * min(1, middle + half):.1f}%"


def rate(hits, count):
    return f"{hits} of {count} | {100 * hits / max(count, 1):.1f}% | {wilson(hits, count)}"


def by_image(same):
    """The 95% interval of a rate over all photographs when whole images are drawn again (bootstrap, 10,000 times)."""
    keys = sorted(same)
    if all(all(same[key]) for key in keys):
        # Nothing to draw: what as many images, all alike, allow.
        return wilson(len(keys), len(keys))
    random = np.random.default_rng(1)
    drawn = random.integers(0, len(keys), (10000, len(keys)))
    hits, counts = np.array([sum(same[k]) for k in keys]), np.array([len(same[k]) for k in keys])
    low, high = np.percentile(hits[drawn].sum(1) / counts[drawn].sum(1), [2.5, 97.5])
    return f"{100 * low:.1f} to {100 * high:.1f}%"


def screen(args, paths, film):
    command = [args.edge, "screen", "--model", args.model, "--json", *(["--film"] if film else []), *map(str, paths)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode not in (0, 3):
        raise SystemExit(ran.stderr)
    return [json.loads(line) for line in ran.stdout.splitlines()]


def conditions(rng, k):
    return dict(
        exposure=rng.uniform(0.7, 1.05),
        fall_off=rng.uniform(0, 0.4),
        uneven=rng.uniform(0, 0.3),
        noise=rng.uniform(1, 4),
        blur=rng.uniform(0.4, 1.2),
        curve=["even", "density"][k % 2],
    )


def inside(corners, size=(1600, 1200)):
    return (corners > 4).all() and (corners < np.array(size) - 5).all()


def refusals(image, rng):
    """Scenes that must be refused: name, picture."""
    pose = scenes.Pose.random
    common = conditions(rng, 0)
    yield "no film", blank(rng, common)
    two = scenes.Pose.random(rng)
    two.share, two.turn = 0.2, rng.uniform(-8, 8)
    yield (
        "two films",
        scenes.photograph(
            [(image, (-0.55, 0)), (image, (0.55, 0))], two, rng, box_margin=np.array([0.75, 0.15, 0.75, 0.15]), **common
        )[0],
    )
    side = rng.choice([-1, 1], 2) * rng.uniform(0.25, 0.4, 2) * [[1, 0], [0, 1]][rng.integers(2)]
    yield "cut off", scenes.photograph([(image, (0, 0))], pose(rng), rng, cut=side, **common)[0]
    yield "glare", scenes.photograph([(image, (0, 0))], pose(rng), rng, glare=1.2, **common)[0]
    yield (
        "out of focus",
        scenes.photograph([(image, (0, 0))], pose(rng), rng, **{**common, "blur": rng.uniform(6, 12)})[0],
    )
    yield (
        "moved",
        scenes.photograph([(image, (0, 0))], pose(rng), rng, motion=int(rng.integers(12, 25)) * 2 + 1, **common)[0],
    )
    far = pose(rng)
    far.share = rng.uniform(0.05, 0.15)
    yield "too far away", scenes.photograph([(image, (0, 0))], far, rng, **common)[0]
    yield "the X-ray itself", cv2.imencode(".jpg", image)[1].tobytes()


def blank(rng, common):
    """A lit box without a film: clear film would let 63% through, so the level is raised to nothing at all."""
    white = np.full((400, 480), 255, np.uint8)
    through = scenes.transmission
    scenes.transmission = lambda level, curve: np.ones_like(level)
    try:
        return scenes.photograph([(white, (0, 0))], scenes.Pose.random(rng), rng, **common)[0]
    finally:
        scenes.transmission = through


def draw(i, file, poses, out):
    """Draws all scenes of one X-ray. Gives {picture: (X-ray, film)} and {picture: why it must be refused}."""
    cv2.setNumThreads(1)
    image = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    good, bad = {}, {}
    for k in range(poses):
        rng = np.random.default_rng(100000 + 1000 * i + k)
        corners = np.array([[-1, -1]])
        while not inside(corners):
            pose, settings = scenes.Pose.random(rng), conditions(rng, k)
            outline = scenes.corners_of(image.shape[1] / image.shape[0])
            corners = scenes.project(scenes.camera(pose, (1600, 1200), 1), outline)
        coded, _ = scenes.photograph([(image, (0, 0))], pose, rng, **settings)
        path = out / "good" / f"{i:03}-{k:02}.jpg"
        path.write_bytes(coded)
        good[path] = (file, settings["curve"])
    rng = np.random.default_rng(900000 + i)
    for name, coded in refusals(image, rng):
        path = out / "bad" / name.replace(" ", "-") / f"{i:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(coded)
        bad[path] = name
    return good, bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edge", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--poses", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2, help="processes that draw")
    parser.add_argument("--photographs", type=Path, help="a folder of photographs of other things, to be refused")
    parser.add_argument("images", nargs="+", type=Path)
    args = parser.parse_args()
    files = sorted(f for path in args.images for f in (path.rglob("*") if path.is_dir() else [path]) if f.is_file())
    originals = {file: row for file, row in zip(files, screen(args, files, False), strict=False)}
    (args.out / "good").mkdir(parents=True, exist_ok=True)
    made, refuse = {}, {}
    with ProcessPoolExecutor(args.jobs) as pool:
        for good, bad in pool.map(draw, range(len(files)), files, repeat(args.poses), repeat(args.out)):
            made.update(good)
            refuse.update(bad)
    if args.photographs:
        for file in sorted(f for f in args.photographs.rglob("*") if f.is_file()):
            refuse[file] = "photographs of other things"

    paths = sorted(made)
    rows = dict(zip(paths, screen(args, paths, True), strict=False))
    found = [path for path in paths if rows[path]["verdict"] != "no-result"]
    print(f"{len(files)} X-rays, {args.poses} photographs of each\n")
    print("| | n | rate | 95% interval |\n| --- | --- | --- | --- |")
    print(f"| film found and screened | {rate(len(found), len(paths))} |")
    for curve in ("even", "density"):
        same, moved = {}, []
        for path in found:
            file, own = made[path]
            if own == curve and originals[file]["verdict"] != "no-result":
                same.setdefault(file, []).append(rows[path]["verdict"] == originals[file]["verdict"])
                moved.append(abs(rows[path]["probability"] - originals[file]["probability"]))
        hits, count = sum(map(sum, same.values())), sum(map(len, same.values()))
        if count:
            text = f"{hits} of {count} | {100 * hits / count:.1f}% | {by_image(same)}"
            print(f"| same verdict as the file, film `{curve}` | {text} |")
            print(f"| … median difference of probability | {count} | {np.median(moved):.3f} | |")
    why = Counter(rows[path]["reason"] for path in paths if path not in found)
    print(f"\nNot found: {dict(why) or 'none'}\n")
    print("| must be refused | n | rate | 95% interval | reasons |\n| --- | --- | --- | --- | --- |")
    paths = sorted(refuse)
    rows = dict(zip(paths, screen(args, paths, True), strict=False))
    for name in dict.fromkeys(refuse.values()):
        own = [rows[path] for path in paths if refuse[path] == name]
        refused = [row for row in own if row["verdict"] == "no-result"]
        reasons = ", ".join(f"{code} {n}" for code, n in Counter(row["reason"] for row in refused).most_common())
        print(f"| {name} | {rate(len(refused), len(own))} | {reasons} |")


if __name__ == "__main__":
    main()
