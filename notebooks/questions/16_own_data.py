"""Questions on own images: names of one person, what an outline fills, how many patients it takes."""

import math

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the third question: spread of the patients' Dice, and half the width of the interval.
SD, HALF = 0.06, 0.02
LETTERS = "ABCDEFGHJK"


def patient_of(name):
    """The letters and digits before the first hyphen or underscore."""
    return name.split("_")[0].split("-")[0]


def drawn_name(rng):
    """A name with or without a number of the visit."""
    number, visit, image = rng.integers(1, 2000), rng.integers(2, 4), rng.integers(1, 99)
    prefix, phase = rng.choice(["P", "HF", "N"]), rng.choice(["ED", "ES"])
    again = f"-{visit}" if rng.random() < 0.6 else ""
    return (f"{prefix}{number:02d}{again}_{phase}_{image:02d}",)


def person_of(names, pairs):
    """The first name, by the alphabet, of all that are joined to each name."""
    person = {name: name for name in names}
    for a, b in pairs:
        first, other = sorted((person[a], person[b]))
        person = {name: first if one == other else one for name, one in person.items()}
    return person


def _lesson(names, pairs):
    """The loop of the lesson: moves one name, and forgets whom that name was joined to."""
    person = {name: name for name in names}
    for a, b in pairs:
        person[b] = person[a]
    return person


def _neighbours_alone(names, pairs):
    near = {name: {name} for name in names}
    for a, b in pairs:
        near[a].add(b)
        near[b].add(a)
    return {name: min(near[name]) for name in names}


def _first_pair_alone(names, pairs):
    """Moves one name to the smaller of two labels, in place of its whole group."""
    person = {name: name for name in names}
    for a, b in pairs:
        person[a] = person[b] = min(person[a], person[b])
    return person


def _last_name(names, pairs):
    person = person_of(names, pairs)
    return {n: max(m for m in names if person[m] == person[n]) for n in names}


def _pairs_alone(names, pairs):
    """Leaves out whoever looks like nobody."""
    joined = {name for pair in pairs for name in pair}
    return {n: one for n, one in person_of(names, pairs).items() if n in joined}


def drawn_people(rng):
    """Two people of three and four names, one of one name; pairs as they come from a folder."""
    a, b, c, d, e, f, g, h = sorted(rng.choice(list(LETTERS), 8, replace=False).tolist())
    pairs = [(b, d), (c, g), (d, a), (e, f), (g, e)]
    return rng.permutation([a, b, c, d, e, f, g, h]).tolist(), pairs


QUESTIONS = [
    ValueQuestion(
        name="16-loop",
        answer="groups",
        level="predict",
        minutes=5,
        points=1,
        expected=["A", "B", "B"],
        right="A and C look alike, and are in two groups: C was moved on, and A was left behind.",
        mistakes=[
            Mistake(["A", "A", "A"], "That is what it should be. But the second round changes only the "
                    "group of C, and takes that of B for it."),
            Mistake(["A", "B", "A"], "That is how things stand after the first pair. The second pair moves "
                    "C once more."),
            Mistake(["B", "B", "B"], "A goes nowhere: the loop only ever moves the *second* name of a pair."),
            Mistake(["A", "B", "C"], "That is how things stand before the loop."),
        ],
        hints=[
            "Write down the three groups before the loop, after the first pair, and after the second.",
            "First pair: group[C] = group[A]. Second pair: group[C] = group[B].",
        ],
    ),
    ValueQuestion(
        name="16-centre",
        answer="pixels",
        level="apply",
        minutes=10,
        points=2,
        expected=9,
        right="By the other rules 6 to 20: on a small mask the rule weighs more than the drawing.",
        mistakes=[
            Mistake(20, "You counted every pixel that the outline touches. A pixel is inside only if its "
                    "centre is."),
            Mistake(6, "You counted the pixels that lie wholly inside. It is enough if the centre does."),
            Mistake(3.7 * 3.1, "That is the area. A mask has whole pixels: count centres."),
            Mistake(12, "You took the whole numbers for centres. The first pixel reaches from 0 to 1, so "
                    "that its centre is at 0.5."),
            Mistake(16, "You rounded the corners and counted both ends. Count the centres 0.5, 1.5, ... "
                    "between the corners."),
            Mistake(3, "That is one side. How many rows of them are there?"),
        ],
        hints=[
            "Which of the centres 0.5, 1.5, 2.5, ... lie between 1.7 and 5.4?",
            "Columns 2.5, 3.5, 4.5; and between 1.3 and 4.4 rows 1.5, 2.5, 3.5.",
        ],
    ),
    ValueQuestion(
        name="16-enough",
        answer="patients",
        level="apply",
        minutes=10,
        points=2,
        expected=math.ceil((1.96 * SD / HALF) ** 2),
        tolerance=1e-4,
        right="Half the width costs four times as many patients. And that SD is itself a guess from four.",
        mistakes=[
            Mistake((1.96 * SD / HALF) ** 2, "Patients come whole: round up."),
            Mistake(34, "With 34 it is a little wider than that. Round up."),
            Mistake(9, "The factor 1.96 is missing: one standard error to each side is an interval of 68 %."),
            Mistake(6, "The root is missing: the width falls with √n, so square the ratio."),
            Mistake(139, "You made the *whole* interval 0.02 wide. It reaches 0.02 to each side."),
            Mistake(31, "You subtracted the four that you have. All of them are asked for."),
        ],
        hints=[
            "The interval reaches 1.96 · SD / √n to each side of the mean.",
            "Solve 1.96 · 0.06 / √n = 0.02 for n.",
        ],
    ),
    FunctionQuestion(
        name="16-name",
        answer="patient_of",
        level="build",
        minutes=10,
        points=2,
        reference=patient_of,
        cases=[("P07_ED_03",), ("P07-2_ED_03",), ("P112_ES_10",), ("HF1803-3_ES_4",)],
        draw=drawn_name,
        right="Whoever came twice is one patient. Names that hide it need the pictures, as in the lesson.",
        mistakes=[
            Mistake(lambda name: name.split("_")[0], "The number of the visit is still there. A patient who "
                    "came twice would train and test."),
            Mistake(lambda name: name[:3], "You took three letters. Then P112 and P113 are one patient."),
            Mistake(lambda name: name.rsplit("_", 1)[0], "The phase is still there. ED and ES of one heart "
                    "would be two patients."),
            Mistake(lambda name: name.split("-")[0], "Without a number of the visit there is no hyphen, and "
                    "the whole name stays."),
            Mistake(lambda name: name.rsplit("_", 1)[-1], "That is the number of the slice. The patient "
                    "stands first."),
            Mistake(lambda name: "".join(filter(str.isdigit, patient_of(name))), "You took the digits "
                    "alone. P07 and N07 may be two people."),
        ],
        hints=[
            "`name.split(\"_\")` cuts a name at each underscore, and gives a list.",
            "Take the first piece, and cut that once more, at the hyphen.",
        ],
    ),
    FunctionQuestion(
        name="16-groups",
        answer="person_of",
        level="build",
        minutes=25,
        points=3,
        reference=person_of,
        cases=[
            (["A", "B", "C", "D"], [("A", "C"), ("B", "C")]),
            (["D", "C", "B", "A", "E"], [("C", "D"), ("A", "B"), ("B", "D")]),
            (["A", "B"], []),
        ],
        draw=drawn_people,
        right="Now no order of the pairs takes a person apart. Split these groups, not the names.",
        mistakes=[
            Mistake(_lesson, "That is the loop of the lesson. It moves one name, and leaves behind whoever "
                    "that name was joined to before."),
            Mistake(_neighbours_alone, "You looked at each name's own pairs. If A is like C, and C like D, "
                    "then A and D are one person too."),
            Mistake(_first_pair_alone, "You moved the two names of a pair. Move everybody who has the same "
                    "label as one of them."),
            Mistake(_last_name, "The groups are right. Their label is the *first* of their names, by the "
                    "alphabet."),
            Mistake(_pairs_alone, "Names without a pair are missing. They are people too, each with their "
                    "own name as label."),
            Mistake(lambda names, pairs: dict.fromkeys(names, min(names)), "All have one label. Whoever is "
                    "in no pair with the others is somebody else."),
        ],
        hints=[
            "When a pair joins two groups, every name of the one must get the label of the other.",
            "`first, other = sorted((person[a], person[b]))`; then go through all names and replace "
            "`other` by `first`.",
        ],
    ),
]  # fmt: skip
