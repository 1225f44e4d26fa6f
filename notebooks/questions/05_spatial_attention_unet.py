"""Questions on attention: what moves its weights, what it can do, what it costs, and its map."""

import numpy as np
from scipy import ndimage

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

_CHANNEL, _SPATIAL = 64 * 8 + 8 + 8 * 64 + 64, 7 * 7 * 2 + 1


def inside_outside(weights, mask):
    """Mean weight inside the mask by that outside; the mask may be on a finer grid."""
    inside, outside = _parts(weights, mask)
    return float(inside.mean() / outside.mean())


def _parts(weights, mask):
    step = mask.shape[0] // weights.shape[0]
    heart = mask[::step, ::step] > 0
    return weights[heart], weights[~heart]


def _sums(weights, mask):
    inside, outside = _parts(weights, mask)
    return inside.sum() / outside.sum()


def _by_all(weights, mask):
    return _parts(weights, mask)[0].mean() / weights.mean()


def _share(weights, mask):
    return _parts(weights, mask)[0].sum() / weights.sum()


def _corner(weights, mask):
    rows, columns = weights.shape
    inside, outside = _parts(weights, mask[:rows, :columns])
    return inside.mean() / outside.mean() if inside.size and outside.size else np.nan


def _subtracted(weights, mask):
    inside, outside = _parts(weights, mask)
    return inside.mean() - outside.mean()


def drawn_map(rng):
    """A map of 6 by 6 weights, and a rectangle of 3 by 2 of its places on a grid twice as fine."""
    mask = np.zeros((6, 6), np.uint8)
    top, left = rng.integers(1, 4, 2)
    mask[top : top + 3, left : left + 2] = 1
    return rng.uniform(0.1, 0.9, (6, 6)), np.kron(mask, np.ones((2, 2), np.uint8))


def _statistics(x):
    return [x.mean(axis=-1), x.max(axis=-1)]


def _slid(pictures, kernel, slide=ndimage.correlate, mode="constant"):
    return sum(slide(one, kernel[..., n], mode=mode) for n, one in enumerate(pictures))


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def spatial_map(x, kernel, bias):
    """The map of spatial attention: one weight a position."""
    return _sigmoid(_slid(_statistics(x), kernel) + bias)


def _no_sigmoid(x, kernel, bias):
    return _slid(_statistics(x), kernel) + bias


def _no_bias(x, kernel, bias):
    return _sigmoid(_slid(_statistics(x), kernel))


def _maximum_first(x, kernel, bias):
    return _sigmoid(_slid(_statistics(x)[::-1], kernel) + bias)


def _turned(x, kernel, bias):
    return _sigmoid(_slid(_statistics(x), kernel, ndimage.convolve) + bias)


def _reflected(x, kernel, bias):
    return _sigmoid(_slid(_statistics(x), kernel, mode="reflect") + bias)


def _turned_and_reflected(x, kernel, bias):
    return _sigmoid(_slid(_statistics(x), kernel, ndimage.convolve, "reflect") + bias)


def _bias_for_each(x, kernel, bias):
    return _sigmoid(_slid(_statistics(x), kernel) + 2 * bias)


def _applied(x, kernel, bias):
    return x * spatial_map(x, kernel, bias)[..., None]


def drawn_features(rng):
    """Features of six channels, a kernel of 3 by 3, a bias."""
    return rng.normal(size=(6, 7, 6)), rng.normal(size=(3, 3, 2)), float(rng.uniform(0.2, 1.0))


def _small(rows, columns, place, bias):
    """Numbers that rise through the channels, and a kernel of zeros with a one at one place."""
    kernel = np.zeros((3, 3, 2))
    kernel[place] = 1
    return np.arange(rows * columns * 2.0).reshape(rows, columns, 2) / 4, kernel, bias


_MAP = np.full((4, 4), 0.2)
_MAP[:2, :2] = 0.8
_MASK = np.zeros((8, 8), np.uint8)
_MASK[:4, :4] = 1

QUESTIONS = [
    ValueQuestion(
        name="05-mirror",
        answer="unmoved",
        level="predict",
        minutes=5,
        points=1,
        expected="a",
        right="Channel attention sees one mean a channel, and a mean does not know where its pixels "
              "were.",
        mistakes=[
            Mistake("b", "Spatial attention has one weight a position. The heart is at other "
                    "positions now, so at each place something else stands."),
            Mistake("c", "Channel attention, yes. The map of spatial attention has a place for each "
                    "pixel: in the mirror other pixels stand there."),
            Mistake("d", "What does channel attention know of an image? One mean a channel. Does a "
                    "mean change when the pixels change places?"),
        ],
        hints=[
            "What does each attention look at before it makes its weights?",
            "Mirror the row 1, 2, 6. Is its mean another one? Is its first number?",
        ],
    ),
    ValueQuestion(
        name="05-range",
        answer="bounds",
        level="apply",
        minutes=10,
        points=1,
        expected=(3, 6),
        right="With the skip added it can double a channel and never switch one off.",
        mistakes=[
            Mistake((0, 3), "That is a gate, which multiplies only. Here the skip itself is added: "
                    "x + w x."),
            Mistake((0, 6), "The upper end is right. At weight 0 the skip itself still passes."),
            Mistake((0, 1), "Those are the ends of the weight. What becomes of a feature of value 3?"),
            Mistake((3, 4), "The weight was added to the feature. It is multiplied first: x + w x."),
            Mistake((1, 2), "Those are the factors, 1 + w. Multiply the feature by them."),
        ],
        hints=[
            "Write it as a formula: what comes out is x + w · x.",
            "Put in x = 3, once with w = 0 and once with w = 1.",
        ],
    ),
    ValueQuestion(
        name="05-cost",
        answer="parameters",
        level="apply",
        minutes=10,
        points=2,
        expected=(_CHANNEL, _SPATIAL),
        tolerance=1e-6,
        right="Next to a 3×3 convolution from 64 channels to 64, which has 36 928, both are cheap.",
        mistakes=[
            Mistake((_CHANNEL - 72, _SPATIAL - 1), "The weights are right; the biases are missing, one "
                    "for each value that a layer gives."),
            Mistake((_CHANNEL, _SPATIAL - 1), "The convolution gives one map, so it has one bias."),
            Mistake((_CHANNEL - 72, _SPATIAL), "The dense layers have biases too: 8 and 64."),
            Mistake((_CHANNEL, 7 * 7 * 64 + 1), "The convolution does not see the 64 channels, but "
                    "two pictures: their mean and their maximum."),
            Mistake((_CHANNEL, 7 * 7 + 1), "The convolution sees two pictures, mean and maximum, and "
                    "has 7×7 weights for each."),
            Mistake((_CHANNEL, 7 * 7 * 2 + 2), "The two pictures are added up to one map: one bias."),
            Mistake((64 * 64 + 64, _SPATIAL), "That is one dense layer from 64 to 64. Here there are "
                    "two, with only 8 values between them."),
            Mistake((_SPATIAL, _CHANNEL), "Both are right, in the other order: channel attention "
                    "first."),
        ],
        hints=[
            "A dense layer from n values to m has n · m weights and m biases.",
            "A 7×7 convolution from c pictures to one map has 7 · 7 · c weights and one bias. How many "
            "pictures does it see?",
        ],
    ),
    FunctionQuestion(
        name="05-ratio",
        answer="inside_outside",
        level="build",
        minutes=15,
        points=2,
        reference=inside_outside,
        cases=[
            (_MAP, _MASK),
            (np.array([[0.9, 0.1], [0.2, 0.3]]), np.array([[1, 0], [0, 0]])),
            (np.array([[0.9, 0.1], [0.2, 0.3]]), np.kron([[0, 1], [0, 0]], np.ones((4, 4)))),
        ],
        draw=drawn_map,
        right="It says whether the map cares, and not whether the layers after it use the place.",
        mistakes=[
            Mistake(_sums, "You divided sums. Outside there are many more pixels, so their sum is "
                    "large however small each weight is: take means."),
            Mistake(_by_all, "You divided by the mean of the whole map, the heart included; divide by "
                    "that outside."),
            Mistake(_share, "That is the share of all weight that lies inside; a large heart has more "
                    "of it without any attention."),
            Mistake(lambda weights, mask: 1 / inside_outside(weights, mask), "That is outside by "
                    "inside, the wrong way round."),
            Mistake(_subtracted, "You subtracted. A ratio is asked for: the scale of a map means "
                    "nothing by itself."),
            Mistake(_corner, "You cut the upper left corner out of the mask. The map covers the whole "
                    "image, more coarsely: take every `step`-th row and column."),
        ],
        hints=[
            "`step = mask.shape[0] // weights.shape[0]` says how much finer the mask is.",
            "`heart = mask[::step, ::step] > 0`; then `weights[heart]` and `weights[~heart]`.",
        ],
    ),
    FunctionQuestion(
        name="05-spatial",
        answer="spatial_map",
        level="build",
        minutes=30,
        points=3,
        reference=spatial_map,
        cases=[_small(3, 3, (1, 1, 0), 0.0), _small(3, 4, (0, 1, 1), 0.5)],
        draw=drawn_features,
        tolerance=1e-5,
        right="A weight depends on what stands around its place, and that is what makes it spatial.",
        mistakes=[
            Mistake(_no_sigmoid, "The sigmoid is missing: your weights are not between 0 and 1."),
            Mistake(_no_bias, "The bias is missing."),
            Mistake(_bias_for_each, "You added the bias for each of the two pictures; there is one."),
            Mistake(_maximum_first, "Maximum and mean are in the wrong order: the first part of the "
                    "kernel, `kernel[..., 0]`, belongs to the mean."),
            Mistake(_turned, "`ndimage.convolve` turns the kernel by half a circle first, as in "
                    "mathematics. A network's convolution does not: use `correlate`."),
            Mistake(_reflected, "Beyond the border SciPy mirrors the picture unless told otherwise. A "
                    'network\'s convolution sees zeros there: `mode="constant"`.'),
            Mistake(_turned_and_reflected, "Two things: `ndimage.convolve` turns the kernel, and "
                    "beyond the border SciPy mirrors the picture. Use `correlate` and "
                    '`mode="constant"`.'),
            Mistake(lambda x, kernel, bias: spatial_map(x, kernel, bias)[..., None], "The numbers are "
                    "right, but there is a last axis of length 1 too many: (H, W) is asked for."),
            Mistake(_applied, "Those are the weighted features. The map is asked for, one weight a "
                    "position."),
        ],
        hints=[
            'For one picture: `ndimage.correlate(x.mean(axis=-1), kernel[..., 0], mode="constant")`.',
            "Add the same of the maximum with `kernel[..., 1]`, add the bias, then the sigmoid.",
        ],
    ),
]  # fmt: skip
