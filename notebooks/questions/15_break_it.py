"""Questions on twelve mistakes: which flatter, which are caught, what they add, and their repair."""

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the second question: Dice after each epoch.
VALIDATION = np.array([0.60, 0.72, 0.78, 0.81, 0.80, 0.79])
TEST = np.array([0.58, 0.70, 0.79, 0.74, 0.77, 0.76])
CHOSEN = TEST[VALIDATION.argmax()]


def _each(there, back):
    return [float(np.percentile(one, 95)) for one in (there, back)]


def two_hd95(there, back):
    """The larger of two percentiles, and the percentile of all distances together."""
    return [max(_each(there, back)), float(np.percentile(np.concatenate([there, back]), 95))]


def _means_of_both(there, back):
    return [float(np.mean(_each(there, back))), two_hd95(there, back)[1]]


def _farthest(there, back):
    return [float(max(there.max(), back.max()))] * 2


def _smaller(there, back):
    return [min(_each(there, back)), two_hd95(there, back)[1]]


def _padded(there, back):
    """Distances added pair by pair, the shorter list filled up with zeros."""
    added = np.zeros((2, max(len(there), len(back))))
    added[0, : len(there)], added[1, : len(back)] = there, back
    return [two_hd95(there, back)[0], float(np.percentile(added, 95))]


def _first_alone(there, back):
    return [_each(there, back)[0], two_hd95(there, back)[1]]


def distances(rng, island=8):
    """Distances of 40 pixels of one outline, and of 30 and a far island of the other."""
    there = rng.uniform(0, 2, 40).round(2)
    back = np.append(rng.uniform(0, 2, 30), rng.uniform(25, 40, int(island // 2) or 1)).round(2)
    return there, rng.permutation(back)


def _blocks(labels):
    """The four pixels of each block, ``(H / 2, W / 2, 4)``."""
    height, width = labels.shape
    blocks = labels.reshape(height // 2, 2, width // 2, 2).swapaxes(1, 2)
    return blocks.reshape(height // 2, width // 2, 4)


def shrink(labels):
    """The class that most of the four pixels of each block have; the smallest of several such."""
    counts = [(_blocks(labels) == one).sum(axis=2) for one in range(int(labels.max()) + 1)]
    return np.argmax(counts, axis=0)


def _largest_of_several(labels):
    last = int(labels.max())
    counts = [(_blocks(labels) == one).sum(axis=2) for one in range(last, -1, -1)]
    return last - np.argmax(counts, axis=0)


def some_labels(rng):
    """A label image of 6 x 8 pixels, classes 0 to 3, the last one always there."""
    labels = rng.choice(4, (6, 8), p=[0.5, 0.1, 0.2, 0.2])
    labels[:2, :4] = [[0, 0, 3, 3], [2, 2, 0, 3]]
    return labels


QUESTIONS = [
    ValueQuestion(
        name="15-signs",
        answer="raised",
        level="predict",
        minutes=5,
        points=1,
        expected={"a", "c", "d"},
        right="These three flatter. The others cost, and that makes them no less wrong.",
        mistakes=[
            Mistake({"a", "b", "c", "d"}, "(b) trains on pairs that do not fit. The network learns "
                    "worse, and the score of unseen patients falls.", when=lambda found: "b" in found),
            Mistake({"a", "c", "d", "e"}, "(e) teaches moves that the test hearts do not show, and not "
                    "those that they do. The score falls.", when=lambda found: "e" in found),
            Mistake({"a", "c", "d", "f"}, "(f) adds up how unsure the network is, too: a good mask at 0.6 "
                    "loses. The number falls.", when=lambda found: "f" in found),
            Mistake({"c", "d"}, "(a) is missing: the nearest training picture is now a neighbour of the "
                    "same heart, and its mask fits.", when=lambda found: found == ["c", "d"]),
            Mistake({"a", "d"}, "(c) is missing: the Dice of the background is near 1, whatever is drawn.",
                    when=lambda found: found in (["a", "d"], ["d"])),
            Mistake({"a", "c"}, "(d) is missing: each such pair adds a 1 to the mean, and nothing was "
                    "drawn for it.", when=lambda found: found in (["a", "c"], ["a"], ["c"])),
        ],
        hints=[
            "Ask of each: is the network trained worse, is the test easier, or is it counted otherwise?",
            "Two spoil the training. Of the other four, one punishes a network that is right and unsure.",
        ],
    ),
    ValueQuestion(
        name="15-stopped",
        answer="stopped",
        level="apply",
        minutes=10,
        points=2,
        expected={"a", "b", "c"},
        right="A check of the parts finds what is in two of them. The other three have to be found in code.",
        mistakes=[
            Mistake({"a", "b", "c", "d"}, "(d) leaves clean parts: no patient stands in two of them. Which "
                    "epoch was chosen cannot be seen in a split.", when=lambda found: "d" in found),
            Mistake({"a", "b", "c", "e"}, "(e) happens in the training. The check sees only what stands in "
                    "which part.", when=lambda found: "e" in found),
            Mistake({"a", "b", "c", "f"}, "(f) happens after the training, in the score. The check sees "
                    "only what stands in which part.", when=lambda found: "f" in found),
            Mistake({"a", "b"}, "(c) is missing: names differ, but the pictures do not. The check compares "
                    "pictures, too.", when=lambda found: found in (["a", "b"], ["a"], ["b"])),
            Mistake({"a", "c"}, "(b) is missing: a turned copy keeps the name of its patient, and that "
                    "name then stands in two parts.", when=lambda found: found in (["a", "c"], ["c"])),
            Mistake({"b", "c"}, "(a) is missing: slices of one patient then stand in two parts.",
                    when=lambda found: found == ["b", "c"]),
        ],
        hints=[
            "It looks for three things in two parts: a patient, a file, a picture that looks alike.",
            "For which of the six does something stand in the training part and in the test part?",
        ],
    ),
    ValueQuestion(
        name="15-chosen",
        answer="gain",
        level="apply",
        minutes=10,
        points=2,
        expected=TEST.max() - CHOSEN,
        tolerance=5e-4,
        right="It cannot be below 0, for a maximum was taken: so it is no matter of good or bad luck.",
        mistakes=[
            Mistake(CHOSEN - TEST.max(), "The sign is turned: ask what the mistake *adds*."),
            Mistake(TEST.max() - VALIDATION.max(), "You compared the test patients with the validation "
                    "patients. Compare two epochs on the test patients."),
            Mistake(VALIDATION.max() - CHOSEN, "That is how far the test lies below the validation. "
                    "Compare two epochs on the test patients."),
            Mistake(TEST.max() - TEST[-1], "You took the last epoch as the honest one. Honest is the epoch "
                    "that the validation patients choose."),
            Mistake(TEST.max() - TEST.mean(), "You took the mean of the epochs. One epoch is chosen, and "
                    "the validation patients choose it."),
            Mistake(TEST.max(), "That is the score with the mistake. What would the score be without it?"),
            Mistake(0, "The two epochs are not the same one: find the best of each line."),
        ],
        hints=[
            "Which epoch do the validation patients choose? What do the test patients score there?",
            "`test.max() - test[validation.argmax()]`",
        ],
    ),
    FunctionQuestion(
        name="15-hd95",
        answer="two_hd95",
        level="build",
        minutes=15,
        points=3,
        reference=two_hd95,
        cases=[
            (np.array([1.0] * 20), np.array([1.0] * 18 + [30.0] * 2)),
            (np.array([2.0, 1.0, 0.0, 1.0]), np.array([0.0, 3.0])),
            (np.array([0.0, 5.0]), np.array([2.0, 1.0, 0.0, 1.0])),
        ],
        draw=distances,
        right="Neither is wrong. A paper that says only HD95 leaves open by how much it may be compared.",
        mistakes=[
            Mistake(lambda there, back: two_hd95(there, back)[::-1], "The two are exchanged: the larger of "
                    "the two percentiles comes first."),
            Mistake(_means_of_both, "You took the mean of the two percentiles. The first definition takes "
                    "the larger one."),
            Mistake(_smaller, "You took the smaller of the two percentiles. A distance is as bad as its "
                    "worse direction."),
            Mistake(_first_alone, "You looked in one direction alone. An island of the prediction is far "
                    "from the truth, and no pixel of the truth is far from the prediction."),
            Mistake(_farthest, "That is the largest distance, the 100th percentile. One stray pixel decides "
                    "it."),
            Mistake(_padded, "You filled the shorter list up with zeros. Nobody measured them: put one list "
                    "behind the other."),
        ],
        hints=[
            "`np.percentile(there, 95)`; for the second definition `np.concatenate([there, back])`.",
            "`max(np.percentile(there, 95), np.percentile(back, 95))` is the first.",
        ],
    ),
    FunctionQuestion(
        name="15-shrink",
        answer="shrink",
        level="build",
        minutes=25,
        points=3,
        reference=shrink,
        cases=[
            (np.array([[0, 0, 2, 2], [0, 2, 2, 2]]),),
            (np.array([[0, 2, 3, 3], [0, 2, 1, 3], [1, 0, 2, 0], [3, 2, 2, 3]]),),
        ],
        draw=lambda rng: (some_labels(rng),),
        right="Classes are counted, not averaged: no class appears that was not there.",
        mistakes=[
            Mistake(lambda labels: np.rint(_blocks(labels).mean(axis=2)).astype(int), "You averaged class "
                    "numbers and rounded. Between 0 and 2 that makes a 1, a class that nobody drew."),
            Mistake(lambda labels: _blocks(labels).mean(axis=2), "You averaged class numbers. There is no "
                    "class 0.5: count which class is there most often."),
            Mistake(lambda labels: labels[::2, ::2], "You took the first pixel of each block, the nearest "
                    "neighbour. It makes no new class, but forgets the other three pixels."),
            Mistake(lambda labels: _blocks(labels).max(axis=2), "You took the largest class number of each "
                    "block. A single pixel of class 3 then wins over three of class 0."),
            Mistake(_largest_of_several, "Where two classes are there equally often, the smaller number is "
                    "asked for, and yours is the larger."),
            Mistake(lambda labels: np.median(_blocks(labels), axis=2).astype(int), "You took the median. It "
                    "sorts class numbers as if they were quantities, and lands between 0 and 2 as well."),
        ],
        hints=[
            "For each class: how many of the four pixels have it? `labels == one` is 0 or 1, and "
            "`a[::2, ::2] + a[1::2, ::2] + a[::2, 1::2] + a[1::2, 1::2]` adds four such pixels.",
            "`np.argmax(counts, axis=0)` gives the class with the highest count, of several the first.",
        ],
    ),
]  # fmt: skip
