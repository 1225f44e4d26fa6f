"""Questions on a published score taken apart: batches of one, leaks, counting, order of steps."""

from itertools import combinations

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the third question: variants of each slice, and the share of all variants that tests.
VARIANTS, TESTED = 3, 0.2


def _means(labels, values):
    """Mean of the values of each label, labels in order."""
    labels, values = np.asarray(labels), np.asarray(values, float)
    return np.array([values[labels == one].mean() for one in np.unique(labels)])


def _sums(labels, values):
    labels, values = np.asarray(labels), np.asarray(values, float)
    return np.array([values[labels == one].sum() for one in np.unique(labels)])


def patient_dice(patients, truth, predicted, overlap):
    """Pool the pixels of each patient, then average over patients."""
    drawn = _sums(patients, truth) + _sums(patients, predicted)
    return float(np.mean(2 * _sums(patients, overlap) / drawn))


def _slice_dice(truth, predicted, overlap):
    return 2 * np.asarray(overlap) / (np.asarray(truth) + np.asarray(predicted))


def _by_slice(patients, truth, predicted, overlap):
    return float(_slice_dice(truth, predicted, overlap).mean())


def _slices_of_patients(patients, truth, predicted, overlap):
    return float(_means(patients, _slice_dice(truth, predicted, overlap)).mean())


def _all_pooled(patients, truth, predicted, overlap):
    return float(2 * np.sum(overlap) / (np.sum(truth) + np.sum(predicted)))


def _jaccard(patients, truth, predicted, overlap):
    both = _sums(patients, overlap)
    return float(np.mean(both / (_sums(patients, truth) + _sums(patients, predicted) - both)))


def _sensitivity(patients, truth, predicted, overlap):
    return float(np.mean(_sums(patients, overlap) / _sums(patients, truth)))


def drawn_counts(rng):
    """Counts of seven slices of three patients."""
    overlap = rng.integers(1, 200, 7)
    truth, predicted = (overlap + rng.integers(1, 120, 7) for _ in range(2))
    return list("AABBBCC"), truth, predicted, overlap


def gains(scores, order):
    """What each repair brings when they are made one after another."""
    done = ["".join(sorted(order[:number])) for number in range(len(order) + 1)]
    return [scores[after] - scores[before] for before, after in zip(done[:-1], done[1:], strict=True)]


def _alone(scores, order):
    return [scores[one] - scores[""] for one in order]


def _taken_away(scores, order):
    full = "".join(sorted(order))
    return [scores[full] - scores[full.replace(one, "")] for one in order]


def _in_alphabet(scores, order):
    return gains(scores, "".join(sorted(order)))


def _of_the_letter(scores, order):
    """What each brings in the given order, but listed in the alphabet's."""
    brought = dict(zip(order, gains(scores, order), strict=True))
    return [brought[one] for one in sorted(order)]


def _from_the_start(scores, order):
    return [float(value) for value in np.cumsum(gains(scores, order))]


def _scores_themselves(scores, order):
    return [scores["".join(sorted(order[: number + 1]))] for number in range(len(order))]


def some_scores(values, repairs="abc"):
    """A score for each set of repairs: of none, of each alone, of each pair, of all."""
    sizes = range(len(repairs) + 1)
    names = ["".join(chosen) for size in sizes for chosen in combinations(repairs, size)]
    return dict(zip(names, values, strict=True))


def drawn_scores(rng):
    """Scores at random of all sets of three repairs, and an order that is not the alphabet's."""
    values = [float(value) for value in rng.uniform(0.3, 0.9, 8).round(3)]
    return some_scores(values), str(rng.choice(["bca", "cab", "bac", "acb", "cba"]))


QUESTIONS = [
    ValueQuestion(
        name="10-states",
        answer="outputs",
        level="predict",
        minutes=5,
        points=1,
        expected=[0, -3],
        right="The same weights, the same image, two answers: so a training score is not a user's.",
        mistakes=[
            Mistake([0, 0], "You took the image's own mean both times. A user's network takes the "
                    "moving averages, which the training left behind."),
            Mistake([-3, -3], "You took the moving averages both times. While it trains, the layer "
                    "takes mean and spread of the batch, and the batch is this one image."),
            Mistake([-3, 0], "The two are exchanged: own statistics belong to the training, moving "
                    "averages to the use."),
            Mistake([0, -1.5], "You divided by the variance. Divide by its root, the standard deviation."),
            Mistake([0, 3], "You subtracted the wrong way round: it is value minus mean."),
            Mistake([4, 4], "You gave the pixel itself: the layer subtracts a mean and divides."),
        ],
        hints=[
            "The batch is one image, so its mean is that of the three pixels. Which one is the middle?",
            "In use: the pixel minus the moving mean, divided by the root of the moving variance.",
        ],
    ),
    ValueQuestion(
        name="10-moving",
        answer="batches",
        level="apply",
        minutes=10,
        points=2,
        expected=299,
        right="A short training ends before its averages have arrived. And in a real one the mean moves "
              "on while they follow.",
        mistakes=[
            Mistake(298, "After 298 batches it is 9.4996. One more passes 9.5."),
            Mistake(6, "You reached 0.5. It is to pass 9.5: then 0.5 is still missing.",
                    when=lambda found: found in (5, 6)),
            Mistake(95, "You added 0.1 with each batch. But what is kept shrinks each time: 1 % of the "
                    "old mean goes when 1 % of the new one comes."),
            Mistake(100, "One percent a batch does not add up to everything after 100: it is 1 % of what "
                    "is then missing. After 100 batches the mean is 6.3."),
            Mistake(29, "You kept 90 % of the old mean. Keras keeps 99 % by default."),
            Mistake(1, "After one batch the moving mean is 0.1: 99 % of the old 0, and 1 % of 10."),
        ],
        hints=[
            "What is missing to 10 shrinks to 99 % with each batch: 10, 9.9, 9.801, ...",
            "When does 0.99ⁿ fall below 0.05? A loop will tell, or np.log(0.05) / np.log(0.99).",
        ],
    ),
    ValueQuestion(
        name="10-siblings",
        answer="share",
        level="apply",
        minutes=15,
        points=2,
        expected=1 - TESTED ** (VARIANTS - 1),
        tolerance=2e-3,
        right="24 of 25 test pictures have a sibling in training; with more variants, nearly all have.",
        mistakes=[
            Mistake(1 - TESTED, "That is the chance that one certain sibling trains. There are two, "
                    "and either of them is enough."),
            Mistake(TESTED ** (VARIANTS - 1), "That is the share of those without a sibling in "
                    "training: the chance that both siblings test as well."),
            Mistake(1 - TESTED**VARIANTS, "You counted three siblings. One of the three variants is the "
                    "test picture itself; two are left."),
            Mistake((1 - TESTED) ** (VARIANTS - 1), "That is the chance that both siblings train. "
                    "One of them is enough for a leak."),
            Mistake((1 - TESTED) ** VARIANTS, "That is the chance that all three variants of a slice "
                    "train. Start from one that tests, and ask for any sibling in training."),
            Mistake(1, "Nearly, but not all: sometimes both siblings are drawn for the test, too."),
            Mistake(0, "Random is not safe: the split knows nothing of which pictures are of one slice."),
        ],
        hints=[
            "Take one test picture. What is the chance that none of its two siblings trains?",
            "Each sibling tests with chance 0.2, both with 0.2 · 0.2. Take that from 1.",
        ],
    ),
    FunctionQuestion(
        name="10-pooled",
        answer="patient_dice",
        level="build",
        minutes=20,
        points=3,
        reference=patient_dice,
        cases=[
            (["A", "A", "B"], np.array([80, 20, 50]), np.array([80, 10, 30]), np.array([76, 0, 20])),
            (["B", "A", "B"], np.array([10, 90, 40]), np.array([30, 60, 20]), np.array([10, 50, 5])),
        ],
        draw=drawn_counts,
        right="One number a patient: a small slice weighs little in it, and all patients weigh the same.",
        mistakes=[
            Mistake(_by_slice, "That is the mean over slices: a patient with many slices weighs more, "
                    "and a slice of ten pixels as much as one of a thousand."),
            Mistake(_slices_of_patients, "You averaged the Dice of each patient's slices. Pooled means: "
                    "add up a patient's pixels first, then form one ratio."),
            Mistake(_all_pooled, "You pooled the pixels of all patients: those with large hearts decide. "
                    "Form one Dice for each patient, then the mean."),
            Mistake(_jaccard, "That is the Jaccard of each patient; Dice is 2 · overlap over the sum of "
                    "both areas."),
            Mistake(_sensitivity, "You divided by the expert's area alone: then a network that draws "
                    "everywhere is perfect. Dice divides by both areas."),
            Mistake(lambda *counts: patient_dice(*counts) / 2, "The factor 2 is missing: a perfect "
                    "mask would get one half."),
        ],
        hints=[
            "Sum each of the three counts over the slices of a patient, before any division.",
            "`table.groupby(\"patient\").sum()` of a DataFrame does it; then one ratio a row, and `.mean()`.",
        ],
    ),
    FunctionQuestion(
        name="10-order",
        answer="gains",
        level="build",
        minutes=25,
        points=3,
        reference=gains,
        cases=[
            (some_scores([0.40, 0.50, 0.45, 0.70], "ab"), "ba"),
            (some_scores([0.40, 0.50, 0.45, 0.70], "ab"), "ab"),
            (some_scores([0.30, 0.35, 0.50, 0.32, 0.61, 0.44, 0.58, 0.80]), "cab"),
        ],
        draw=drawn_scores,
        right="What a repair brings depends on what was repaired before: a chain shows one order.",
        mistakes=[
            Mistake(_alone, "You made each repair alone, on the start. In a chain each stands on all "
                    "those before it."),
            Mistake(_taken_away, "You took each repair away from the finished recipe. That is another "
                    "experiment; a chain adds them one by one."),
            Mistake(_in_alphabet, "You did not use `order`: the repairs are made in the order in which "
                    "its letters stand."),
            Mistake(_of_the_letter, "The gains are right, but listed by the alphabet: list them in the "
                    "order in which the repairs are made."),
            Mistake(_from_the_start, "You compared each row with the start. Compare it with the row "
                    "before, or the gains add up to too much."),
            Mistake(_scores_themselves, "Those are the scores after each step; a gain is the "
                    "difference from the row before."),
            Mistake(lambda scores, order: [-one for one in gains(scores, order)], "The sign is turned: "
                    "a gain is the score after the step minus the one before."),
        ],
        hints=[
            "After n steps the repairs `order[:n]` are made; after none the score is `scores[\"\"]`.",
            "The names in `scores` are sorted: `\"\".join(sorted(\"ba\"))` is \"ab\".",
        ],
    ),
]  # fmt: skip
