"""Questions on augmentation: what stays a pair, what drifts, and what leaks."""

from math import comb

import numpy as np

from seglib.lessons.exercises.questions import FunctionQuestion, Mistake, ValueQuestion

#: Of the exercise on leaks: slices, pairs after the expansion, and how many of them are tested.
SLICES, PAIRS, TESTED = 20, 80, 16
VARIANTS = PAIRS // SLICES
SHARE = 1 - comb(TESTED - 1, VARIANTS - 1) / comb(PAIRS - 1, VARIANTS - 1)


def symmetries(image):
    """The eight pictures that quarter turns and a mirror make of one."""
    return [np.rot90(one, turns) for one in (image, image[:, ::-1]) for turns in range(4)]


def augment(image, mask, seed):
    """Turn both by the same quarter turns, mirror both or none."""
    rng = np.random.default_rng(seed)
    turns, mirror = rng.integers(4), rng.random() < 0.5
    image, mask = np.rot90(image, turns), np.rot90(mask, turns)
    return (image[:, ::-1], mask[:, ::-1]) if mirror else (image, mask)


def _drawn_twice(image, mask, seed):
    rng = np.random.default_rng(seed)
    variants = (symmetries(one)[rng.integers(8)] for one in (image, mask))
    return tuple(variants)


def _mirror_only(image, mask, seed):
    mirror = np.random.default_rng(seed).random() < 0.5
    return (image[:, ::-1], mask[:, ::-1]) if mirror else (image, mask)


def _turns_only(image, mask, seed):
    turns = np.random.default_rng(seed).integers(4)
    return np.rot90(image, turns), np.rot90(mask, turns)


def _any_seed(image, mask, seed):
    which = np.random.default_rng().integers(8)
    return symmetries(image)[which], symmetries(mask)[which]


PICTURE = np.arange(20.0).reshape(4, 5)
PICTURE_MASK = (PICTURE % 3 == 1).astype(np.uint8)
Y_STAYS = "The image moved and its mask did not: apply the same transform to both."
TWICE = "Image and mask do not fit: they were moved differently. Draw once, apply twice."
NOT_A_PAIR = "Give back two arrays: the image, then the mask."
CHANGED = "These are not the pixels of the image, turned or mirrored."
STILL = "The same picture comes out for every seed: nothing is drawn from it."
NO_TURN = "It mirrors, but no quarter turn is ever drawn."
NO_MIRROR = "It turns, but no mirror image is ever drawn."
SEEDLESS = "One seed gives two different pairs: make the random numbers from `seed`, so that a "\
    "training can be repeated."  # fmt: skip


def fault_of_pairs(inputs, found):
    """What is wrong with the pairs that all seeds gave; each seed is asked twice in a row."""
    places = []
    for (image, mask, _), pair in zip(inputs, found, strict=True):
        if len(pair) != 2 or not all(isinstance(one, np.ndarray) for one in pair):
            return NOT_A_PAIR
        moved, moved_mask = pair
        fits = [n for n, one in enumerate(symmetries(image)) if np.array_equal(one, moved)]
        if not fits:
            return CHANGED
        places.append((fits[0], np.array_equal(symmetries(mask)[fits[0]], moved_mask)))
    kinds = [place for place, _ in places]
    if not all(fit for _, fit in places):
        stays = all(np.array_equal(m, pair[1]) for (_, m, _), pair in zip(inputs, found, strict=True))
        return Y_STAYS if stays else TWICE
    if kinds[::2] != kinds[1::2]:
        return SEEDLESS
    if len(set(kinds)) == 1:
        return STILL
    if set(kinds) <= {0, 4}:
        return NO_TURN
    return NO_MIRROR if max(kinds) < 4 else None


def siblings(test, train):
    """Share of the test images that are a turned or mirrored copy of a training image."""
    known = {variant.tobytes() for image in train for variant in symmetries(np.asarray(image))}
    return float(np.mean([np.asarray(image).tobytes() in known for image in test]))


def _identical(test, train):
    return float(np.mean([any(np.array_equal(a, b) for b in train) for a in test]))


def _turned(test, train):
    known = [np.rot90(image, turns) for image in train for turns in range(4)]
    return _identical(test, known)


def _mirrored(test, train):
    known = [one for image in train for one in (image, image[:, ::-1], image[::-1])]
    return _identical(test, known)


def _same_grey_values(test, train):
    known = [np.sort(image, axis=None) for image in train]
    return _identical([np.sort(image, axis=None) for image in test], known)


def drawn_images(rng):
    """Four test and five training images: a turned, a mirrored, a shuffled and a new one."""
    train = rng.integers(0, 9, (5, 6, 6))
    turned = np.rot90(train[0], rng.integers(1, 4))
    mirrored = np.rot90(train[1][:, ::-1], rng.choice([1, 3]))
    shuffled = rng.permutation(train[2].ravel()).reshape(6, 6)
    return np.stack([turned, mirrored, shuffled, rng.integers(9, 20, (6, 6))]), train


SQUARE = np.arange(9).reshape(3, 3)

QUESTIONS = [
    ValueQuestion(
        name="02-mirror",
        answer="mirrored",
        level="predict",
        minutes=5,
        points=1,
        expected="c",
        right="What is allowed and what helps are two questions; only a training answers the second.",
        mistakes=[
            Mistake("a", "A class number means what a pixel shows, not on which side it lies: the "
                    "right ventricle keeps its number, and its pixels have moved with it."),
            Mistake("b", "The pair is right, but something is lost: how does one tell two pools of "
                    "equally bright blood apart?"),
            Mistake("d", "Some hearts do lie mirrored, and even a picture that never occurs can have "
                    "a right mask. Look again at what the pair teaches."),
        ],
        hints=[
            "Mirror a slice in your mind: does the outline of the right ventricle still fit it?",
            "Both pools are bright. What tells you, on a usual slice, which one is which?",
        ],
    ),
    ValueQuestion(
        name="02-drift",
        answer="drifting",
        level="apply",
        minutes=15,
        points=2,
        expected={"zoom", "brightness"},
        right="What counts is not what an argument does but whether it asks for a random number more.",
        mistakes=[
            Mistake({"zoom", "brightness", "flip"}, "Flips do not drift here: look when their number "
                    "is drawn."),
            Mistake({"brightness"}, "One is missing: zoom asks for random numbers too, two of them."),
            Mistake({"zoom"}, "One is missing. A change that leaves the shape alone can still ask "
                    "for a random number."),
            Mistake({"zoom", "flip"}, "You chose by what moves the picture. What counts is who asks "
                    "for a random number more than the other generator."),
            Mistake({"zoom", "brightness", "fill"}, "The fill needs no random number."),
            Mistake({"flip"}, "It is the other way round: the flip's number is drawn in any case."),
        ],
        hints=[
            "Count the calls of `rng` for each argument when it is used, and when it is not.",
            "Draw two transforms from each of two generators with one seed, and compare the second "
            "angle: once with an argument, once without.",
        ],
    ),
    ValueQuestion(
        name="02-share",
        answer="share",
        level="apply",
        minutes=15,
        points=2,
        expected=SHARE,
        tolerance=5e-4,
        right="Nearly every test pair has been seen, only turned.",
        mistakes=[
            Mistake((PAIRS - TESTED) / PAIRS, "That is the chance that one given sibling is outside "
                    "the test. One of the three is enough."),
            Mistake(1 - (TESTED / PAIRS) ** (VARIANTS - 1), "Nearly: but no pair is drawn twice. Once "
                    "some siblings are in the test, fewer places are left."),
            Mistake(1 - (TESTED / PAIRS) ** VARIANTS, "The pair itself is in the test: count its "
                    "three siblings, not four."),
            Mistake(1 - SHARE, "That is the chance that no sibling is outside the test."),
            Mistake(100 * SHARE, "That is in percent; a share lies between 0 and 1."),
            Mistake((1 - TESTED / PAIRS) ** (VARIANTS - 1), "That is the chance that all three "
                    "siblings are outside. One is enough."),
        ],
        hints=[
            "Ask the opposite: how likely is it that all three siblings are in the test too?",
            "15 of the other 79 pairs are in the test. The first sibling is among them with 15/79.",
            "The second then with 14/78. Or draw ten thousand splits and count.",
        ],
    ),
    FunctionQuestion(
        name="02-pair",
        answer="augment",
        level="build",
        minutes=20,
        points=3,
        reference=augment,
        cases=[(PICTURE, PICTURE_MASK, seed) for seed in range(30) for _ in range(2)],
        fault=fault_of_pairs,
        right="Draw once, apply twice.",
        mistakes=[
            Mistake(_drawn_twice, TWICE),
            Mistake(lambda image, mask, seed: (augment(image, mask, seed)[0], mask), Y_STAYS),
            Mistake(lambda image, mask, seed: augment(image, mask, 0), STILL),
            Mistake(_any_seed, SEEDLESS),
            Mistake(_mirror_only, NO_TURN),
            Mistake(_turns_only, NO_MIRROR),
            Mistake(lambda image, mask, seed: (augment(image, mask, seed)[0],), NOT_A_PAIR),
            Mistake(lambda image, mask, seed: (image + seed, mask), CHANGED),
        ],
        hints=[
            "`rng = np.random.default_rng(seed)`, and only then draw: first the turns, then the "
            "mirror.",
            "`np.rot90(image, turns)` turns, `image[:, ::-1]` mirrors.",
            "Keep the two numbers in variables and use them for both arrays.",
        ],
    ),
    FunctionQuestion(
        name="02-siblings",
        answer="siblings",
        level="build",
        minutes=25,
        points=3,
        reference=siblings,
        cases=[
            (np.stack([SQUARE, SQUARE + 9]), np.stack([SQUARE, SQUARE + 1, SQUARE + 2])),
            (np.stack([np.rot90(SQUARE), SQUARE.T, SQUARE[::-1]]), np.stack([SQUARE])),
            (np.stack([np.roll(SQUARE, 1, 0), SQUARE + 3]), np.stack([SQUARE, SQUARE + 3, SQUARE])),
        ],
        draw=drawn_images,
        right="So a leak shows without any name, as long as the variants are exact copies.",
        mistakes=[
            Mistake(_identical, "You found identical images only; a sibling may be turned or mirrored."),
            Mistake(_turned, "You found turned siblings, but not the mirrored ones."),
            Mistake(_mirrored, "You found the mirrored siblings, but not those turned by 90 degrees."),
            Mistake(_same_grey_values, "Equal grey values are not enough: pixels in another order "
                    "make another picture."),
            Mistake(lambda test, train: siblings(train, test), "You counted training images; the "
                    "share of the test images is asked for."),
            Mistake(lambda test, train: round(siblings(test, train) * len(test)), "That is a number "
                    "of images; divide it by that of the test images."),
        ],
        hints=[
            "One picture has eight variants: four turns, and four turns of its mirror image.",
            "Make the variants of all training images once; then look up each test image.",
        ],
    ),
]  # fmt: skip
