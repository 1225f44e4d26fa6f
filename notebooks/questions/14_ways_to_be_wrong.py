"""Questions on ways to be wrong: background, soft values, batches, a prediction wrong on purpose."""

from itertools import combinations

import numpy as np

from seglib.lessons.exercises.questions import (
    FunctionQuestion,
    Mistake,
    OpenQuestion,
    ValueQuestion,
)

#: Of the first question: pixels of an image, and of the organ in it.
PIXELS, ORGAN = 100, 4
BACKGROUND = 2 * (PIXELS - ORGAN) / (2 * PIXELS - ORGAN)
#: Of the third question: share of the organ, and what the network says inside it.
SHARE, INSIDE = 0.02, 0.6
#: How far apart the scores of the last question must lie.
APART = 0.03


def _outside(inside, goal, power=1):
    """The probability outside at which the soft Dice of a perfect mask falls to `goal`."""
    rest = (2 * inside / goal - inside**power - 1) * SHARE / (1 - SHARE)
    return rest ** (1 / power)


def _pool(truth, prediction):
    """Dice of all pixels together; NaN where both are empty."""
    total = np.sum(truth) + np.sum(prediction)
    return 2 * np.sum(np.logical_and(truth, prediction)) / total if total else np.nan


def _batches(truth, prediction, size):
    starts = range(0, len(truth), size)
    return [(truth[s : s + size], prediction[s : s + size]) for s in starts]


def batch_dice(truth, prediction, size):
    """Mean over the batches of the Dice of each, without batches that hold no mask."""
    return float(np.nanmean([_pool(a, b) for a, b in _batches(truth, prediction, size)]))


def _empty_is_one(truth, prediction, size):
    values = [_pool(a, b) for a, b in _batches(truth, prediction, size)]
    return float(np.nan_to_num(values, nan=1.0).mean())


def _whole_batches(truth, prediction, size):
    whole = len(truth) // size * size
    return batch_dice(truth[:whole], prediction[:whole], size)


def _size_as_number(truth, prediction, size):
    parts = zip(np.array_split(truth, size), np.array_split(prediction, size), strict=True)
    return float(np.nanmean([_pool(a, b) for a, b in parts]))


def _halved(truth, prediction, size):
    return batch_dice(truth, prediction, size) / 2


def some_images(sizes, side=4):
    """Masks ``(N, side, side)``, for each image the expert's number of pixels and the network's."""
    truth, prediction = np.zeros((2, len(sizes), side * side), bool)
    for row, (expert, network) in enumerate(sizes):
        truth[row, :expert] = True
        prediction[row, 1 : 1 + network] = True
    return truth.reshape(-1, side, side), prediction.reshape(-1, side, side)


def drawn_images(rng):
    """Eight images, the first three of them without a mask, in batches of three."""
    sizes = [(0, 0)] * 3 + [tuple(map(int, pair)) for pair in rng.integers(2, 14, (5, 2))]
    return *some_images(sizes), 3


def expert():
    """The expert's mask of the last question: 36 pixels of 256."""
    mask = np.zeros((16, 16), bool)
    mask[3:9, 4:10] = True
    return mask


def _block(top, bottom, left, right):
    mask = np.zeros((16, 16), bool)
    mask[top:bottom, left:right] = True
    return mask


def scores(drawn):
    """What six scorers say of a prediction: the first is right."""
    truth, drawn = expert(), drawn != 0
    dice, both = _pool(truth, drawn), np.sum(truth & drawn)
    return {
        "Dice": dice,
        "Jaccard": both / np.sum(truth | drawn),
        "Dice with itself": _pool(drawn, drawn),
        "mean Dice of organ and background": (dice + _pool(~truth, ~drawn)) / 2,
        "share of right pixels": np.mean(truth == drawn),
        "sensitivity": both / truth.sum(),
    }


def _usable(drawn):
    return drawn.shape == (16, 16) and bool(np.isin(drawn, (0, 1)).all())


def _if(rule):
    """Tell a mistake by a rule that sees the prediction and the expert's mask, both bool."""
    return lambda drawn: _usable(drawn) and bool(rule(drawn != 0, expert()))


def fault_of_probe(drawn):
    """Which two scorers a prediction does not tell apart, or None."""
    if not _usable(drawn):
        return "A mask of 16 x 16 pixels is asked for, with 0 and 1 alone (or False and True)."
    said = scores(drawn)
    a, b = min(combinations(said, 2), key=lambda pair: abs(said[pair[0]] - said[pair[1]]))
    if abs(said[a] - said[b]) < APART:
        return (f"Two scorers are not told apart: {a} ({said[a]:.3f}) and {b} ({said[b]:.3f}) lie "
                f"less than {APART} from each other.")  # fmt: skip
    return None


QUESTIONS = [
    ValueQuestion(
        name="14-background",
        answer="mean",
        level="predict",
        minutes=5,
        points=1,
        expected=BACKGROUND / 2,
        tolerance=2e-3,
        right="Nearly one half for nothing. Of four classes, one of them background, it is nearly a "
              "quarter.",
        mistakes=[
            Mistake(BACKGROUND, "That is the Dice of the background alone. The organ's is 0, and the "
                    "mean of both is asked for."),
            Mistake(0, "That is the organ's Dice. The background counts here as a class of its own, and "
                    "the mask fits it well."),
            Mistake((1 - ORGAN / PIXELS) / 2, "You took 96 of 100 right pixels for the background's "
                    "Dice. Dice divides twice the overlap by the sum of both areas."),
            Mistake(1 - ORGAN / PIXELS, "That is the share of right pixels. Give the mean of two Dice, "
                    "the background's and the organ's."),
            Mistake(1, "Not all is right: the four pixels of the organ are missing."),
        ],
        hints=[
            "The background: 96 pixels in truth, 100 in the prediction. How many in both?",
            "2 · 96 / (96 + 100) for the background, 0 for the organ; then the mean.",
        ],
    ),
    ValueQuestion(
        name="14-inherits",
        answer="line",
        level="predict",
        minutes=5,
        points=1,
        expected="d",
        right="`model = build()` belongs there. `compile` changes the loss and keeps the weights.",
        mistakes=[
            Mistake("a", "There the model is made, and it has not learnt yet: the first training is fine."),
            Mistake("b", "The first training begins with a model that was just made. What does the second "
                    "one begin with?"),
            Mistake("c", "Predicting changes no weights. Look for a training that goes on from another."),
            Mistake("e", "Too late: the second training has already gone on from the weights of the first."),
            Mistake("f", "Both masks are scored against the truth from the file, and that is right. What "
                    "had the second network learnt before its training began?"),
        ],
        hints=[
            "How many times is a model built, and how many times is one trained?",
            "`compile` sets a loss and an optimiser. It does not make new weights.",
        ],
    ),
    ValueQuestion(
        name="14-unsure",
        answer="outside",
        level="apply",
        minutes=15,
        points=2,
        expected=_outside(INSIDE, 0.5),
        tolerance=1e-4,
        right="The rarer the organ, the less is needed: the many pixels outside are all added up.",
        mistakes=[
            Mistake(_outside(INSIDE, 0.5, power=2), "You squared the probabilities in the denominator. "
                    "That soft Dice exists too; the lesson's adds them up as they are."),
            Mistake(_outside(1, 0.5), "You took 1 for what the network says inside. It says 0.6."),
            Mistake(_outside(INSIDE, 0.5) * (1 - SHARE), "You spread the surplus over all pixels. Only "
                    "those outside the organ, 98 %, say it."),
            Mistake(_outside(INSIDE, 2 / 3), "You let the Jaccard fall to one half: then Dice is still "
                    "2/3."),
            Mistake(0.5, "At 0.5 the mask would change. The soft value falls much earlier, while the "
                    "mask stays perfect."),
            Mistake(_outside(INSIDE, 0.5) * (1 - SHARE) / SHARE, "You spread the surplus over as many "
                    "pixels as the organ has. Outside there are 49 times as many."),
        ],
        hints=[
            "Of 100 pixels 2 lie inside: overlap 2 · 0.6, sum of the truth 2, sum of the probabilities "
            "2 · 0.6 + 98 · outside.",
            "Solve 2 · 1.2 / (2 + 1.2 + 98 · outside) = 0.5, or try values from 0 on.",
        ],
    ),
    FunctionQuestion(
        name="14-batch",
        answer="batch_dice",
        level="build",
        minutes=20,
        points=3,
        reference=batch_dice,
        cases=[
            (*some_images([(10, 10), (2, 0), (8, 4)]), 2),
            (*some_images([(10, 10), (2, 0), (8, 4), (5, 9), (1, 6)]), 2),
            (*some_images([(6, 3), (0, 0), (0, 0), (12, 12), (3, 3), (0, 2)]), 1),
        ],
        draw=drawn_images,
        right="Same prediction, other batch, other score: that is why patients are the unit.",
        mistakes=[
            Mistake(lambda truth, prediction, size: batch_dice(truth, prediction, 1), "You formed a "
                    "Dice for each image. Pool the pixels of a batch first, then form one ratio."),
            Mistake(lambda truth, prediction, size: _pool(truth, prediction), "You pooled all images. "
                    "Form one Dice for each batch, then the mean."),
            Mistake(_whole_batches, "You dropped the last batch, for it is not full. It counts as well."),
            Mistake(_size_as_number, "You made `size` batches. It is the number of images in each."),
            Mistake(_empty_is_one, "You counted a batch without any mask as 1. It has no Dice (0 / 0) "
                    "and is left out."),
            Mistake(_halved, "The factor 2 is missing: a perfect prediction would get one half."),
        ],
        hints=[
            "`range(0, len(truth), size)` gives the start of each batch; `truth[s : s + size]` is one.",
            "Where no pixel is in either mask, append NaN; `np.nanmean` leaves it out.",
        ],
    ),
    OpenQuestion(
        name="14-probe",
        answer="probe",
        level="build",
        minutes=25,
        points=3,
        example=_block(3, 9, 8, 12),
        fault=fault_of_probe,
        right="With such a prediction in a test, no wrong scorer passes for the right one.",
        mistakes=[
            Mistake(expert(), "That is the expert's mask: every scorer says 1, the wrong ones too."),
            Mistake(np.zeros((16, 16), bool), "An empty prediction: Dice, Jaccard and sensitivity are "
                    "all 0, so that they are not told apart.", when=_if(lambda a, b: not a.any())),
            Mistake(_block(10, 15, 10, 14), "It does not touch the expert's mask: Dice, Jaccard and "
                    "sensitivity are all 0.", when=_if(lambda a, b: not (a & b).any())),
            Mistake(_block(2, 10, 3, 11), "It holds the whole expert's mask: sensitivity is 1, as is "
                    "Dice with itself. Let it miss a part.", when=_if(lambda a, b: not (b & ~a).any())),
            Mistake(_block(4, 8, 5, 9), "It lies inside the expert's mask: then Jaccard and sensitivity "
                    "are the same. Let it stick out.", when=_if(lambda a, b: not (a & ~b).any())),
            Mistake(_block(3, 9, 6, 12), "It has as many pixels as the expert's mask: then Dice and "
                    "sensitivity are the same. Change the size as well.",
                    when=_if(lambda a, b: a.sum() == b.sum())),
        ],
        hints=[
            "It must be wrong in two ways: in place, and in size.",
            "Move the block by some columns so that half of it sticks out, and make it narrower.",
        ],
    ),
]  # fmt: skip
