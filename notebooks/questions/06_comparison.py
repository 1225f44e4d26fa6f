"""Questions on fair comparison: few patients, the number to report, pairs, and several tests."""

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

LEVEL = 0.05


def patients_needed(tests, sides=2):
    """The fewest patients with whom the smallest p, times the number of tests, is below 0.05."""
    return next(n for n in range(1, 100) if tests * sides / 2**n < LEVEL)


#: Means of the exercise: made up, and such that the best of validation is not the best of the test.
VALIDATION, TEST = [0.861, 0.883, 0.874, 0.858], [0.849, 0.856, 0.868, 0.862]


def paired_differences(new, old):
    """New minus old of each patient, a patient's rows averaged first."""
    patients = sorted({name for name, _ in new})
    return {one: _mean(one, new) - _mean(one, old) for one in patients}


def _mean(patient, table):
    return float(np.mean([dice for name, dice in table if name == patient]))


def _by_row(new, old):
    """Rows paired as they stand, then averaged by the patient of the first table."""
    rows = [(name, dice - other) for (name, dice), (_, other) in zip(new, old, strict=False)]
    return {name: _mean(name, rows) for name in sorted({name for name, _ in rows})}


def _last_row(new, old):
    new, old = dict(new), dict(old)
    return {name: new[name] - old[name] for name in sorted(new)}


def _first_row(new, old):
    return _last_row(new[::-1], old[::-1])


def _summed(new, old):
    return {
        name: sum(d for n, d in new if n == name) - sum(d for n, d in old if n == name)
        for name in sorted({name for name, _ in new})
    }


def drawn_tables(rng):
    """Four patients with two or three rows each, the second table in another order."""
    names = [f"P{n}" for n in range(1, 5) for _ in range(rng.integers(2, 4))]
    new, old = rng.uniform(0.5, 1, (2, len(names)))
    new, old = (list(zip(names, dice.tolist(), strict=True)) for dice in (new, old))
    return new, old[2:] + old[:2]


def shown(p_values):
    """Holm's method, step by step: whether each difference is shown."""
    verdicts = [False] * len(p_values)
    for step, place in enumerate(np.argsort(p_values)):
        if p_values[place] >= LEVEL / (len(p_values) - step):
            break
        verdicts[place] = True
    return verdicts


def _limits(p_values):
    """The limit of each p-value by its rank, in the order given."""
    ranks = np.argsort(np.argsort(p_values))
    return LEVEL / (len(p_values) - ranks)


def _never_stops(p_values):
    return list(np.asarray(p_values) < _limits(p_values))


def _from_above(p_values):
    """Hochberg's way: from the largest down, all are shown from the first that passes."""
    verdicts = [False] * len(p_values)
    order = np.argsort(p_values)
    passed = np.flatnonzero(np.asarray(p_values)[order] < _limits(p_values)[order])
    for place in order[: passed.max() + 1] if len(passed) else []:
        verdicts[place] = True
    return verdicts


def _unsorted(p_values):
    verdicts = [False] * len(p_values)
    for step, p in enumerate(p_values):
        if p >= LEVEL / (len(p_values) - step):
            break
        verdicts[step] = True
    return verdicts


def _in_sorted_order(p_values):
    return shown(sorted(p_values))


def drawn_p_values(rng):
    """Six p-values, the larger ones about at their limits."""
    return (list(rng.permutation(LEVEL / np.arange(6, 0, -1) * rng.uniform(0.4, 1.1, 6))),)


QUESTIONS = [
    ValueQuestion(
        name="06-five",
        answer="conclusion",
        level="predict",
        minutes=5,
        points=1,
        expected="b",
        right="If five of five lean to one side, p is 2 / 32, which is above 0.05. Who plans a test "
              "counts this before, not after.",
        mistakes=[
            Mistake("a", "Five coins fall on one side, all heads or all tails, in 2 of 32 cases. That "
                    "is not rare enough for the criterion that was fixed before."),
            Mistake("c", "That nothing was shown is no proof of equality. Equality is a claim of its "
                    "own: it needs a margin and its own test."),
            Mistake("d", "The signed-rank test looks at signs and ranks. With all signs equal it is at "
                    "its end already, however large the gains are."),
        ],
        hints=[
            "How probable is it that five fair coins all fall on the same side?",
            "2 / 2⁵ is 0.0625. Does the size of the differences stand in it?",
        ],
    ),
    ValueQuestion(
        name="06-patients",
        answer="patients",
        level="apply",
        minutes=10,
        points=2,
        expected=patients_needed(4),
        tolerance=1e-6,
        right="That many at the least, and only if every single patient leans to the same side.",
        mistakes=[
            Mistake(patients_needed(1), "Holm's correction is missing: four networks give four chances "
                    "of a false alarm, so the smallest p counts four times."),
            Mistake(patients_needed(4, sides=1), "You took 1 / 2ⁿ, a test that looks to one side only. "
                    "The two-sided one gives 2 / 2ⁿ."),
            Mistake(patients_needed(1, sides=1), "Two things are missing: the second side of the test, "
                    "2 / 2ⁿ, and Holm's factor 4."),
            Mistake(patients_needed(10), "There are fewer tests than you counted: each of four networks against the "
                    "fifth, not every pair of the five."),
        ],
        hints=[
            "With n = 5 the smallest p is 2 / 32. Multiply it by 4 and compare with 0.05.",
            "Look for the first n with 4 · 2 / 2ⁿ below 0.05; a loop or a table does it.",
        ],
    ),
    ValueQuestion(
        name="06-report",
        answer="reported",
        level="apply",
        minutes=5,
        points=1,
        expected=TEST[1],
        tolerance=1e-6,
        right="It is not the highest of the test. That is the price of honesty, and here it is 0.012.",
        mistakes=[
            Mistake(max(TEST), "You chose by the test. Then the test patients have chosen and cannot "
                    "judge any more: the best of four on them is partly luck."),
            Mistake(max(VALIDATION), "That is the score on the validation patients, by which the "
                    "network was chosen. The best of four is too high there; so one tests anew."),
            Mistake(float(np.mean(TEST)), "That is the mean of all networks. One network is handed "
                    "on, and its score is asked for."),
            Mistake(TEST[3], "That is network D. Which one has the best validation score?"),
            Mistake(TEST[0], "That is network A. Which one has the best validation score?"),
        ],
        hints=[
            "Two steps: which patients choose the network, and which ones judge it?",
            "Find the network with the highest validation score; then look it up under test.",
        ],
    ),
    FunctionQuestion(
        name="06-paired",
        answer="paired_differences",
        level="build",
        minutes=20,
        points=3,
        reference=paired_differences,
        cases=[
            ([("P1", 0.9), ("P1", 0.9), ("P2", 0.6)], [("P2", 0.8), ("P1", 0.7), ("P1", 0.9)]),
            ([("P1", 0.5), ("P2", 0.9)], [("P2", 0.7), ("P1", 0.6)]),
        ],
        draw=drawn_tables,
        right="What is hard about a patient is hard for both networks, and falls out of the difference.",
        mistakes=[
            Mistake(_by_row, "You paired rows as they stand. The tables are sorted differently: a "
                    "patient of one met another patient of the other."),
            Mistake(lambda new, old: paired_differences(old, new), "That is old minus new: a better "
                    "network would have a negative difference."),
            Mistake(_last_row, "Of each patient you kept the last row only; average all."),
            Mistake(_first_row, "Of each patient you kept the first row only; average all."),
            Mistake(_summed, "You summed a patient's rows; who has more rows would count more. Take "
                    "the mean."),
            Mistake(lambda new, old: float(np.mean(list(paired_differences(new, old).values()))),
                    "That is the mean over patients. One difference for each patient is asked for: a "
                    "test needs them one by one."),
            Mistake(lambda new, old: float(np.mean([d for _, d in new]) - np.mean([d for _, d in old])),
                    "That is the difference of two means over all rows: the pairs are gone, and a "
                    "patient with more rows counts more."),
        ],
        hints=[
            "Which rows are of P1? `[dice for name, dice in new if name == \"P1\"]`.",
            "Take the mean of these in both tables, subtract, and do it for each name in a set of "
            "names: `{name for name, _ in new}`.",
        ],
    ),
    FunctionQuestion(
        name="06-holm",
        answer="shown",
        level="build",
        minutes=25,
        points=3,
        reference=shown,
        cases=[
            ([0.04, 0.01, 0.03],),
            ([0.03, 0.011, 0.02, 0.005],),
            ([0.012, 0.001, 0.04],),
            ([0.2, 0.03, 0.02],),
            ([0.001, 0.045, 0.01],),
        ],
        draw=drawn_p_values,
        right="The stop is what keeps one false alarm among all tests rare.",
        mistakes=[
            Mistake(lambda p_values: [p < LEVEL for p in p_values], "You compared each with 0.05, as "
                    "if it were the only test. Of twenty such tests without any difference one gives a "
                    "false alarm, on average."),
            Mistake(lambda p_values: [p < LEVEL / len(p_values) for p in p_values], "That is "
                    "Bonferroni: 0.05 / m for all. It errs on the safe side; Holm's limits grow with "
                    "each step."),
            Mistake(_never_stops, "You do not stop: a p-value after one that failed may still pass in "
                    "yours. The first that fails ends it for all after it."),
            Mistake(_from_above, "You began with the largest p-value. That is another method, "
                    "Hochberg's, which shows more and asks more of the data. Begin with the smallest."),
            Mistake(_unsorted, "You went through the p-values as they were given. The smallest comes "
                    "first, whatever its place."),
            Mistake(_in_sorted_order, "Right, but in sorted order: nobody knows any more which "
                    "verdict is whose. Give them in the order of the p-values."),
            Mistake(lambda p_values: [not verdict for verdict in shown(p_values)], "That is the "
                    "opposite: True stands for a difference that is shown."),
            Mistake(lambda p_values: sum(shown(p_values)), "That is how many are shown; one verdict "
                    "for each is asked for, in a list."),
        ],
        hints=[
            "`np.argsort(p_values)` gives the places from the smallest p-value to the largest.",
            "Begin with `[False] * m`. Go through those places; at step 0, 1, ... the limit is "
            "0.05 / (m - step); below it write True at the place, else `break`.",
        ],
    ),
]  # fmt: skip
