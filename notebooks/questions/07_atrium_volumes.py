"""Questions on volumes: a score against itself, places in space, two labels, pieces and axes."""

import itertools

import numpy as np
from scipy import ndimage

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: From voxel numbers to millimetres, and the voxel whose place is asked for.
AFFINE = np.array(
    [[0.0, -1.25, 0.0, 90.0], [1.5, 0.0, 0.0, -126.0], [0.0, 0.0, 2.0, -72.0], [0.0, 0.0, 0.0, 1.0]]
)
VOXEL = np.array([100, 80, 40, 1])

#: Voxels of two labels of one heart, and those in both.
FIRST, SECOND, SHARED = 40_000, 44_000, 37_800
BETWEEN = 2 * SHARED / (FIRST + SECOND)


def largest_piece(volume):
    """The largest piece of a mask; voxels of one piece share faces."""
    return _kept(volume, np.argmax)


def _kept(volume, choose, structure=None):
    """The piece that `choose` takes by its size; an empty volume stays empty."""
    pieces, number = ndimage.label(volume, structure)
    if number == 0:
        return np.zeros_like(volume)
    sizes = np.bincount(pieces.ravel())[1:]
    return (pieces == 1 + choose(sizes)).astype(np.uint8)


def _by_slice(volume):
    return np.stack([largest_piece(one) for one in volume])


def _with_background(volume):
    pieces, _ = ndimage.label(volume)
    return (pieces == np.bincount(pieces.ravel()).argmax()).astype(np.uint8)


def _one_too_low(volume):
    pieces, number = ndimage.label(volume)
    sizes = np.bincount(pieces.ravel())[1:]
    return (pieces == sizes.argmax()).astype(np.uint8) if number else np.zeros_like(volume)


def some_volume(*boxes, shape=(5, 8, 8)):
    """A mask of boxes, each ``(depth, row, column, sides)``."""
    volume = np.zeros(shape, np.uint8)
    for *corner, sides in boxes:
        volume[tuple(slice(at, at + side) for at, side in zip(corner, sides, strict=True))] = 1
    return volume


def drawn_volume(rng):
    """Small boxes here and there, one of them large."""
    corners = rng.integers(0, 4, (5, 3))
    boxes = [(*map(int, corner), (1, 1, 2)) for corner in corners]
    return (some_volume(*boxes, (1, 4, 4, (3, 3, 3))),)


_PAIRS = ("RL", "AP", "SI")


def to_ras(volume, letters):
    """The volume with axes that run to the right, to the front and up."""
    order = _order(letters)
    turned = volume.transpose(order)
    return np.flip(turned, [axis for axis in range(3) if letters[order[axis]] in "LPI"])


def _order(letters):
    """The axis of the volume that runs right or left, then front or back, then up or down."""
    return [next(n for n, letter in enumerate(letters) if letter in pair) for pair in _PAIRS]


def _backwards(letters):
    return [n for n, letter in enumerate(letters) if letter in "LPI"]


def _not_flipped(volume, letters):
    return volume.transpose(_order(letters))


def _not_transposed(volume, letters):
    return np.flip(volume, _backwards(letters))


def _inverse_order(volume, letters):
    return np.flip(volume, _backwards(letters)).transpose(np.argsort(_order(letters)))


def _old_axes(volume, letters):
    return np.flip(volume.transpose(_order(letters)), _backwards(letters))


def _to_lpi(volume, letters):
    return np.flip(to_ras(volume, letters), (0, 1, 2))


def drawn_axes(rng):
    """A volume of unequal sides, and any of the 48 ways to store it."""
    axes = list(itertools.permutations(_PAIRS))[rng.integers(6)]
    return rng.normal(size=(2, 3, 4)), "".join(pair[rng.integers(2)] for pair in axes)


_COUNTED = np.arange(24).reshape(2, 3, 4)

QUESTIONS = [
    ValueQuestion(
        name="07-itself",
        answer="networks",
        level="predict",
        minutes=5,
        points=1,
        expected="c",
        right="The experts do not stand in that score at all. It measures how sure a network is.",
        mistakes=[
            Mistake("a", "Where in this score do the experts stand? Both sides of it are the network's."),
            Mistake("b", "To know the training subjects by heart helps on those. This score asks "
                    "neither about them nor about others: both sides of it are the network's own."),
            Mistake("d", "A loss compares with the experts' masks; this score does not. Even after "
                    "training on wrong masks it can be near 1."),
        ],
        hints=[
            "Which two things are compared, and where does the expert's mask come in?",
            "Probabilities of 0.99 inside and 0.01 outside: what is the mask at 0.5, and how like it "
            "are they?",
        ],
    ),
    ValueQuestion(
        name="07-affine",
        answer="millimetres",
        level="apply",
        minutes=10,
        points=1,
        expected=(AFFINE @ VOXEL)[:3],
        right="The first axis of the array runs to the front here, the second to the left: the "
              "affine knows it, the array does not.",
        mistakes=[
            Mistake(AFFINE[:3, :3] @ VOXEL[:3], "The last column is missing: where voxel (0, 0, 0) "
                    "lies. Put a 1 behind the voxel's numbers."),
            Mistake(AFFINE @ VOXEL, "The fourth number is only the 1 that carried the last column "
                    "along. Three numbers are a place."),
            Mistake(AFFINE[:3, :3].T @ VOXEL[:3] + AFFINE[:3, 3], "Rows and columns are swapped: the "
                    "matrix stands in front, `affine @ voxel`."),
            Mistake([1.5 * 100 + 90, 1.25 * 80 - 126, 2.0 * 40 - 72], "You took the voxel sizes, axis "
                    "by axis. The first axis of this array is not the first of the body."),
            Mistake((np.linalg.inv(AFFINE) @ VOXEL)[:3], "That is the inverse, from millimetres to "
                    "voxel numbers."),
        ],
        hints=[
            "Multiply the matrix by the voxel's three numbers with a 1 behind them.",
            "`affine @ [100, 80, 40, 1]`; the first three numbers are the place.",
        ],
    ),
    ValueQuestion(
        name="07-double",
        answer="mean_dice",
        level="apply",
        minutes=15,
        points=2,
        expected=(1 + BETWEEN) / 2,
        right="No mask equals both labels, so none reaches 1 in both rows. A score above the 0.9 of "
              "the labels among themselves says how well one labeller is imitated.",
        mistakes=[
            Mistake(BETWEEN, "That is the Dice of the two labels. It is the second row; the first "
                    "row compares with the very label that was drawn."),
            Mistake(1.0, "That is the first row. In the second row the same mask meets the other "
                    "label."),
            Mistake((1 + SHARED / (FIRST + SECOND - SHARED)) / 2, "In the second row you took "
                    "Jaccard, shared by all voxels of either. Dice is twice the shared by the sum."),
            Mistake(SHARED / (FIRST + SECOND - SHARED), "That is Jaccard of the two labels. Take "
                    "Dice, and the mean of both rows."),
            Mistake((1 + SHARED / SECOND) / 2, "In the second row you divided by the second label "
                    "alone; Dice divides by both sizes."),
            Mistake((1 + SHARED / FIRST) / 2, "In the second row you divided by the first label "
                    "alone; Dice divides by both sizes."),
        ],
        hints=[
            "There are two rows. What is the Dice of a mask with an equal label?",
            "The other row is 2 · 37 800 / (40 000 + 44 000). Take the mean of both.",
        ],
    ),
    FunctionQuestion(
        name="07-piece",
        answer="largest_piece",
        level="build",
        minutes=20,
        points=3,
        reference=largest_piece,
        cases=[
            (some_volume((0, 0, 0, (1, 1, 2)), (0, 2, 2, (3, 1, 1)), (2, 2, 3, (1, 1, 1)), shape=(3, 4, 4)),),
            (some_volume((0, 0, 0, (2, 2, 2)), (0, 5, 5, (1, 3, 3))),),
            (some_volume((0, 0, 0, (2, 2, 2)), (2, 2, 2, (1, 3, 3)), (4, 7, 7, (1, 1, 1))),),
            (some_volume((0, 0, 0, (1, 1, 1)), (0, 0, 4, (1, 1, 4)), (2, 5, 5, (2, 2, 2))),),
            (some_volume((0, 0, 0, (5, 8, 7)), shape=(5, 8, 9)),),
            (some_volume(shape=(2, 4, 4)),),
        ],
        draw=drawn_volume,
        right="Islands far away cost HD95 most. And if the largest piece is an island, the organ is "
              "gone: so a paper says that it cleaned up.",
        mistakes=[
            Mistake(_by_slice, "You kept the largest piece of each slice. In space an island on "
                    "another slice is a piece too; label the volume as a whole."),
            Mistake(_with_background, "You counted the background, number 0, as a piece. It is the "
                    "largest nearly always."),
            Mistake(_one_too_low, "Your numbers are one off: without the background the first size "
                    "belongs to piece 1, not 0."),
            Mistake(lambda volume: _kept(volume, lambda sizes: 0), "You kept the first piece that was "
                    "found. Which one that is depends on where it lies, not on its size."),
            Mistake(lambda volume: _kept(volume, np.argmin), "That is the smallest piece."),
            Mistake(lambda volume: _kept(volume, np.argmax, np.ones((3,) * volume.ndim)), "You let "
                    "corners count as neighbours. Here voxels are neighbours only if they share a "
                    "face, as `ndimage.label(volume)` has it."),
            Mistake(lambda volume: volume, "You gave the volume back as it was."),
            Mistake(lambda volume: int(largest_piece(volume).sum()), "That is the size of the largest "
                    "piece; the mask of it is asked for."),
        ],
        hints=[
            "`np.bincount(pieces.ravel())` counts the voxels of each number; number 0 is background.",
            "Set the count of 0 to zero, take `argmax`, compare `pieces` with it. What if there is no "
            "piece at all?",
        ],
    ),
    FunctionQuestion(
        name="07-turn",
        answer="to_ras",
        level="build",
        minutes=30,
        points=3,
        reference=to_ras,
        cases=[
            (_COUNTED, "SPL"),
            (_COUNTED, "RAS"),
            (_COUNTED, "LPS"),
            (_COUNTED, "SRA"),
            (_COUNTED, "ASL"),
        ],
        draw=drawn_axes,
        right="No voxel was changed, so nothing was lost: turn, cut, predict, and turn back.",
        mistakes=[
            Mistake(_not_flipped, "The axes are in the right order, but some still run backwards: "
                    "L, P and I have to be flipped."),
            Mistake(_not_transposed, "You flipped the axes and left them in their old order: the first "
                    "has to be the one that runs right or left."),
            Mistake(_inverse_order, "You transposed by the inverse. `transpose` wants to know, for "
                    "each new axis, which old one it was. Try `SRA`, where the two differ."),
            Mistake(_old_axes, "You flipped after transposing, but counted the axes as before it: "
                    "other ones were flipped."),
            Mistake(_to_lpi, "All three run the other way round: you flipped R, A and S and not L, P "
                    "and I."),
            Mistake(lambda volume, letters: volume, "You gave the volume back as it was."),
        ],
        hints=[
            "Two steps. First the order: which axis of the volume runs right or left? It comes first.",
            "`volume.transpose(order)`, where `order` lists old axes. Then `np.flip` those new axes "
            "whose letter was L, P or I: new axis n has the letter `letters[order[n]]`.",
        ],
    ),
]  # fmt: skip
