"""Questions on data preparation: volumes, intensities, crops and leaks."""

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the worked example in the exercise: pixels inside the outline, slice by slice.
AREAS = [310, 420, 505, 480, 390, 215]
PIXEL_MM, THICKNESS_MM, BETWEEN_MM = 1.5, 8.0, 10.0
ML = sum(AREAS) * PIXEL_MM**2 * BETWEEN_MM / 1000


def fading_heart():
    """The image and the mask of the exercise: a blood pool, its wall, a lung that ends below."""
    rows, columns = np.mgrid[-32:32, -32:32]
    radius = np.hypot(rows, columns)
    image = np.where(radius < 12, 200.0, np.where(radius < 20, 60.0, 110.0))
    return image, radius < 12


def contrast(image, mask):
    """Mean inside the mask minus mean in a ring of three pixels around it."""
    wide = mask.copy()
    for _ in range(3):
        steps = [np.roll(wide, step, axis) for axis in (0, 1) for step in (-1, 1)]
        wide = np.logical_or.reduce([wide, *steps])
    return image[mask].mean() - image[wide & ~mask].mean()


def shift_that_shows():
    """The smallest shift to the right that leaves less than half of the contrast."""
    image, mask = fading_heart()
    limit = contrast(image, mask) / 2
    return next(n for n in range(1, 32) if contrast(image, np.roll(mask, n, axis=1)) < limit)


def smallest_crop(masks):
    """The side of the smallest central square, an even number, that holds every mask pixel."""
    side = masks.shape[1]
    for size in range(2, side + 1, 2):
        start = (side - size) // 2
        kept = masks[:, start : start + size, start : start + size]
        if np.count_nonzero(kept) == np.count_nonzero(masks):
            return size
    return side


def _box(masks):
    _, rows, columns = np.nonzero(masks)[:3]
    return max(np.ptp(rows), np.ptp(columns)) + 1


def _rows_only(masks):
    side = masks.shape[1]
    inside = np.flatnonzero(masks.any(axis=(0, 2, 3)))
    return 2 * max(side // 2 - inside.min(), inside.max() + 1 - side // 2)


def _one_pixel_short(masks):
    side = masks.shape[1]
    _, rows, columns = np.nonzero(masks)[:3]
    return 2 * max(np.abs(rows - side // 2).max(), np.abs(columns - side // 2).max())


def some_masks(places, side=16):
    """One mask a place, each a rectangle ``(top, bottom, left, right)``, bounds not included."""
    masks = np.zeros((len(places), side, side, 1), np.uint8)
    for mask, (top, bottom, left, right) in zip(masks, places, strict=True):
        mask[top:bottom, left:right] = 1
    return masks


def drawn_masks(rng):
    """Three masks with their corners anywhere."""
    corners = np.sort(rng.choice(24, (3, 2, 2)), axis=2)
    return (some_masks([(a, b + 1, c, d + 1) for (a, b), (c, d) in corners], 24),)


def leaking_share(patients, test):
    """Share of the test slices whose patient also has slices that are not in the test part."""
    patients, test = np.asarray(patients), np.asarray(test)
    others = np.setdiff1d(np.arange(len(patients)), test)
    return float(np.mean(np.isin(patients[test], patients[others])))


def _of_patients(patients, test):
    patients = np.asarray(patients)
    others = np.setdiff1d(np.arange(len(patients)), test)
    return float(np.mean(np.isin(np.unique(patients[test]), patients[others])))


def _of_all_slices(patients, test):
    return leaking_share(patients, test) * len(test) / len(patients)


def _everyone_trains(patients, test):
    patients = np.asarray(patients)
    return float(np.mean(np.isin(patients[test], patients)))


def _rows_compared(patients, test):
    others = np.setdiff1d(np.arange(len(patients)), test)
    return float(np.mean(np.isin(test, others)))


def drawn_split(rng):
    """Twelve slices of some patients, four of them tested."""
    return [f"P{n}" for n in rng.integers(1, 8, 12)], np.sort(rng.choice(12, 4, replace=False))


QUESTIONS = [
    ValueQuestion(
        name="01-normalise",
        answer="unmoved",
        level="predict",
        minutes=5,
        points=1,
        expected="d",
        right="Both subtract something that moves with the image and divide by what scales with it.",
        mistakes=[
            Mistake("a", "Dividing by 255 changes the unit alone: a brighter image stays brighter."),
            Mistake("b", "The z-score is unmoved, but it is not the only one: try min–max on 3 pixels."),
            Mistake("c", "Min–max is unmoved, but it is not the only one: what becomes of the mean "
                         "and the standard deviation?"),
        ],
        hints=[
            "Take three pixels, 0, 10 and 40. Make them 5, 10 and 25, half of each and 5 more.",
            "What happens to the smallest value, the mean, the range and the standard deviation?",
        ],
    ),
    ValueQuestion(
        name="01-volume",
        answer="millilitres",
        level="apply",
        minutes=10,
        points=2,
        expected=ML,
        right="Slices stand for the gaps between them too, so the distance of their middles counts.",
        mistakes=[
            Mistake(ML * THICKNESS_MM / BETWEEN_MM, "You took the slice thickness. The slices do not "
                    "touch: each stands for the distance to the next, gap included."),
            Mistake(ML / PIXEL_MM, "A pixel has two sides: its area is the spacing squared."),
            Mistake(ML * 1000, "That is in cubic millimetres; 1 ml is 1000 of them."),
            Mistake(ML * 10, "A millilitre is a cube of 10 mm: 1000 cubic millimetres, not 100."),
            Mistake(ML / PIXEL_MM**2, "You counted pixels as if each were a square millimetre."),
            Mistake(sum(AREAS), "That is the number of pixels. Multiply by what one pixel's area and "
                    "one slice's share of the heart measure."),
        ],
        hints=[
            "One pixel of one slice is a small box. Which three lengths does it have?",
            "Two of the lengths are the pixel spacing. The third reaches to the next slice.",
            "Add the areas, multiply by the three lengths, divide by 1000.",
        ],
    ),
    ValueQuestion(
        name="01-shift",
        answer="shift",
        level="apply",
        minutes=15,
        points=2,
        expected=shift_that_shows,
        tolerance=1e-6,
        right="So a check by contrast finds masks that lie beside the heart, and not those that are a "
              "pixel or two off.",
        mistakes=[
            Mistake(shift_that_shows() - 1, "With that shift half of the contrast is still there: the "
                    "question is where it falls below."),
            Mistake(6, "You tried 3, 6 and 12. A smaller shift than 6 does it: try every number."),
            Mistake(12, "You tried 3, 6 and 12. A smaller shift than 12 does it: try every number."),
            Mistake(70.0, "That is the contrast, in grey values. The shift in pixels is asked for.",
                    when=lambda found: found > 31),
        ],
        hints=[
            "`np.roll(mask, n, axis=1)` moves a mask n pixels to the right.",
            "Print the contrast for n = 0, 1, 2, ... and compare each with half of the first.",
        ],
    ),
    FunctionQuestion(
        name="01-crop",
        answer="smallest_crop",
        level="build",
        minutes=20,
        points=3,
        reference=smallest_crop,
        cases=[
            (some_masks([(6, 10, 7, 9)]),),
            (some_masks([(6, 10, 2, 9)]),),
            (some_masks([(7, 9, 7, 9), (1, 9, 7, 9)]),),
            (some_masks([(7, 14, 6, 9), (6, 9, 7, 9)]),),
        ],
        draw=drawn_masks,
        right="One heart that lies off the centre decides for all.",
        mistakes=[
            Mistake(_box, "You measured the size of the mask, wherever it lies. The crop is central: "
                    "what counts is how far a pixel is from the centre."),
            Mistake(lambda masks: 2 * ((_box(masks) + 1) // 2), "You measured the size of the mask, "
                    "rounded to an even number. The crop is central: what counts is how far a pixel "
                    "is from the centre."),
            Mistake(_rows_only, "You looked along the rows alone; a mask may stick out sideways."),
            Mistake(_one_pixel_short, "Nearly: one pixel is missing on one side. A crop of 4 from 16 "
                    "keeps the places 6, 7, 8 and 9: two before the middle, two from it on."),
            Mistake(lambda masks: smallest_crop(masks[:1]), "You looked at the first mask only; one "
                    "crop has to hold them all."),
            Mistake(lambda masks: smallest_crop(masks) // 2, "That is half the side: the distance "
                    "from the centre to the edge of the crop."),
        ],
        hints=[
            "Try it the slow way: crop with every even size, from small to large, and count pixels.",
            "The central crop of side `size` begins at row and column `(side - size) // 2`.",
            "`np.count_nonzero` of the cropped masks must equal that of the whole ones.",
        ],
    ),
    FunctionQuestion(
        name="01-leak",
        answer="leaking_share",
        level="build",
        minutes=20,
        points=3,
        reference=leaking_share,
        cases=[
            (["A", "A", "B", "B", "C"], [0, 4]),
            (["A", "A", "B", "B", "C"], [2, 3]),
            (["A", "A", "A", "B", "C", "C"], [0, 1, 3]),
            (["A", "A", "A", "A", "B", "B"], [0, 1, 4, 5]),
        ],
        draw=drawn_split,
        right="A share above 0 makes the test useless, however small it is.",
        mistakes=[
            Mistake(_of_patients, "You counted patients; the share of test slices is asked for."),
            Mistake(_of_all_slices, "You divided by all slices; divide by those of the test part."),
            Mistake(_everyone_trains, "It always gives 1: each patient is found among all slices, the "
                    "test slices included. Look only among the others."),
            Mistake(_rows_compared, "It always gives 0: you compared row numbers. Two rows may be of "
                    "one patient."),
            Mistake(lambda patients, test: 1 - leaking_share(patients, test), "That is the share of "
                    "test slices that do not leak."),
            Mistake(lambda patients, test: 100 * leaking_share(patients, test), "That is in percent; "
                    "a share lies between 0 and 1."),
            Mistake(lambda patients, test: round(leaking_share(patients, test) * len(test)), "That is "
                    "a number of slices; divide it by that of the test slices."),
        ],
        hints=[
            "Which rows are not in the test part? `np.setdiff1d(np.arange(len(patients)), test)`.",
            "`np.isin(a, b)` says for each member of a whether it is in b; the mean of that is a share.",
        ],
    ),
]  # fmt: skip
