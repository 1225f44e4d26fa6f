"""Questions on the ejection fraction: signs of errors, the base, agreement."""

import numpy as np
from scipy import ndimage

from seglib.lessons.exercises.questions import (
    FunctionQuestion,
    Mistake,
    OpenQuestion,
    ValueQuestion,
)

#: Of the third question: pixels inside the outline at ED and ES, from the base to the apex.
ED = np.array([320, 410, 380, 250, 90])
ES = np.array([180, 220, 190, 110, 20])
#: Of the last question: radii of the expert's two discs, and what the answer must reach.
RADII, LEAST_DICE, LEAST_ERROR = (20, 12), 0.9, 8.0


def _ef(ed, es):
    return 100 * (np.sum(ed) - np.sum(es)) / np.sum(ed)


def limits(expert, network):
    """Bias and limits of agreement, without the patients of whom one value is missing."""
    difference = np.asarray(network, float) - np.asarray(expert, float)
    bias, sd = np.nanmean(difference), np.nanstd(difference, ddof=1)
    return [float(bias), float(bias - 1.96 * sd), float(bias + 1.96 * sd)]


def _turned(expert, network):
    return limits(network, expert)


def _spread(expert, network, ddof=1):
    difference = np.asarray(network, float) - np.asarray(expert, float)
    return np.nanmean(difference), np.nanstd(difference, ddof=ddof), np.sum(~np.isnan(difference))


def _one_sd(expert, network):
    bias, sd, _ = _spread(expert, network)
    return [bias, bias - sd, bias + sd]


def _of_the_mean(expert, network):
    bias, sd, n = _spread(expert, network)
    return [bias, bias - 1.96 * sd / np.sqrt(n), bias + 1.96 * sd / np.sqrt(n)]


def _divided_by_n(expert, network):
    bias, sd, _ = _spread(expert, network, ddof=0)
    return [bias, bias - 1.96 * sd, bias + 1.96 * sd]


def _unsigned(expert, network):
    distance = np.abs(np.asarray(network, float) - np.asarray(expert, float))
    return limits(np.zeros(len(distance)), distance)


def _missing_is_zero(expert, network):
    return limits(np.nan_to_num(expert), np.nan_to_num(network))


def _not_left_out(expert, network):
    if np.isnan(expert).any() or np.isnan(network).any():
        return [np.nan] * 3
    return limits(expert, network)


def drawn_hearts(rng):
    """Ejection fractions of eight patients by the expert and by a network; one is missing."""
    expert = rng.uniform(20, 70, 8).round(1)
    network = (expert + rng.normal(-2, 5, 8)).round(1)
    network[rng.integers(8)] = np.nan
    return expert, network


def experts():
    """The expert's masks at ED and at ES, ``(2, 64, 64)``: two discs."""
    rows, columns = np.mgrid[-32:32, -32:32]
    return np.array([np.hypot(rows, columns) < radius for radius in RADII])


def _smaller_then_larger():
    ed, es = experts()
    return np.array([ndimage.binary_erosion(ed), ndimage.binary_dilation(es)])


def _larger_then_smaller():
    ed, es = experts()
    return np.array([ndimage.binary_dilation(ed), ndimage.binary_erosion(es)])


def _dice_and_error(drawn):
    """Dice of each phase, and the error of the EF in points."""
    truth, drawn = experts(), drawn != 0
    both, areas = (truth & drawn).sum(axis=(1, 2)), drawn.sum(axis=(1, 2))
    dice = 2 * both / (truth.sum(axis=(1, 2)) + areas)
    return dice, _ef(*areas) - _ef(*truth.sum(axis=(1, 2)))


def _rises(drawn):
    usable = drawn.shape == (2, 64, 64) and drawn[0].any()
    return usable and _dice_and_error(drawn)[1] >= LEAST_ERROR / 2


def fault_of_masks(drawn):
    """What keeps a pair of masks from being good by Dice and bad by the ejection fraction."""
    if drawn.shape != (2, 64, 64):
        return f"Its shape is {drawn.shape}; ED and ES of 64 x 64 pixels are asked for."
    if not np.isin(drawn, (0, 1)).all():
        return "A mask holds 0 and 1 alone (or False and True)."
    if not drawn[0].any():
        return "The mask at ED is empty, so that there is no ejection fraction."
    dice, error = _dice_and_error(drawn)
    if dice.min() <= LEAST_DICE:
        phase = ("ED", "ES")[dice.argmin()]
        return f"The Dice at {phase} is {dice.min():.3f}; both must lie above {LEAST_DICE}."
    if error > -LEAST_ERROR:
        return (f"Both Dice are good. The ejection fraction is off by {error:+.1f} points; it is to "
                f"fall by {LEAST_ERROR:.0f} or more.")  # fmt: skip
    return None


QUESTIONS = [
    ValueQuestion(
        name="13-tenth",
        answer="scores",
        level="predict",
        minutes=5,
        points=1,
        expected=[2 / 2.1, 0],
        tolerance=3e-3,
        right="A factor cancels in the fraction; Dice punishes what the ejection fraction forgives.",
        mistakes=[
            Mistake([2 / 2.1, 10], "The Dice is right. But both volumes have the same factor, 1.1: what "
                    "becomes of it in (ED − ES) / ED?"),
            Mistake([0.9, 0], "The Dice is not 1 minus a tenth. Take 100 pixels and 110 that hold them, "
                    "and work it out."),
            Mistake([1 / 1.1, 0], "That is the Jaccard, 100 of 110 pixels. Dice divides twice the "
                    "overlap by the sum of both areas."),
            Mistake([0.9, 10], "Neither: work both out for masks of 100 and 40 pixels that become 110 "
                    "and 44."),
            Mistake([1 / 1.1, 10], "The first is the Jaccard; and the factor 1.1, which both volumes "
                    "have, is still in your ejection fraction."),
            Mistake([1, 0], "The ejection fraction is untouched, but the Dice is not: a tenth of the "
                    "pixels lies outside the expert's mask."),
        ],
        hints=[
            "Take masks of 100 (ED) and 40 (ES) pixels. How many pixels has the network's?",
            "Dice: 2 · 100 / (100 + 110). EF: (100 − 40) / 100 and (110 − 44) / 110.",
        ],
    ),
    ValueQuestion(
        name="13-halved",
        answer="found",
        level="apply",
        minutes=5,
        points=2,
        expected=[1, 20, -10],
        right="A perfect correlation, and wrong by 20 points: the two rise together, and disagree.",
        mistakes=[
            Mistake([0.5, 20, -10], "The errors are right. One half is the slope of the line; all points "
                    "lie *on* a rising line, and then the correlation is 1."),
            Mistake([1, -20, 10], "The signs are turned: an error is what the method says minus the truth."),
            Mistake([1, 40, 70], "Those are the numbers that the method says. How far are they off?"),
            Mistake([0, 20, -10], "The errors are right. The correlation is 0 only if the two do not rise "
                    "or fall together; here they always do."),
            Mistake([1, 20, 10], "At 80 the method says too little: an error has a sign."),
            Mistake([1, 0, 0], "A correlation of 1 does not mean that the two are equal. What does the "
                    "method say at 20 %?"),
        ],
        hints=[
            "The method says 20 / 2 + 30 at 20 %, and 80 / 2 + 30 at 80 %.",
            "Any rising straight line, whatever its slope, has a correlation of 1.",
        ],
    ),
    ValueQuestion(
        name="13-base",
        answer="error",
        level="apply",
        minutes=10,
        points=2,
        expected=_ef(ED, ES[1:]) - _ef(ED, ES),
        right="Every outline that is drawn is perfect, and still a doctor reads another heart.",
        mistakes=[
            Mistake(_ef(ED[1:], ES) - _ef(ED, ES), "You left the slice out at ED. It is missing at ES, "
                    "so that the heart seems to empty better."),
            Mistake(_ef(ED[1:], ES[1:]) - _ef(ED, ES), "You left the slice out in both phases, as the "
                    "rule `paired` does. It is missing at ES alone."),
            Mistake(_ef(ED, ES) - _ef(ED, ES[1:]), "The sign is turned: an error is predicted minus "
                    "expert."),
            Mistake(_ef(ED, ES[1:]), "That is the ejection fraction without the slice. How far is it "
                    "from the true one?"),
            Mistake((_ef(ED, ES[1:]) - _ef(ED, ES)) / 100, "That is a share. In points, as percent, it "
                    "is a hundred times that."),
            Mistake(100 * (_ef(ED, ES[1:]) / _ef(ED, ES) - 1), "That is the change as a percentage of "
                    "the true value. Points are asked for: the difference of two percentages."),
            Mistake(_ef(ED, ES[:-1]) - _ef(ED, ES), "You left out the last slice, the apex. The base "
                    "comes first."),
        ],
        hints=[
            "Compute the ejection fraction twice, with and without `es[0]`.",
            "`100 * (ed.sum() - es[1:].sum()) / ed.sum()`, minus the same with all of `es`.",
        ],
    ),
    FunctionQuestion(
        name="13-limits",
        answer="limits",
        level="build",
        minutes=20,
        points=3,
        reference=limits,
        tolerance=1e-3,
        cases=[
            (np.array([60.0, 50.0, 40.0, 30.0]), np.array([57.0, 51.0, 36.0, 28.0])),
            (np.array([60.0, np.nan, 40.0, 30.0]), np.array([63.0, 51.0, 36.0, 28.0])),
        ],
        draw=drawn_hearts,
        right="A doctor who can live with these limits can use the network; a correlation says neither.",
        mistakes=[
            Mistake(_turned, "You took expert minus network. It is network minus expert: a network that "
                    "says too much has a bias above 0."),
            Mistake(_one_sd, "You went one SD to each side. About 95 % of normal differences lie within "
                    "1.96 SD."),
            Mistake(_of_the_mean, "You divided the SD by √n. That is the interval of the mean; limits "
                    "say where the next *patient* may lie."),
            Mistake(_divided_by_n, "Your SD divides by n. With n − 1 (`ddof=1`) it is that of all "
                    "patients, estimated from these few."),
            Mistake(_unsigned, "You took absolute differences. With signs, too high and too low may "
                    "cancel in the bias, and scatter shows in the limits."),
            Mistake(_missing_is_zero, "You counted a missing value as 0 %. A patient without one of the "
                    "two values is left out."),
            Mistake(_not_left_out, "One missing value makes all of yours NaN. Leave that patient out."),
        ],
        hints=[
            "Differences first, then drop the NaN: `difference[~np.isnan(difference)]`.",
            "Their mean is the bias; the limits are `1.96 * difference.std(ddof=1)` away from it.",
        ],
    ),
    OpenQuestion(
        name="13-masks",
        answer="drawn",
        level="build",
        minutes=20,
        points=3,
        example=_smaller_then_larger(),
        fault=fault_of_masks,
        right="Dice counts wrong pixels and forgets whether they were too many or too few.",
        mistakes=[
            Mistake(experts(), "Those are the expert's own masks: both Dice are 1, the error is 0."),
            Mistake(_larger_then_smaller(), "Your ejection fraction rises: ED is too large or ES too "
                    "small. It is to fall.", when=_rises),
            Mistake(np.array([ndimage.binary_dilation(one) for one in experts()]), "Both masks are one "
                    "pixel too large. In part that cancels: let the two phases err in opposite ways."),
            Mistake(np.array([ndimage.binary_erosion(one) for one in experts()]), "Both masks are one "
                    "pixel too small. In part that cancels: let the two phases err in opposite ways."),
            Mistake(np.roll(experts(), 1, axis=2), "You moved the masks aside. Their areas are the "
                    "same, and so is the ejection fraction."),
            Mistake(_smaller_then_larger()[::-1], "The phases are exchanged: ED, the larger disc, comes "
                    "first."),
        ],
        hints=[
            "EF = (ED − ES) / ED. Which error at ED makes it fall, and which one at ES?",
            "`ndimage.binary_erosion` takes a pixel off all around, `ndimage.binary_dilation` adds one.",
        ],
    ),
]  # fmt: skip
