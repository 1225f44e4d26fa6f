"""Questions on the encoder–decoder: what it sees, what it costs, and how it is scored."""

import numpy as np

from seglib.lessons.exercises.questions import (
    FunctionQuestion,
    Mistake,
    OpenQuestion,
    ValueQuestion,
)


def field(convolutions, depth):
    """Side in pixels of the receptive field at the bottom, with 3x3 convolutions and 2x2 poolings."""
    side, step = 1, 1
    for level in range(depth + 1):
        side += 2 * convolutions * step
        if level < depth:
            side += step
            step *= 2
    return side


def _dice(truth, prediction, empty=float("nan")):
    truth, prediction = np.asarray(truth) != 0, np.asarray(prediction) != 0
    total = truth.sum() + prediction.sum()
    return 2 * (truth & prediction).sum() / total if total else empty


def dice(truth, prediction):
    """Dice of the non-zero pixels of two masks; NaN if both are empty."""
    return float(_dice(truth, prediction))


def _with_background(truth, prediction):
    black = _dice(np.asarray(truth) == 0, np.asarray(prediction) == 0)
    return np.nanmean([_dice(truth, prediction), black])


def _accuracy(truth, prediction):
    return np.mean((truth != 0) == (prediction != 0))


def _jaccard(truth, prediction):
    both, either = np.sum((truth != 0) & (prediction != 0)), np.sum((truth != 0) | (prediction != 0))
    return both / either if either else float("nan")


def _summed(truth, prediction):
    total = truth.sum() + prediction.sum()
    return 2 * (truth * prediction).sum() / total if total else float("nan")


def _recall(truth, prediction):
    return np.sum((truth != 0) & (prediction != 0)) / max(np.sum(truth != 0), 1)


def drawn_pair(rng):
    """Two masks of 0 and 255 that overlap in part."""
    return tuple(255 * (rng.random((2, 8, 8)) < 0.4).astype(np.uint8))


SMALL = np.array([[1, 1, 0, 0], [1, 1, 0, 0]], np.uint8)
BESIDE = np.array([[0, 1, 1, 0], [0, 1, 1, 0]], np.uint8)
WIDER = np.array([[1, 1, 1, 0], [1, 1, 1, 0]], np.uint8)
NOTHING = np.zeros_like(SMALL)

#: Of the exercise on means: a large chamber on one slice, a small one on the other.
TRUTH = np.zeros((2, 8, 8), np.uint8)
TRUTH[0, 1:7, 1:7] = TRUTH[1, 3:5, 3:5] = 1
ALL_RIGHT = "That is the truth itself: both means are 1. Leave something out."
BOTH_BLACK = "Nothing that you marked is right, so both means are 0."
OTHER_WAY = "It is the other way round here: the slice with the large chamber is right, and the small "\
    "one counts little when pixels are pooled. Which slice must be good?"  # fmt: skip
EQUAL = "Both means are equal: be better on one slice than on the other."
SHAPE = "It must have the shape of the truth: (2, 8, 8)."
GREY = "A mask holds 0 and 1 only."


def marked(large, small):
    """A prediction that marks so many rows of the large chamber and of the small one."""
    made = np.zeros_like(TRUTH)
    made[0, 1 : 1 + large, 1:7] = 1
    made[1, 3 : 3 + small, 3:5] = 1
    return made


def fault_of_means(prediction):
    """What is wrong with a prediction whose mean over slices shall be above the pooled value."""
    if prediction.shape != TRUTH.shape:
        return SHAPE
    if not np.isin(prediction, (0, 1)).all():
        return GREY
    of_slices = np.mean([_dice(t, p, 1.0) for t, p in zip(TRUTH, prediction, strict=True)])
    pooled = _dice(TRUTH, prediction)
    if pooled in (0, 1):
        return ALL_RIGHT if pooled else BOTH_BLACK
    if np.isclose(of_slices, pooled):
        return EQUAL
    return None if of_slices > pooled else OTHER_WAY


def parameters(channels, filters):
    """Of a block: two 3x3 convolutions without bias, each with a batch normalisation."""
    return 9 * channels * filters + 9 * filters * filters + 2 * 4 * filters


QUESTIONS = [
    ValueQuestion(
        name="03-black",
        answer="zero",
        level="predict",
        minutes=5,
        points=1,
        expected="d",
        right="So it is the one to watch, with the number of cases missed beside it.",
        mistakes=[
            Mistake("a", "98 % of the pixels are background, and all of them are right."),
            Mistake("b", "2 × 98 / (98 + 100) is about 0.99: the background is outlined very well."),
            Mistake("c", "It is the mean of about 0.99 and 0, so about a half. That hides a failure."),
        ],
        hints=["Write down the four areas for 100 pixels, 2 of them blood.",
               "Dice is 0 where two areas share nothing."],
    ),
    ValueQuestion(
        name="03-field",
        answer="side",
        level="apply",
        minutes=15,
        points=2,
        expected=field(3, 4),
        tolerance=1e-6,
        right="A third convolution in each block widens the view without a further pooling.",
        mistakes=[
            Mistake(field(2, 4), "That is the lesson's network, with two convolutions in a block."),
            Mistake(1 + 6 * 31, "You left out the poolings: each reads one step further, too."),
            Mistake(1 + 6 * 5 + 4, "Behind a pooling, a step is twice as long as before it."),
            Mistake(field(3, 4) - 1, "The pixel in the middle counts too."),
            Mistake(field(3, 3), "You stopped a level too early: there is a block below the last "
                    "pooling."),
            Mistake((field(3, 4) - 1) // 2, "That is how far it sees to one side."),
        ],
        hints=[
            "A 3×3 convolution adds one step on each side, so two steps.",
            "Steps are 1, 2, 4, 8 and 16 pixels long, from the top to the bottom.",
            "Change one number in the lesson's `receptive_field`.",
        ],
    ),
    OpenQuestion(
        name="03-means",
        answer="prediction",
        level="apply",
        minutes=15,
        points=2,
        example=marked(3, 2),
        fault=fault_of_means,
        right="Pooled, pixels count alike; averaged, slices do. Say which you report.",
        mistakes=[
            Mistake(TRUTH, ALL_RIGHT),
            Mistake(np.zeros_like(TRUTH), BOTH_BLACK),
            Mistake(marked(6, 0), OTHER_WAY),
            Mistake(marked(3, 1), EQUAL),
            Mistake(marked(3, 2)[:1], SHAPE),
            Mistake(0.5 * TRUTH, GREY),
        ],
        hints=[
            "Which of the two slices has more say when all pixels are put together?",
            "Be perfect where there is little to find, and poor where there is much.",
        ],
    ),
    FunctionQuestion(
        name="03-dice",
        answer="dice",
        level="build",
        minutes=20,
        points=3,
        reference=dice,
        cases=[(SMALL, BESIDE), (SMALL, WIDER), (SMALL, SMALL), (NOTHING, NOTHING),
               (SMALL, NOTHING), (255 * SMALL, 255 * BESIDE)],
        draw=drawn_pair,
        right="A few lines, on which the whole field stands.",
        mistakes=[
            Mistake(_with_background, "Your Dice counts the background: it is the mean of two "
                    "classes, and the easy one lifts it."),
            Mistake(lambda t, p: _dice(t == 0, p == 0), "That is the Dice of the background."),
            Mistake(_accuracy, "That is the pixel accuracy: it counts the background."),
            Mistake(_jaccard, "That is Jaccard: both / (both + missed + extra). Dice counts both "
                    "twice."),
            Mistake(lambda t, p: dice(t, p) / 2, "The overlap counts twice, or two equal masks would "
                    "have a Dice of 0.5."),
            Mistake(_summed, "It is right for masks of 0 and 1 only. Many files hold 0 and 255: ask "
                    "which pixels are not 0."),
            Mistake(lambda t, p: _dice(t, p, 0.0), "Two empty masks agree, yet there is nothing to "
                    "score: they shall give NaN, and yours gives 0, a failure in every mean."),
            Mistake(lambda t, p: _dice(t, p, 1.0), "Two empty masks shall give NaN: with 1, every "
                    "slice without a heart would lift the mean."),
            Mistake(_recall, "That is recall: it does not see what is marked too much."),
        ],
        hints=[
            "Make booleans first: `truth != 0`.",
            "`a & b` is what both have; `a.sum() + b.sum()` counts it twice.",
            "If that sum is 0, give `np.nan`.",
        ],
    ),
    FunctionQuestion(
        name="03-parameters",
        answer="parameters",
        level="build",
        minutes=15,
        points=2,
        reference=parameters,
        cases=[(1, 16), (16, 32), (3, 5)],
        draw=lambda rng: tuple(int(n) for n in rng.integers(1, 200, 2)),
        tolerance=1e-9,
        right="Most of a network stands at its bottom, where the filters are many.",
        mistakes=[
            Mistake(lambda c, f: parameters(c, f) + 2 * f, "You counted biases. There are none: the "
                    "normalisation would take them away again."),
            Mistake(lambda c, f: parameters(c, f) - 8 * f, "The two normalisations have weights too, "
                    "four for each filter."),
            Mistake(lambda c, f: parameters(c, f) - 4 * f, "A normalisation learns two numbers a "
                    "filter and keeps two more, the running mean and variance. Keras counts all four."),
            Mistake(lambda c, f: 18 * c * f + 8 * f, "The second convolution reads the `filters` of "
                    "the first, not the `channels` of the input."),
            Mistake(lambda c, f: 3 * c * f + 3 * f * f + 8 * f, "A 3×3 window has nine weights."),
            Mistake(lambda c, f: 9 * f + 9 * f + 8 * f, "Each filter reads all channels: it has nine "
                    "weights for every one of them."),
            Mistake(lambda c, f: 9 * c * f + 4 * f, "A block has two convolutions."),
        ],
        hints=[
            "One filter of the first convolution has 3 · 3 · channels weights.",
            "Check yours against `count_params()` of the lesson's `block` with 16 filters.",
        ],
    ),
]  # fmt: skip
