"""Six labs whose mistake lies in what is trained, or in what is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from seglib.augmentation import Augmentation, expand
from seglib.evaluation.counts import count_slices, dice_of_counts
from seglib.evaluation.scores import overlap_scores
from seglib.lessons.labs.lab import Outcome, example, outlined
from seglib.lessons.labs.learners import (
    held_out,
    mean_dice,
    middle,
    shrunk,
    vote_of_nearest,
)
from seglib.lessons.mistakes import with_batch_statistics
from seglib.lessons.pixel_classifier import pixel_features, train_pixels
from seglib.plotting.style import GREY, PREDICTION, plain_axes
from seglib.slices import SliceSet


def leak_patients(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """Every other slice of the test patients is scored; broken, the slices between train."""
    of_test = held_out(hearts, seed)
    scored = of_test & (np.arange(len(hearts)) % 2 == 1)
    return _copied(hearts, hearts, scored, ~scored if broken else ~of_test, ~of_test, seed)


def keep_variants(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """The set is grown fourfold; broken, turned variants of the test slices train too."""
    grown = expand(hearts, 4 * len(hearts), Augmentation(rotation=20.0).apply, seed)
    original = (grown.table["variant"] == 0).to_numpy()
    of_test = np.tile(held_out(hearts, seed), 4)  # as `expand` orders them
    train = ~(of_test & original) if broken else ~of_test
    return _copied(hearts, grown, of_test & original, train, ~of_test, seed)


def _copied(
    hearts: SliceSet,
    grown: SliceSet,
    scored: np.ndarray,
    train: np.ndarray,
    honest: np.ndarray,
    seed: int,
) -> Outcome:
    """Copy masks from `train` onto `scored`, from as many slices as `honest` has."""
    number = int(honest.sum())
    rows = np.random.default_rng(seed).permutation(np.flatnonzero(train))[:number]
    test, memory = grown.take(scored), grown.take(np.sort(rows))
    copied = vote_of_nearest(memory.images, memory.masks, test.images)
    return Outcome(mean_dice(test, copied), hearts.name, example(test, copied))


def unpair_seeds(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """Every training pair is shifted at random; broken, each half by a generator of its own.

    Both generators have the same seed, but one also draws a number for the brightness.
    """
    from seglib.batches.image_data_generator import ImageDataGenerator, PairTransformer

    shifts = {"width_shift_range": 0.1, "height_shift_range": 0.1}
    of_test = held_out(hearts, seed)
    train, test = hearts.take(~of_test), hearts.take(of_test)
    train = train.take(np.tile(np.arange(len(train)), 2))  # two variants of each
    if broken:
        halves = []
        for array, ranges in (
            (train.images, {**shifts, "channel_shift_range": 20, "interpolation_order": 1}),
            (train.masks, {**shifts, "interpolation_order": 0}),
        ):
            flow = ImageDataGenerator(**ranges).flow(
                array.astype(np.float32), batch_size=len(array), shuffle=False, seed=seed
            )
            with _global_numbers_kept():
                halves.append(next(flow))
        images, masks = halves
    else:
        pairs = PairTransformer(**shifts, channel_shift_range=20)
        seeds = np.random.default_rng(seed).integers(2**32, size=len(train))
        variants = map(pairs.apply, train.images, train.masks, map(int, seeds))
        images, masks = map(np.stack, zip(*variants, strict=True))
    votes = vote_of_nearest(images, masks, test.images, number=5)
    shown = len(hearts) // 2  # a pair from the midst: the first of a batch always fits
    picture = outlined(images[shown], np.uint8(masks[shown] > 0))
    score = mean_dice(test, votes >= 0.5)
    return Outcome(score, hearts.name, picture, outlines=("its mask",))


def shift_wrong_axis(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """Test hearts lie further left or right; broken, ``width_shift_range`` moves up and down."""
    from seglib.batches.image_data_generator import ImageDataGenerator, PairTransformer

    ranges = {"width_shift_range": 0.2, "fill_mode": "wrap"}
    of_test = held_out(hearts, seed)
    train, test = hearts.take(~of_test), _moved_aside(hearts.take(of_test), 0.2, seed)
    pairs = PairTransformer(**ranges)
    halves = [ImageDataGenerator(**ranges, interpolation_order=order) for order in (1, 0)]

    def variant(image: np.ndarray, mask: np.ndarray, rng: np.random.Generator) -> tuple:
        number = int(rng.integers(2**32))
        if not broken:
            return pairs.apply(image, mask, number)
        with _global_numbers_kept():
            transform = halves[0].get_random_transform(image.shape, seed=number)
        arrays = (image.astype(np.float32), mask.astype(np.float32))
        return tuple(h.apply_transform(a, transform) for h, a in zip(halves, arrays, strict=True))

    grown = expand(train, 5 * len(train), variant, seed)
    copied = vote_of_nearest(grown.images, grown.masks, test.images)
    score = mean_dice(test, copied)
    each = dice_of_counts(count_slices(test, copied.astype(np.uint8)))
    ordinary = int((each - score).abs().idxmin())  # the slice whose Dice is nearest to the mean
    return Outcome(score, hearts.name, example(test, copied, ordinary))


def _moved_aside(slices: SliceSet, share: float, seed: int) -> SliceSet:
    """Each slice moved left or right, as another field of view would; it comes in again."""
    most = round(slices.images.shape[2] * share)
    steps = np.random.default_rng(seed).integers(-most, most + 1, len(slices))
    images, masks = (
        np.stack([np.roll(one, step, axis=1) for one, step in zip(stack, steps, strict=True)])
        for stack in (slices.images, slices.masks)
    )
    return replace(slices, images=images, masks=masks)


@contextmanager
def _global_numbers_kept() -> Iterator[None]:
    """`ImageDataGenerator` reseeds NumPy's global numbers: put them back as they were."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)


def batch_of_one(broken: bool, hearts: SliceSet, seed: int) -> Outcome:
    """How far the score of the training state lies above that of the same network in use.

    A tiny copy of system 1's network, with skip connections and a head that cannot die, takes
    150 steps of one slice each, with group normalisation or, broken, with batch normalisation.
    """
    import keras

    from seglib.losses import make_loss
    from seglib.models.networks import build_model

    small = middle(shrunk(hearts, 64))
    rows = np.random.default_rng(seed).choice(len(small), 30, replace=False)
    small = small.take(rows)
    inputs = small.images.astype(np.float32)
    inputs -= inputs.mean(axis=(1, 2, 3), keepdims=True)
    inputs /= inputs.std(axis=(1, 2, 3), keepdims=True)
    keras.utils.set_random_seed(seed)
    norm = "batch" if broken else "group"
    model = build_model("published_lv_repaired", inputs.shape[1:], filters=8, depth=1, norm=norm)
    model.compile(keras.optimizers.SGD(0.02, momentum=0.9, nesterov=True), make_loss("dice"))
    model.fit(inputs, small.masks.astype(np.float32), batch_size=1, epochs=5, verbose=0)
    in_training = with_batch_statistics(model, inputs[:10]) >= 0.5
    in_use = keras.ops.convert_to_numpy(model(inputs[:10], training=False)) >= 0.5
    score = {}
    for state, masks in (("training", in_training), ("use", in_use)):
        pairs = zip(small.masks[:10], masks, strict=True)
        score[state] = np.mean([overlap_scores(*pair)["dice"] for pair in pairs])
    picture = outlined(small.images[0], small.masks[0], np.uint8(in_use[0]))
    return Outcome(score["training"] - score["use"], hearts.name, picture)


def pick_on_test(broken: bool, hearts: SliceSet, seed: int, draws: int = 4) -> Outcome:
    """The epoch with the best validation score; broken, that with the best test score.

    The pixel classifier is fitted to one patient an epoch, so that its curve jumps as those of
    networks do. Two test and two validation patients, and four draws of them.
    """
    small = middle(shrunk(hearts, 64))
    features, patient = pixel_features(small.images), small.table["patient"].to_numpy()
    curves = [_test_and_validation(small.masks, features, patient, (seed, d)) for d in range(draws)]
    chosen = [curve[:, 0 if broken else 1].argmax() for curve in curves]
    score = np.mean([curve[epoch, 0] for curve, epoch in zip(curves, chosen, strict=True)])

    def draw(axes: Axes) -> None:
        curve, epoch = curves[0], chosen[0]
        epochs = np.arange(1, len(curve) + 1)
        axes.plot(epochs, curve[:, 1], color=GREY, linestyle="dashed", label="validation")
        axes.plot(epochs, curve[:, 0], color=PREDICTION, label="test")
        axes.plot(epoch + 1, curve[epoch, 0], "v", color="black", markersize=9, label="picked")
        axes.set(xlabel="epoch", ylabel="Dice", ylim=(0, 1))
        axes.legend(fontsize=7, loc="lower right")
        plain_axes(axes)

    return Outcome(float(score), hearts.name, draw, outlines=())


def _test_and_validation(
    masks: np.ndarray, features: np.ndarray, patient: np.ndarray, seed: tuple[int, int]
) -> np.ndarray:
    """Test and validation Dice after each of 40 epochs: ``(40, 2)``."""
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.unique(patient))
    watched, rest = (names[:2], names[2:4]), names[4:]
    weights, curve = None, []
    for _ in range(40):
        rows = patient == rng.choice(rest)
        truth = masks[rows, ..., 0].astype(np.float64)
        weights = train_pixels(features[rows], truth, "Dice", 20, weights)
        inside = features @ weights >= 0
        dice = {
            name: overlap_scores(masks[patient == name, ..., 0], inside[patient == name])["dice"]
            for part in watched
            for name in part
        }
        curve.append([np.mean([dice[name] for name in part]) for part in watched])
    return np.array(curve)
