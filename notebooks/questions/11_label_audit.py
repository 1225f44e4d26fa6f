"""Questions on the label audit: what gives a fault away, and what an audit would miss."""

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the second question: Dice of eight patients, one of them with a wrong label.
DICE = np.array([0.91, 0.88, 0.93, 0.90, 0.41, 0.89, 0.92, 0.87])
FROM_MEDIAN = DICE.min() - np.median(DICE)
MAD = np.median(np.abs(DICE - np.median(DICE)))
TO_SD = 1.4826
#: Farthest move that is tried, in pixels.
REACH = 3
#: Of the third question: Dice of eight patients before the audit.
SCORED = np.array([0.91, 0.88, 0.93, 0.90, 0.41, 0.89, 0.62, 0.92])



def _overlaps(label, prediction):
    """Pixels in both masks, for each move of the label by up to `REACH` rows and columns."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(prediction, REACH), label.shape)
    return (windows & label).sum(axis=(2, 3))


def best_move(label, prediction):
    """Rows down and columns to the right by which the label fits the prediction best."""
    overlaps = _overlaps(label, prediction)
    row, column = np.unravel_index(overlaps.argmax(), overlaps.shape)
    return int(row) - REACH, int(column) - REACH


def _index(label, prediction):
    row, column = best_move(label, prediction)
    return row + REACH, column + REACH


def _rows_alone(label, prediction):
    return int(_overlaps(label, prediction)[:, REACH].argmax()) - REACH, 0


def _columns_alone(label, prediction):
    return 0, int(_overlaps(label, prediction)[REACH].argmax()) - REACH


def _each_by_itself(label, prediction):
    return _rows_alone(label, prediction)[0], _columns_alone(label, prediction)[1]


def _by_centres(label, prediction):
    centres = [np.argwhere(mask).mean(axis=0) for mask in (label, prediction)]
    return [int(step) for step in np.round(centres[1] - centres[0])]


def some_move(rows, columns, rng=None):
    """An L-shaped label (or one at random) in 16 x 16 pixels, and the same moved as prediction.

    The prediction has a false alarm far away, too, which no move brings a label onto.
    """
    label = np.zeros((16, 16), bool)
    label[5:10, 6:8] = label[8:10, 6:11] = True
    if rng is not None:
        label[5:11, 5:11] = rng.random((6, 6)) < 0.6
        label[5, 5] = True
    prediction = np.roll(label, (rows, columns), (0, 1))
    prediction[15, :9] = True
    return label, prediction


def drawn_move(rng):
    """A label that lies off in both directions, by different numbers."""
    rows, columns = rng.choice([-3, -2, -1, 1, 2, 3], 2, replace=False)
    return some_move(int(rows), int(columns), rng)


def share_found(sound, faulty, looks):
    """Plant each patient's fault alone; the share that ranks among the first looks."""
    sound, faulty = np.asarray(sound), np.asarray(faulty)
    ranks = [1 + np.sum(np.delete(sound, n) < one) for n, one in enumerate(faulty)]
    return float(np.mean(np.array(ranks) <= looks))


def _all_at_once(sound, faulty, looks):
    ranks = 1 + np.argsort(np.argsort(faulty))
    return float(np.mean(ranks <= looks))


def _own_left_in(sound, faulty, looks):
    ranks = 1 + np.sum(np.asarray(sound) < np.asarray(faulty)[:, None], axis=1)
    return float(np.mean(ranks <= looks))


def _from_the_top(sound, faulty, looks):
    return share_found(-np.asarray(sound), -np.asarray(faulty), looks)


def drawn_faults(rng):
    """Dice of nine patients with sound labels and with faulty ones, and a number of looks."""
    sound = rng.uniform(0.6, 0.95, 9).round(3)
    return sound, (sound - rng.uniform(-0.1, 0.3, 9)).round(3), int(rng.integers(2, 5))


QUESTIONS = [
    ValueQuestion(
        name="11-column",
        answer="column",
        level="predict",
        minutes=5,
        points=1,
        expected="d",
        right="The ratio is predicted over labelled, and it has a direction; Dice and gap have none.",
        mistakes=[
            Mistake("a", "Dice falls, but it falls for displaced labels as well: it does not say what "
                    "is wrong."),
            Mistake("b", "The gap widens, but it widens for displaced labels as well: it knows no "
                    "direction."),
            Mistake("c", "The right column, turned round: it is the predicted area over the labelled "
                    "one, and here the label is the larger."),
        ],
        hints=[
            "Which of the three columns would stay as it is if the masks were only moved aside?",
            "A ratio of areas. Which of the two areas stands below, and did that one grow?",
        ],
    ),
    ValueQuestion(
        name="11-robust",
        answer="z",
        level="apply",
        minutes=10,
        points=2,
        expected=FROM_MEDIAN / (TO_SD * MAD),
        tolerance=3e-3,
        right="Mean and standard deviation would have said "
              f"{(DICE.min() - DICE.mean()) / DICE.std():.1f}: the outlier hides itself in both.",
        mistakes=[
            Mistake((DICE.min() - DICE.mean()) / DICE.std(), "You took mean and standard deviation. "
                    "The outlier stretches both, and so hides itself."),
            Mistake((DICE.min() - DICE.mean()) / DICE.std(ddof=1), "You took mean and standard "
                    "deviation (with n - 1). The outlier stretches both, and so hides itself."),
            Mistake(FROM_MEDIAN / MAD, "The factor 1.4826 is missing: without it the unit is a MAD, "
                    "which is smaller than a standard deviation."),
            Mistake(FROM_MEDIAN * TO_SD / MAD, "You multiplied by 1.4826. It belongs to the MAD, so "
                    "divide by both."),
            Mistake(-FROM_MEDIAN / (TO_SD * MAD), "The sign is turned: the value lies below the median."),
            Mistake(FROM_MEDIAN / (TO_SD * np.abs(DICE - np.median(DICE)).mean()), "You took the mean "
                    "of the distances. The outlier's own is in it; the median of them is asked for."),
            Mistake(FROM_MEDIAN, "That is the distance from the median. How many times the usual "
                    "distance is it?"),
        ],
        hints=[
            "Two medians: one of the values, one of their distances from it.",
            "`distance = dice - np.median(dice)`; divide by 1.4826 times the median of its absolute.",
        ],
    ),
    ValueQuestion(
        name="11-repair",
        answer="mean",
        level="apply",
        minutes=10,
        points=2,
        expected=(SCORED.sum() - SCORED[4] + 0.84) / len(SCORED),
        tolerance=5e-4,
        right="A wrong label is corrected, a hard heart stays, and the text says both.",
        mistakes=[
            Mistake(np.delete(SCORED, [4, 6]).mean(), "You left both out. The second one's label is "
                    "right, so its low Dice is a result; and the first one's label can be corrected."),
            Mistake(np.delete(SCORED, 4).mean(), "You left the first one out. Its label has been drawn "
                    "anew, so it counts with its new Dice."),
            Mistake((np.delete(SCORED, [4, 6]).sum() + 0.84) / 7, "You left the hard heart out. Its label "
                    "is right: without it the mean says how good the network is on easy hearts."),
            Mistake(SCORED.mean(), "That is the mean before anything was corrected. The first label is "
                    "known to be wrong now."),
            Mistake((SCORED.sum() - SCORED[4] - SCORED[6] + 2 * 0.84) / len(SCORED), "You gave the hard "
                    "heart the new Dice as well. Nothing was wrong with its label, so nothing changes."),
        ],
        hints=[
            "What did the expert find wrong: the label of the fifth patient, of the seventh, or of both?",
            "Replace 0.41 by 0.84, leave 0.62 as it is, and take the mean of all eight.",
        ],
    ),
    FunctionQuestion(
        name="11-move",
        answer="best_move",
        level="build",
        minutes=25,
        points=3,
        reference=best_move,
        cases=[some_move(2, -1), some_move(-3, 0), some_move(1, 3)],
        draw=drawn_move,
        right="A long move that repairs the Dice speaks for a right shape in a wrong place.",
        mistakes=[
            Mistake(lambda *masks: tuple(-one for one in best_move(*masks)), "You give the move of the "
                    "prediction onto the label. The label is to be moved: turn both signs."),
            Mistake(lambda *masks: best_move(*masks)[::-1], "Rows and columns are exchanged: axis 0 "
                    "counts rows, downwards."),
            Mistake(_index, "You give the place in your list of moves. The first one there is -3, "
                    "so subtract 3 from both."),
            Mistake(_rows_alone, "You tried moves up and down alone; a label may lie off sideways too."),
            Mistake(_columns_alone, "You tried moves sideways alone; a label may lie too high or low."),
            Mistake(_each_by_itself, "You searched rows with the columns unmoved, and columns with the "
                    "rows unmoved. Try all 49 pairs: the best pair need not hold the best of each."),
            Mistake(_by_centres, "You compared the centres. A false alarm far away pulls the "
                    "prediction's centre along; ask for the move with the largest overlap."),
            Mistake(lambda *masks: int(_overlaps(*masks).max()), "That is the overlap after the best "
                    "move. The move itself is asked for, rows and columns."),
        ],
        hints=[
            "`np.roll(label, (y, x), axis=(0, 1))` moves y rows down and x columns to the right.",
            "Two loops from -3 to 3; keep the pair with the largest `(moved & prediction).sum()`.",
        ],
    ),
    FunctionQuestion(
        name="11-planted",
        answer="share_found",
        level="build",
        minutes=25,
        points=3,
        reference=share_found,
        cases=[
            ([0.90, 0.80, 0.85, 0.70], [0.60, 0.75, 0.65, 0.50], 1),
            ([0.90, 0.80, 0.85, 0.70], [0.60, 0.75, 0.65, 0.50], 2),
            ([0.90, 0.50, 0.80], [0.60, 0.55, 0.65], 1),
        ],
        draw=drawn_faults,
        right="Read it for each size of fault: what is found half of the time is the audit's resolution.",
        mistakes=[
            Mistake(_all_at_once, "You planted all faults at once and ranked them among themselves. "
                    "Each is planted alone, among the others' sound labels."),
            Mistake(_own_left_in, "You left the patient's own sound label in the ranking. A patient "
                    "stands there once: with the faulty one."),
            Mistake(_from_the_top, "You ranked from the highest Dice. The audit looks at the lowest first."),
            Mistake(lambda sound, faulty, looks: share_found(sound, faulty, looks - 1), "One look too "
                    "few: ranks begin at 1, and rank `looks` is still looked at."),
            Mistake(lambda sound, faulty, looks: share_found(sound, faulty, looks + 1), "One look too "
                    "many: if `looks` others lie below, the looks are used up."),
            Mistake(lambda sound, faulty, looks: round(len(sound) * share_found(sound, faulty, looks)),
                    "That is the number of faults found; divide it by the number of patients."),
            Mistake(lambda sound, faulty, looks: 1 - share_found(sound, faulty, looks), "That is the "
                    "share of faults that are missed."),
        ],
        hints=[
            "For patient n: how many of `np.delete(sound, n)` lie below `faulty[n]`?",
            "The rank is 1 more than that; found is who has a rank of at most `looks`.",
        ],
    ),
]  # fmt: skip
