"""Rendered photographs of films on light boxes: a pinhole camera looks at a plane.

The film has a pose (turned, tilted, off centre) and is lit unevenly from behind. Then come the fall-off of a lens, an
exposure, a gamma, blur, noise and JPEG. The true positions of the corners are known. Needs numpy and OpenCV.
"""

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass
class Pose:
    """How the camera sees the plane. Angles in degrees; `share` is the film's share of the picture."""

    turn: float = 0.0
    tilt_x: float = 0.0
    tilt_y: float = 0.0
    share: float = 0.4
    off_x: float = 0.0
    off_y: float = 0.0
    focal: float = 1.1  # in diagonals of the picture

    @staticmethod
    def random(rng, turn=25.0, tilt=18.0):
        return Pose(
            turn=rng.uniform(-turn, turn),
            tilt_x=rng.uniform(-tilt, tilt),
            tilt_y=rng.uniform(-tilt, tilt),
            share=rng.uniform(0.26, 0.45),
            off_x=rng.uniform(-0.03, 0.03),
            off_y=rng.uniform(-0.03, 0.03),
            focal=rng.uniform(0.8, 1.4),
        )


def camera(pose, size, aspect):
    """The 3×3 map from the plane (film's centre at 0, its area 1) to pixels."""
    width, height = size
    focal = pose.focal * np.hypot(width, height)
    distance = focal / np.sqrt(pose.share * width * height)
    z, x, y = np.radians([pose.turn, pose.tilt_x, pose.tilt_y])
    turn_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    turn_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    turned = turn_x @ turn_y @ turn_z
    lens = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    shift = np.array([pose.off_x * width, pose.off_y * height]) * distance / focal
    return lens @ np.column_stack([turned[:, 0], turned[:, 1], [shift[0], shift[1], distance]])


def project(matrix, points):
    points = np.asarray(points, float)
    seen = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return seen[:, :2] / seen[:, 2:]


def corners_of(aspect, centre=(0.0, 0.0)):
    wide, tall = np.sqrt(aspect) / 2, 1 / np.sqrt(aspect) / 2
    x, y = centre
    return np.array([[x - wide, y - tall], [x + wide, y - tall], [x + wide, y + tall], [x - wide, y + tall]])


def transmission(level, curve):
    """What a film with these levels (0..1) lets through of the light. Clear base: density .2."""
    if curve == "density":  # the levels are densities, as many film scanners give
        return 10 ** (-(0.2 + 2.3 * (1 - level)))
    return 0.63 * (0.06 + 0.94 * level) ** 2.2  # printed so that steps look alike


def photograph(
    films,
    pose,
    rng,
    size=(1600, 1200),
    *,
    box_margin=None,
    curve="even",
    background=None,
    fall_off=0.3,
    uneven=0.2,
    exposure=0.95,
    blur=0.7,
    noise=2.5,
    motion=0,
    quality=90,
    glare=0.0,
    cut=(0.0, 0.0),
):
    """Renders `films`: [(image 0..255, centre in film sizes)]. Returns the photograph and the first film's corners."""
    width, height = size
    aspect = films[0][0].shape[1] / films[0][0].shape[0]
    matrix = camera(pose, size, aspect)
    shift = np.array([[1, 0, cut[0] * width], [0, 1, cut[1] * height], [0, 0, 1]], float)
    matrix = shift @ matrix

    # The plane, at twice the resolution of the picture, drawn with the light that comes from it.
    if background is None:
        light = np.full((height, width), rng.uniform(0.005, 0.05), np.float32)
        for _ in range(12):  # furniture
            x, y, w, h = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(50, 400), rng.uniform(50, 400)
            box = cv2.boxPoints(((x, y), (w, h), rng.uniform(0, 90))).astype(np.int32)
            cv2.fillPoly(light, [box], float(rng.uniform(0.002, 0.12)))
    else:
        light = background.astype(np.float32)
    margins = box_margin if box_margin is not None else rng.uniform(0.08, 0.22, 4)
    outline = corners_of(aspect)
    low, high = outline.min(0), outline.max(0)
    reach = high - low
    low, high = low - reach * margins[:2], high + reach * margins[2:]
    box = project(matrix, [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    mask = np.zeros((height * 2, width * 2), np.uint8)
    cv2.fillPoly(mask, [np.round((box * 2 + 0.5) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    mask = cv2.resize(mask, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    v, u = np.mgrid[0:height, 0:width].astype(np.float32)
    inverse = np.linalg.inv(matrix)
    plane = np.stack([u, v, np.ones_like(u)], -1) @ inverse.T.astype(np.float32)
    plane = plane[..., :2] / plane[..., 2:]
    middle = (low + high) / 2
    away = ((plane - middle) / (high - low) * 2) ** 2
    panel = 1 - uneven * (0.6 * away[..., 0] + 0.4 * away[..., 1])
    through = np.ones((height, width), np.float32)
    true = None
    for image, centre in films:
        own = image.shape[1] / image.shape[0]
        tall = 1 / np.sqrt(aspect)
        at = np.array(centre) * [tall * own, tall]
        places = np.array([[-own / 2, -0.5], [own / 2, -0.5], [own / 2, 0.5], [-own / 2, 0.5]]) * tall + at
        seen = project(matrix, places)
        true = seen if true is None else true
        h, w = image.shape
        source = np.array([[-0.5, -0.5], [w - 0.5, -0.5], [w - 0.5, h - 0.5], [-0.5, h - 0.5]], np.float32)
        # Supersampled twice, so that edges and fine detail do not alias.
        target = ((seen + 0.5) * 2 - 0.5).astype(np.float32)
        map_ = cv2.getPerspectiveTransform(source, target)
        let = transmission(image.astype(np.float32) / 255, curve).astype(np.float32)
        warped = cv2.warpPerspective(let, map_, (width * 2, height * 2), flags=cv2.INTER_LINEAR, borderValue=-1)
        inside = np.zeros((height * 2, width * 2), np.float32)
        cv2.fillPoly(inside, [np.round(target * 16).astype(np.int32)], 1.0, cv2.LINE_8, 4)
        warped = np.where((inside > 0) & (warped >= 0), warped, 1.0)
        through *= cv2.resize(warped, size, interpolation=cv2.INTER_AREA)
    light = light * (1 - mask) + panel * mask * through
    if glare:
        x, y = project(matrix, [[rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2)]])[0]
        radius = 0.09 * np.sqrt(pose.share * width * height)
        spot = np.exp(-((((u - x) ** 2 + (v - y) ** 2) / (2 * radius**2)) ** 2))
        light = light + glare * spot
    r2 = (((u - width / 2) / width) ** 2 + ((v - height / 2) / height) ** 2) * 2
    light = light * (1 - fall_off * r2)
    level = 255 * np.clip(exposure * light, 0, None) ** (1 / 2.2)
    if blur:
        level = cv2.GaussianBlur(level, (0, 0), blur)
    if motion:
        kernel = np.zeros((motion, motion), np.float32)
        kernel[motion // 2] = 1 / motion
        level = cv2.filter2D(level, -1, kernel)
    level = level + rng.normal(0, noise, level.shape)
    picture = np.clip(np.round(level), 0, 255).astype(np.uint8)
    if quality:
        done, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done
        return coded.tobytes(), true
    return picture, true
