"""Questions on the U-Net: the join, what it costs, soft Dice, and Dice of several classes."""

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: The slice of the exercise: pixels, those of the blood pool, and the network's confidence.
PIXELS, INSIDE, SURE = 10_000, 500, 0.9
_BOTH = SURE * INSIDE
_SUM = _BOTH + (1 - SURE) * (PIXELS - INSIDE)
SOFT = 2 * _BOTH / (INSIDE + _SUM)
_BACKGROUND = 2 * SURE * (PIXELS - INSIDE) / (2 * PIXELS - INSIDE - _SUM)


def step_up(fine, coarse):
    """The coarse features, each pixel grown to 2x2, behind the fine ones."""
    return np.concatenate([fine, coarse.repeat(2, axis=0).repeat(2, axis=1)], axis=-1)


def _tiled(fine, coarse):
    return np.concatenate([fine, np.tile(coarse, (2, 2, 1))], axis=-1)


def _with_gaps(fine, coarse):
    grown = np.zeros((2 * coarse.shape[0], 2 * coarse.shape[1], coarse.shape[2]))
    grown[::2, ::2] = coarse
    return np.concatenate([fine, grown], axis=-1)


def _added(fine, coarse):
    return fine + step_up(fine, coarse)[..., fine.shape[-1] :]


def _coarse_first(fine, coarse):
    joined = step_up(fine, coarse)
    return np.concatenate([joined[..., fine.shape[-1] :], fine], axis=-1)


def _under_each_other(fine, coarse):
    return np.concatenate([fine, step_up(fine, coarse)[..., fine.shape[-1] :]], axis=0)


def drawn_features(rng):
    """Fine and coarse features, as many channels in both."""
    return rng.normal(size=(6, 4, 3)), rng.normal(size=(3, 2, 3))


def dice_by_class(truth, prediction, classes):
    """Dice of each class but the background; NaN where neither mask has it."""
    return _overlaps(truth, prediction, range(1, classes))


def _dice(both, a, b):
    return 2 * both / (a + b)


def _overlaps(truth, prediction, numbers, empty=np.nan, measure=_dice):
    truth, prediction = np.asarray(truth), np.asarray(prediction)
    found = []
    for number in numbers:
        a, b = truth == number, prediction == number
        seen = np.any(a | b)
        with np.errstate(invalid="ignore"):
            found.append(float(measure(np.sum(a & b), a.sum(), b.sum())) if seen else empty)
    return found


def _measured(measure):
    def wrong(truth, prediction, classes):
        return _overlaps(truth, prediction, range(1, classes), measure=measure)

    return wrong


def _pooled(truth, prediction, classes):
    return _overlaps(truth > 0, prediction > 0, [True])[0]


def drawn_masks(rng):
    """Two masks of four classes that agree on about half of the pixels."""
    truth, other = rng.integers(0, 4, (2, 6, 6))
    return truth, np.where(rng.random((6, 6)) < 0.5, truth, other), 4


_TRUTH = np.array([[0, 1, 1], [0, 2, 2], [0, 0, 0]])
_FOUND = np.array([[1, 1, 1], [0, 2, 0], [2, 0, 0]])

QUESTIONS = [
    ValueQuestion(
        name="04-join",
        answer="shape",
        level="predict",
        minutes=5,
        points=1,
        expected=(96, 96, 32),
        right="The step up doubles rows and columns and leaves as many channels as it has filters; the "
              "join adds the encoder's.",
        mistakes=[
            Mistake((96, 96, 16), "That is the shape of a sum. Concatenating puts the channels of both "
                    "one behind the other, so their numbers add up."),
            Mistake((96, 96, 48), "You kept the 32 channels of the level below. A convolution has as "
                    "many channels as filters, whatever comes in: after the step up there are 16."),
            Mistake((192, 96, 16), "You put one picture under the other. They are joined along the "
                    "channels: every position then has the features of both."),
            Mistake((None, 96, 96, 32), "Right but for the first: Keras puts the images of a batch there. "
                    "Give rows, columns and channels of one."),
            Mistake((48, 48, 32), "That is the level below, before the step up. The join needs two "
                    "grids of equal size, so a stride of 2 brings it to 96 first."),
            Mistake((48, 48, 48), "The join is on the fine grid: the coarse features are brought up, "
                    "the fine ones are not brought down."),
        ],
        hints=[
            "What does the transposed convolution give: how many rows, how many channels?",
            "Both parts are (96, 96, 16). Concatenated along the last axis, which number changes?",
        ],
    ),
    ValueQuestion(
        name="04-cost",
        answer="added",
        level="apply",
        minutes=10,
        points=1,
        expected=3 * 3 * 16 * 16,
        tolerance=1e-6,
        right="A skip has no parameters itself. It makes the next convolution see more channels.",
        mistakes=[
            Mistake(0, "Concatenating has no parameters, but the convolution after it sees twice as "
                    "many channels and needs weights for them."),
            Mistake(3 * 3 * 32 * 16 + 16, "That is the whole layer with the skip; what the skip adds is "
                    "asked for."),
            Mistake(3 * 3 * 32 * 16, "Those are all weights of the layer with the skip, without its "
                    "biases; what the skip adds is asked for."),
            Mistake(3 * 3 * 16 * 16 + 16, "The weights are right; the 16 biases are there without the "
                    "skip too: one a filter, however many channels come in."),
            Mistake(3 * 3 * 16, "That is one filter. Each of the 16 filters sees the 16 new channels."),
            Mistake(16 * 16, "That would be a 1×1 convolution; here each filter looks at 3×3 pixels."),
        ],
        hints=[
            "A filter has one weight for each of its 3×3 places and each channel that comes in.",
            "Count the layer twice, with 16 channels coming in and with 32, and subtract.",
        ],
    ),
    ValueQuestion(
        name="04-soft",
        answer="soft",
        level="apply",
        minutes=15,
        points=2,
        expected=SOFT,
        right="Many pixels, each a little unsure, weigh more than the few of the heart. The hard Dice "
              "of the same mask is 1: so report the hard one.",
        mistakes=[
            Mistake(1.0, "That is the hard Dice, after the threshold. Soft Dice takes the "
                    "probabilities as they are."),
            Mistake(0.9, "0.9 is the probability inside (or the Dice of another definition, with p "
                    "squared below). The 9500 pixels outside with 0.1 each are in the sum of p too."),
            Mistake(2 * _BOTH / (INSIDE + _BOTH), "You summed p inside the blood pool only. Outside "
                    "there are 9500 pixels with 0.1 each: nearly a thousand more."),
            Mistake(SOFT / 2, "The factor 2 is missing: without it a perfect and sure network would "
                    "only reach 0.5."),
            Mistake((SOFT + _BACKGROUND) / 2, "You averaged with the Dice of the background, which "
                    "is high for every network. Only the blood pool is asked for."),
            Mistake(1 - SOFT, "That is the Dice loss; the soft Dice is what it lacks to 1."),
        ],
        hints=[
            "Three sums: Σ t is 500. Σ t p counts the blood pool alone. Over which pixels runs Σ p?",
            "Σ t p = 500 · 0.9 and Σ p = 500 · 0.9 + 9500 · 0.1.",
        ],
    ),
    FunctionQuestion(
        name="04-level",
        answer="step_up",
        level="build",
        minutes=15,
        points=2,
        reference=step_up,
        cases=[
            (np.zeros((4, 4, 1)), np.array([[1.0, 2.0], [3.0, 4.0]])[..., None]),
            (np.arange(8.0).reshape(2, 2, 2), np.array([[[8.0, 9.0]]])),
        ],
        draw=drawn_features,
        right="A transposed convolution does the same with weights that are learned.",
        mistakes=[
            Mistake(_tiled, "`np.tile` lays the whole picture down four times. Each pixel has to "
                    "become a block of its own: a heart must stay one heart, larger."),
            Mistake(_with_gaps, "You spread the pixels out and left zeros between them. Each pixel has to "
                    "fill its whole block of 2×2."),
            Mistake(_added, "You added the two; joining keeps both, one behind the other."),
            Mistake(_coarse_first, "Both parts are there, the coarse ones first. A network would not "
                    "mind, but a saved weight would meet the wrong channel: the fine ones come first."),
            Mistake(_under_each_other, "You joined along the rows, one picture under the other. The "
                    "channels are the last axis: `axis=-1`."),
        ],
        hints=[
            "`np.repeat` repeats each row, or column, right beside itself; `np.tile` does not.",
            "`coarse.repeat(2, axis=0).repeat(2, axis=1)`, then `np.concatenate(..., axis=-1)`.",
        ],
    ),
    FunctionQuestion(
        name="04-classes",
        answer="dice_by_class",
        level="build",
        minutes=20,
        points=3,
        reference=dice_by_class,
        cases=[(_TRUTH, _FOUND, 3), (_TRUTH, _FOUND, 4), (_TRUTH, 0 * _TRUTH, 3)],
        draw=drawn_masks,
        right="Each class counts alike, however small it is, and the background does not count.",
        mistakes=[
            Mistake(lambda truth, prediction, classes: _overlaps(truth, prediction, range(classes)),
                    "Your Dice counts the background, class 0. It is large and easy, and lifts every "
                    "mean of classes."),
            Mistake(_pooled, "You pooled all classes into one, inside against outside: a pixel of "
                    "class 1 that is called 2 would count as right. Each class has a Dice of its own."),
            Mistake(_measured(lambda both, a, b: both / (a + b - both)), "That is Jaccard: shared "
                    "pixels by all pixels of either. Dice divides twice the shared by the sum."),
            Mistake(_measured(lambda both, a, b: both / (a + b)), "The factor 2 is missing: equal "
                    "masks would have 0.5."),
            Mistake(_measured(lambda both, a, b: both / a if a else np.nan), "You divided by the "
                    "pixels of the truth alone: that is the recall. What the prediction draws too "
                    "much then costs nothing."),
            Mistake(_measured(lambda both, a, b: both / b if b else np.nan), "You divided by the "
                    "pixels of the prediction alone: that is the precision. What it misses then costs "
                    "nothing."),
            Mistake(lambda truth, prediction, classes: _overlaps(
                truth, prediction, range(1, classes), empty=0.0), "A class that is in neither mask has "
                    "0 in yours: a network that rightly draws nothing would be punished for it."),
            Mistake(lambda truth, prediction, classes: _overlaps(
                truth, prediction, range(1, classes), empty=1.0), "A class that is in neither mask has "
                    "1 in yours: such gifts lift a mean. Give NaN, and leave it out of means."),
            Mistake(lambda truth, prediction, classes: float(np.nanmean(
                dice_by_class(truth, prediction, classes))), "That is the mean of the classes; give "
                    "one value for each, in a list."),
        ],
        hints=[
            "Make two masks of True and False for each class: `truth == 1` and `prediction == 1`.",
            "`range(1, classes)` leaves class 0 out; test `total == 0` before you divide.",
        ],
    ),
]  # fmt: skip
