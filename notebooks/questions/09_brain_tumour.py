"""Questions on brain tumours: empty slices, the weight in a loss, false alarms."""

import numpy as np
from scipy import ndimage

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the head in the first question.
SLICES, WITH_TUMOUR = 60, 20
#: Of the second question: share of tumour pixels, and the probability to be reached.
SHARE, GOAL = 0.02, 0.8
#: Weight of a tumour pixel that makes both classes weigh the same.
BALANCED = (1 - SHARE) / SHARE
#: Of the third question: pixels of an empty slice.
EMPTY = 10_000



def _dice(truth, prediction):
    """Dice of each slice; NaN where both masks are empty."""
    total = np.sum(truth, axis=(1, 2)) + np.sum(prediction, axis=(1, 2))
    both = np.sum(np.logical_and(truth, prediction), axis=(1, 2))
    return np.divide(2.0 * both, total, out=np.full(len(total), np.nan), where=total > 0)


def _mean(values):
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else np.nan


def mean_dice(truth, prediction):
    """Mean Dice of the slices, without those that are empty in both masks."""
    return _mean(_dice(truth, prediction))


def _filled(value):
    return lambda truth, prediction: float(np.nan_to_num(_dice(truth, prediction), nan=value).mean())


def _zero_if_none(truth, prediction):
    return float(np.nan_to_num(mean_dice(truth, prediction)))


def _with_tumour_only(truth, prediction):
    shown = np.any(truth, axis=(1, 2))
    return _mean(_dice(truth[shown], prediction[shown]))


def _drawn_only(truth, prediction):
    shown = np.any(prediction, axis=(1, 2))
    return _mean(_dice(truth[shown], prediction[shown]))


def _pooled(truth, prediction):
    return _mean(_dice(truth.reshape(1, -1, 1), prediction.reshape(1, -1, 1)))


def _jaccard(truth, prediction):
    dice = _dice(truth, prediction)
    return _mean(dice / (2 - dice))


def some_slices(counts, side=4):
    """Masks of one row a slice: pixels of the expert alone, of both, and of the network alone."""
    truth, prediction = np.zeros((2, len(counts), side * side), bool)
    for row, (expert, both, network) in enumerate(counts):
        truth[row, : expert + both] = True
        prediction[row, expert : expert + both + network] = True
    return truth.reshape(-1, side, side), prediction.reshape(-1, side, side)


def drawn_slices(rng):
    """An empty pair, a miss, a false alarm and three slices that both have drawn, in any order."""
    counts = [(0, 0, 0), (int(rng.integers(1, 9)), 0, 0), (0, 0, int(rng.integers(1, 9)))]
    counts += [tuple(map(int, rng.integers(1, 6, 3))) for _ in range(3)]
    order = rng.permutation(len(counts))
    truth, prediction = some_slices(counts)
    return truth[order], prediction[order]


def _kept(volume, keep):
    """The pieces of a volume for which `keep` is true."""
    labels, count = ndimage.label(volume)
    pieces = [labels == number for number in range(1, count + 1)]
    return np.logical_or.reduce([np.zeros(volume.shape, bool), *filter(keep, pieces)])


def _slices_of(piece):
    return piece.any(axis=(1, 2)).sum()


def drop_thin(prediction):
    """The mask without the pieces that lie on one slice only."""
    return _kept(prediction, lambda piece: _slices_of(piece) > 1)


def _joined_at_corners(prediction):
    labels, _ = ndimage.label(prediction, np.ones((3, 3, 3)))
    flat = [labels == n for n in range(1, labels.max() + 1) if _slices_of(labels == n) == 1]
    return prediction & ~np.logical_or.reduce([np.zeros(prediction.shape, bool), *flat])


def _boxes_emptied(prediction):
    kept = prediction.copy()
    for box in ndimage.find_objects(ndimage.label(prediction)[0]):
        if box[0].stop - box[0].start == 1:
            kept[box] = False
    return kept


def _largest(prediction):
    labels, count = ndimage.label(prediction)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    return _kept(prediction, lambda piece: piece.sum() == sizes.max())


def _by_slices(prediction):
    shown = np.pad(prediction.any(axis=(1, 2)), 1)
    return prediction & (shown[:-2] | shown[2:])[:, None, None]


def _numbered(prediction):
    return ndimage.label(prediction)[0] * drop_thin(prediction)


def some_volume(boxes, depth=5, side=9):
    """A mask of boxes, each ``(first slice, number of slices, top, left, height, width)``."""
    volume = np.zeros((depth, side, side), bool)
    for first, number, top, left, height, width in boxes:
        volume[first : first + number, top : top + height, left : left + width] = True
    return volume


def drawn_volume(rng):
    """Two pieces through several slices, a flat one of some pixels, and a single pixel."""
    size = rng.integers(2, 4, (3, 2))
    thick = [(int(rng.integers(0, 2)), 3, 0, 0, *size[0]), (2, 2, 6, 0, *size[1])]
    flat = [(int(rng.integers(1, 4)), 1, 0, 6, *size[2]), (int(rng.integers(0, 5)), 1, 7, 7, 1, 1)]
    return (some_volume(thick + flat),)


QUESTIONS = [
    ValueQuestion(
        name="09-empty",
        answer="scores",
        level="predict",
        minutes=5,
        points=1,
        expected=[0, 0, 1 - WITH_TUMOUR / SLICES],
        tolerance=5e-3,
        right="A network that does nothing earns the share of empty slices, under that rule alone.",
        mistakes=[
            Mistake([0, 0, 0], "You gave 0 by all rules. By the last one each of the 40 slices on "
                    "which both masks are empty counts as 1."),
            Mistake([0, 0, WITH_TUMOUR / SLICES], "By the last rule you counted the share of the "
                    "slices with tumour. It is the others, empty in both masks, that count as 1."),
            Mistake([0, 1 - WITH_TUMOUR / SLICES, 1 - WITH_TUMOUR / SLICES], "By the second rule you "
                    "kept the empty slices in. Left out, 20 slices remain, and each of them has 0."),
            Mistake([0, 1, 1 - WITH_TUMOUR / SLICES], "By the second rule you looked at the empty "
                    "slices. Those are left out; what is the Dice of the 20 that remain?"),
            Mistake([1 - WITH_TUMOUR / SLICES] * 3, "You let empty slices count by every rule. Pooled, "
                    "a slice without a pixel adds nothing; left out, it is not in the mean."),
            Mistake([1, 1, 1], "You counted the mask as perfect. It has none of the tumour's pixels, "
                    "so on every slice with tumour its Dice is 0."),
        ],
        hints=[
            "Sort the slices first: on how many is the Dice 0, and on how many is it 0 / 0?",
            "Pooled: overlap 0 of all pixels. Left out: the mean of 20 zeros. One: 20 zeros and 40 ones.",
        ],
    ),
    ValueQuestion(
        name="09-weight",
        answer="weight",
        level="apply",
        minutes=15,
        points=2,
        expected=GOAL / (1 - GOAL) * BALANCED,
        tolerance=0.01,
        right="The weight multiplies the odds, p / (1 − p): so probabilities of a weighted loss are "
              "no longer shares.",
        mistakes=[
            Mistake(BALANCED, "That weight makes the two classes balance: the cheapest probability is "
                    "then one half, not 0.8."),
            Mistake(GOAL / (1 - GOAL), "You took the odds of 0.8 and forgot how rare a tumour pixel "
                    "is: with that weight the cheapest probability is still near 0.08."),
            Mistake(GOAL / SHARE, "You divided the probabilities. The weight multiplies the odds, "
                    "p / (1 − p), not the probability."),
            Mistake(GOAL * BALANCED, "You took 0.8 of the balancing weight, so the cheapest "
                    "probability falls below one half. To pass it, the weight must be larger."),
            Mistake(1 / (GOAL / (1 - GOAL) * BALANCED), "That is the inverse: you have weighed the "
                    "background. Tumour pixels must weigh more than 1."),
            Mistake(GOAL / (1 - GOAL) / SHARE, "Nearly: you divided by the share of tumour pixels. "
                    "The odds need the background's share too: (1 − share) / share."),
        ],
        hints=[
            "Compute the cost on a fine grid of p, as the lesson does, and find the p with the least.",
            "Then try weights from 1 to 300, or set the derivative to 0: p = w·s / (w·s + 1 − s).",
        ],
    ),
    ValueQuestion(
        name="09-smooth",
        answer="probability",
        level="apply",
        minutes=10,
        points=2,
        expected=2 / EMPTY,
        tolerance=1e-6,
        right="Until then the loss hardly moves: a network learns little from an empty slice by Dice alone.",
        mistakes=[
            Mistake(0.5, "At 0.5 the mask changes, but 5,000 is then added up below the line: the loss "
                    "is still 0.9996."),
            Mistake(1 / EMPTY, "You left one of the two numbers 2 out, or made it a 1. Without an overlap "
                    "the loss is 1 − 2 / (sum + 2)."),
            Mistake(2, "That is the sum of all probabilities. The probability of one pixel is asked for."),
            Mistake(2 / EMPTY**0.5, "You spread the sum over 100 pixels. A slice of 100 rows and 100 "
                    "columns has 10,000."),
            Mistake(6 / EMPTY, "There the loss is 0.75. One half is asked for."),
            Mistake(0, "At 0 the loss is 0: 1 − 2 / 2. It passes one half a little earlier."),
        ],
        hints=[
            "The mask is empty, so its sum and the overlap are 0. Which sum of probabilities s makes "
            "1 − 2 / (s + 2) one half?",
            "s is 2, and it is spread over 100 · 100 pixels.",
        ],
    ),
    FunctionQuestion(
        name="09-rule",
        answer="mean_dice",
        level="build",
        minutes=20,
        points=3,
        reference=mean_dice,
        cases=[
            some_slices([(2, 2, 0), (0, 0, 0), (0, 0, 1)]),
            some_slices([(1, 3, 2), (2, 0, 0), (0, 0, 0), (0, 4, 0)]),
            some_slices([(0, 0, 0), (0, 0, 0)]),
        ],
        draw=drawn_slices,
        right="A false alarm and a missed slice both count 0; only silence about nothing is left out.",
        mistakes=[
            Mistake(_filled(1.0), "You counted a pair of empty masks as 1, as a small number added "
                    "above and below does, too. This rule leaves it out."),
            Mistake(_filled(0.0), "You counted a pair of empty masks as 0, as if silence were an error. "
                    "This rule leaves it out."),
            Mistake(_zero_if_none, "Where every slice is left out you give 0, as if all were wrong. "
                    "There is no score: give NaN."),
            Mistake(_with_tumour_only, "You left out every slice without tumour, false alarms too. "
                    "Leave a slice out only if both masks are empty."),
            Mistake(_drawn_only, "You left out every slice on which nothing is predicted, missed "
                    "tumours too. Leave a slice out only if both masks are empty."),
            Mistake(_pooled, "You pooled the pixels of all slices. Here each slice has a Dice of its "
                    "own, and the mean of those is asked for."),
            Mistake(_jaccard, "That is the mean Jaccard: the overlap counts twice in Dice, and it is "
                    "divided by the sum of both areas."),
        ],
        hints=[
            "Make one number a slice: `.sum(axis=(1, 2))` of the truth, the prediction and both.",
            "Where the two areas add up to 0 the Dice is 0 / 0: NaN, which `np.nanmean` leaves out.",
        ],
    ),
    FunctionQuestion(
        name="09-thin",
        answer="drop_thin",
        level="build",
        minutes=25,
        points=3,
        reference=drop_thin,
        cases=[
            (some_volume([(0, 2, 0, 0, 2, 2), (1, 1, 5, 5, 3, 3)]),),
            (some_volume([(1, 3, 4, 4, 1, 1), (0, 2, 0, 0, 2, 2), (4, 1, 0, 0, 1, 1)]),),
            (some_volume([(0, 2, 0, 0, 2, 2), (4, 1, 5, 5, 2, 2), (2, 1, 2, 2, 2, 2)]),),
            (some_volume([(1, 2, 0, 3, 2, 2), (1, 1, 0, 0, 5, 1), (1, 1, 4, 0, 1, 5)]),),
        ],
        draw=drawn_volume,
        right="Which validation score gets better, and which worse, decides whether one may do this.",
        mistakes=[
            Mistake(lambda prediction: np.zeros(prediction.shape, bool), "Nothing is left. Have you "
                    "searched slice by slice? Then each piece lies on one slice. Label the volume."),
            Mistake(_by_slices, "You looked at slices: one stays if its neighbour has anything drawn. "
                    "Look at pieces: a flat one may lie beside another that goes on."),
            Mistake(_largest, "You kept the largest piece only. A second tumour that goes through "
                    "several slices must stay."),
            Mistake(lambda prediction: _kept(prediction, lambda piece: piece.sum() > 1), "You removed "
                    "single pixels. A piece may be wide and still lie on one slice only."),
            Mistake(lambda prediction: prediction & ~drop_thin(prediction), "The other way round: you "
                    "kept the pieces that lie on one slice only."),
            Mistake(_joined_at_corners, "You joined voxels at edges and corners. Here they belong "
                    "together only if they share a face, as `ndimage.label` takes it by itself."),
            Mistake(_boxes_emptied, "You emptied the whole box around a flat piece; another piece may "
                    "reach into it. Remove the voxels that bear its number."),
            Mistake(_numbered, "You return the numbers of the pieces; a mask holds 0 and 1 alone."),
            Mistake(lambda prediction: prediction, "Nothing was removed."),
        ],
        hints=[
            "`labels, count = ndimage.label(prediction)` numbers the pieces of a volume from 1 on.",
            "For each: `piece = labels == number`; `piece.any(axis=(1, 2)).sum()` slices hold it.",
        ],
    ),
]  # fmt: skip
