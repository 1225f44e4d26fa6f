"""The anatomy of a simulated brain: which tissue lies where on an axial slice.

Drawn in millimetres: x to the right, y to the back, z upwards. The cortex is built as it is
in nature: fluid surrounds the brain and fills its folds (the sulci), the grey ribbon is
all that lies within a few millimetres of that fluid, and white matter is the rest.
Ventricles and deep nuclei are then laid into it.
"""

from __future__ import annotations

import cv2
import numpy as np

FIELD_OF_VIEW = 208.0  # mm
LOWEST, HIGHEST = -6.0, 46.0  # mm, of the slices: from the basal ganglia to above the ventricles
FINE = 512  # least side of the grid on which tissue is decided; pixels then hold shares

#: What a point of the fine grid can be.
OUTSIDE, FLUID, CORTEX, WHITE, STRIATUM, THALAMUS, PALLIDUM = range(7)

#: Nuclei: tissue, centre (x, y, z), half axes (x, y, z) and turn in degrees, right side.
NUCLEI = (
    (STRIATUM, (12, -20, 4), (5, 9.5, 15), -22),  # head of the caudate
    (STRIATUM, (14.5, 2, 17), (3, 14, 12), -24),  # its body
    (STRIATUM, (27, -4, 1), (5.5, 16, 14), -10),  # putamen
    (PALLIDUM, (20.5, -1, -1), (4, 9, 10), -16),
    (THALAMUS, (10.5, 12, 2), (8, 13, 13), -28),
)

#: Ventricles: path in the plane, right side, radius, and centre and reach along z; mm.
VENTRICLES = (
    (((2.5, -12), (5, -24), (11, -33)), 2.7, 5, 17),  # frontal horn
    (((9, -32), (5, -18), (6, 0), (15, 22), (22, 31)), 3.5, 18, 10),  # body
    (((15, 21), (23, 31), (23, 45)), 3.3, 6, 15),  # atrium and occipital horn
    (((0, -5), (0, 13)), 1.3, -3, 12),  # third ventricle
)


def grow(rng: np.random.Generator) -> dict:
    """What stays the same in all slices of one brain; lengths in mm."""
    age = rng.uniform(0, 1)  # older brains have wider folds, larger ventricles, less cortex
    return {
        "age": age,
        "half_axes": rng.uniform((63, 80), (70, 88)),
        "top": rng.uniform(72, 82),  # height of the vertex
        "waves": rng.uniform(-0.01, 0.01, (2, 3)),
        "turn": np.deg2rad(rng.uniform(-6, 6)),
        "shift": rng.uniform(-4, 4, 2),
        "rim": 0.4 + 1.1 * age + rng.uniform(0, 0.5),  # fluid over the folds
        "cortex": rng.uniform(3.6, 4.2) - 0.5 * age,  # thicker than it is, as cut obliquely
        "fold": 0.3 + 0.5 * age + rng.uniform(0, 0.2),  # half the width of a fold
        "ventricles": (0.75 + 0.75 * age) * rng.uniform(0.85, 1.2, 2),  # left, right
        "fissure": 0.6 + 0.7 * age,
        "jitter": rng.uniform(-1.5, 1.5, (2, len(NUCLEI), 2)),
        "sulci": [_sulcus(rng, side, k / 16) for side in (-1, 1) for k in range(17)],
        "medial": [_medial_sulcus(rng, side, y) for side in (-1, 1) for y in range(-66, 75, 14)],
        "warp": rng.standard_normal((2, 2, 48, 48)).astype(np.float32),
    }


def _sulcus(rng: np.random.Generator, side: int, place: float) -> dict:
    """One fold of the outer surface; `place` runs from the frontal to the occipital pole."""
    return {
        "side": side,
        "angle": np.deg2rad(-76 + 152 * place + rng.uniform(-2.5, 2.5)),
        "drift": np.deg2rad(rng.uniform(-0.35, 0.35)),  # a mm along z
        "depth": rng.choice([rng.uniform(11, 18), rng.uniform(18, 30)]),
        "centre": rng.uniform(-20, 60),
        "reach": rng.uniform(25, 50),
        "bend": rng.uniform(-0.25, 0.25),
        "wave": rng.uniform((1.0, 0.7, 0), (2.6, 1.5, 2 * np.pi)),  # mm, turns, phase
        "fork": rng.uniform(4, 9) * rng.choice([-1, 1]) if rng.random() < 0.5 else 0.0,
        "width": rng.uniform(0.7, 1.3),
    }


def _medial_sulcus(rng: np.random.Generator, side: int, y: float) -> dict:
    """One fold that leaves the fissure between the hemispheres."""
    return {
        "side": side,
        "y": y + rng.uniform(-7, 7),
        "depth": rng.uniform(6, 19),
        "slope": rng.uniform(-1, 1),
        "centre": rng.uniform(10, 55),
        "reach": rng.uniform(20, 40),
    }


def _bump(z: float, centre: float, reach: float) -> float:
    """1 at the centre, falling to 0 at `reach` from it, like an ellipse."""
    return float(np.sqrt(max(0.0, 1 - ((z - centre) / reach) ** 2)))


class Canvas:
    """Draws shapes given in mm on the fine grid of one slice of one brain."""

    def __init__(self, brain: dict, size: int):
        self.side = size * max(2, -(-FINE // size))
        self.pixel = FIELD_OF_VIEW / self.side
        cos, sin = np.cos(brain["turn"]), np.sin(brain["turn"])
        self.rotation = np.array([[cos, sin], [-sin, cos]])
        self.shift = brain["shift"]

    def empty(self) -> np.ndarray:
        """``(side, side)`` uint8 zeros."""
        return np.zeros((self.side, self.side), np.uint8)

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """``(n, 2)`` positions in mm to fixed-point pixels with 4 binary places."""
        turned = np.asarray(points, float) @ self.rotation + self.shift
        return np.rint(16 * (turned / self.pixel + (self.side - 1) / 2)).astype(np.int32)

    def fill(self, mask: np.ndarray, outline: np.ndarray) -> None:
        """Fill a closed outline with 1."""
        cv2.fillPoly(mask, [self.pixels(outline)], 1, shift=4)

    def trace(self, mask: np.ndarray, path: np.ndarray, half_width: np.ndarray | float) -> None:
        """Draw a path of round segments, whose width may change along it."""
        points = self.pixels(path)
        widths = np.broadcast_to(half_width, len(points))
        for start, end, half in zip(points[:-1], points[1:], widths[1:], strict=True):
            thick = max(1, round(2 * half / self.pixel))
            cv2.line(mask, start.tolist(), end.tolist(), 1, thick, shift=4)

    def within(self, mask: np.ndarray, distance: float) -> np.ndarray:
        """Where the nearest point of `mask` is at most `distance` mm away."""
        return cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5) * self.pixel <= distance


def outline(brain: dict, z: float, angles: np.ndarray) -> np.ndarray:
    """The brain's outer border at height z, ``(n, 2)``; angle 0 is the right, 90 degrees back."""
    a, b = brain["half_axes"] * _bump(z, 0, brain["top"])
    across, along = np.cos(angles), np.sin(angles)
    waves = 1 + sum(
        cosine * np.cos((k + 2) * angles) + sine * np.sin((k + 2) * angles)
        for k, (cosine, sine) in enumerate(brain["waves"].T)
    )
    # Narrower in front, widest behind the middle; a little boxy, as heads are.
    boxy = (np.abs(across) ** 2.3 + np.abs(along) ** 2.3) ** (-1 / 2.3)
    x = a * across * boxy * (0.955 + 0.075 * along)
    return np.stack([x * waves, b * along * boxy * waves], axis=1)


def slice_tissues(brain: dict, z: float, size: int) -> np.ndarray:
    """Which tissue each point of one slice is.

    Args:
        brain: From `grow`.
        z: Height in mm, from `LOWEST` to `HIGHEST`.
        size: Side of the final image in pixels.

    Returns:
        ``(side, side)`` uint8, one of the tissues above; the side is a multiple of `size`,
        at least twice as large.
    """
    canvas = Canvas(brain, size)
    hull = canvas.empty()
    canvas.fill(hull, outline(brain, z, np.linspace(0, 2 * np.pi, 361)))
    fluid = 1 - hull
    fluid[canvas.within(fluid, brain["rim"])] = 1
    _draw_fissure(canvas, fluid, brain, z)
    for sulcus in brain["sulci"]:
        _draw_sulcus(canvas, fluid, brain, sulcus, z)
    for side in (-1, 1):
        _draw_sylvian(canvas, fluid, brain, side, z)

    tissue = np.where(canvas.within(fluid, brain["cortex"]), CORTEX, WHITE).astype(np.uint8)
    tissue[fluid > 0] = FLUID
    for k, (kind, centre, axes, turn) in enumerate(NUCLEI):
        for i, side in enumerate((-1, 1)):
            nucleus = canvas.empty()
            x, y = centre[:2] + brain["jitter"][i, k]
            grown = _bump(z, centre[2], axes[2]) * np.array(axes[:2])
            if grown.min() > 1:
                canvas.fill(nucleus, _ellipse((side * x, y), grown, side * turn))
                tissue[nucleus > 0] = kind
    ventricles = canvas.empty()
    for path, radius, centre, reach in VENTRICLES:
        for side, larger in zip((-1, 1), brain["ventricles"], strict=True):
            wide = radius * larger * _bump(z, centre, reach)
            if wide > 0.4:
                canvas.trace(ventricles, _smooth(np.array(path) * (side, 1)), wide)
    tissue[ventricles > 0] = FLUID
    tissue[hull == 0] = OUTSIDE
    return _bend(tissue, brain["warp"], z)


def _bend(tissue: np.ndarray, warp: np.ndarray, z: float) -> np.ndarray:
    """Shift every point by a smooth random field that changes slowly from slice to slice."""
    side = len(tissue)
    place = [np.arange(side, dtype=np.float32)[None, :], np.arange(side, dtype=np.float32)[:, None]]
    maps = []
    for axis, (one, other) in zip(place, warp, strict=True):
        field = float(np.cos(z / 25)) * one + float(np.sin(z / 25)) * other
        field = 8 * cv2.GaussianBlur(field, (0, 0), 2.6) + 2.5 * cv2.GaussianBlur(field, (0, 0), 1)
        shift = cv2.resize(field, (side, side), interpolation=cv2.INTER_CUBIC)
        maps.append(axis + shift * side / FIELD_OF_VIEW)
    return cv2.remap(tissue, maps[0], maps[1], cv2.INTER_NEAREST)


def _ellipse(centre: tuple[float, float], axes: np.ndarray, turn: float) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 61)
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    u, v = axes[0] * np.cos(angles), axes[1] * np.sin(angles)
    return np.stack([centre[0] + u * cos - v * sin, centre[1] + u * sin + v * cos], axis=1)


def _smooth(path: np.ndarray, points: int = 24) -> np.ndarray:
    """A curve with `points` points through a path's first and last point, rounding the others."""
    t = np.linspace(0, len(path) - 1, points)
    fine = np.stack([np.interp(t, np.arange(len(path)), path[:, k]) for k in (0, 1)], axis=1)
    kernel = np.ones(5) / 5
    padded = np.pad(fine, ((2, 2), (0, 0)), mode="reflect", reflect_type="odd")
    return np.stack([np.convolve(padded[:, k], kernel, "valid") for k in (0, 1)], axis=1)


def _draw_fissure(canvas: Canvas, fluid: np.ndarray, brain: dict, z: float) -> None:
    """The gap between the hemispheres, which the corpus callosum closes below."""
    front, back = brain["half_axes"][1] * 1.05 * np.array([-1, 1])
    opened = float(np.clip((z - 27) / 7, 0, 1))  # above the corpus callosum the gap runs through
    for start, end in ((front, -43 + 45 * opened), (back, 44 - 45 * opened)):
        y = np.linspace(start, end, 20)
        x = 0.9 * np.sin(y / 9)
        canvas.trace(fluid, np.stack([x, y], axis=1), brain["fissure"])
    for sulcus in brain["medial"]:
        depth = sulcus["depth"] * _bump(z, sulcus["centre"], sulcus["reach"])
        if depth > 3 and not -43 + 45 * opened < sulcus["y"] < 44 - 45 * opened:
            x = sulcus["side"] * np.linspace(0, depth, 8)
            y = sulcus["y"] + sulcus["slope"] * np.abs(x) + 0.8 * np.sin(x / 2.5)
            canvas.trace(fluid, np.stack([x, y], axis=1), 0.8 * brain["fold"])


def _draw_sulcus(canvas: Canvas, fluid: np.ndarray, brain: dict, sulcus: dict, z: float) -> None:
    depth = sulcus["depth"] * (0.3 + 0.7 * _bump(z, sulcus["centre"], sulcus["reach"]))
    angle = sulcus["angle"] + sulcus["drift"] * (z - 20)
    start = outline(brain, z, np.array([angle]))[0]
    # Inwards, to a line along the middle of the hemisphere rather than to one point.
    aim = np.array([0.3 * start[0], 0.6 * start[1]]) - start
    ahead = aim / np.linalg.norm(aim)
    aside = np.array([-ahead[1], ahead[0]])
    t = np.linspace(0, 1, 14)
    height, turns, phase = sulcus["wave"]
    sway = height * (np.sin(2 * np.pi * turns * t + phase) - np.sin(phase))
    sway += sulcus["bend"] * depth * t**2
    path = start + np.outer(depth * t - 1, ahead) + np.outer(sway, aside)
    path[:, 0] *= sulcus["side"]
    width = brain["fold"] * sulcus["width"] * (1.35 - 0.6 * t)
    canvas.trace(fluid, path, width)
    if sulcus["fork"] and depth > 11:
        branch = ahead * abs(sulcus["fork"]) * 0.5 + aside * sulcus["fork"]
        branch[0] *= sulcus["side"]
        canvas.trace(fluid, np.stack([path[10], path[10] + branch]), 0.8 * brain["fold"])


def _draw_sylvian(canvas: Canvas, fluid: np.ndarray, brain: dict, side: int, z: float) -> None:
    """The deep lateral fissure over the insula, on the lower slices."""
    deep = _bump(z, -4, 24)
    if deep < 0.2:
        return
    edge = brain["half_axes"][0] * _bump(z, 0, brain["top"])
    inner = edge - (edge - 38) * deep
    wide = (0.7 + 0.9 * brain["age"]) * deep
    mouth = _smooth(np.array([(edge + 1, -22.0), (0.5 * (edge + inner), -16.0), (inner, -9.0)]))
    back = 17.0 * deep
    insula = _smooth(
        np.array(
            [
                (inner - 5, -24.0 * deep),
                (inner - 1, -16),
                (inner, -5),
                (inner - 2, 7),
                (inner + 5, back),
            ]
        )
    )
    for path, width in ((mouth, 0.7 * wide), (insula, wide)):
        canvas.trace(fluid, path * (side, 1), width)
