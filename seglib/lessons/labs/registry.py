"""The twelve labs, in the order of a study: what is held out, trained, chosen, counted."""

from __future__ import annotations

from collections.abc import Sequence

from seglib.errors import SeglibError
from seglib.lessons.labs import counting, training
from seglib.lessons.labs.lab import Lab, OpenLab
from seglib.lessons.labs.learners import lab_hearts
from seglib.slices import SliceSet

_ALL = (
    Lab(
        name="leak_the_patients",
        title="Leak the patients",
        question="Neighbouring slices of the test patients train. What does that add to their "
        "Dice?",
        honest="split by patient",
        broken="split by slice",
        measure="Dice of the test slices",
        run=training.leak_patients,
        repair="Split by patient, before anything else, and let the split be checked.",
        code="split = seglib.splits.fold_split(slices)\nseglib.check_no_leaks(split.apply(slices))",
        stands_for="The method copies the most similar training picture's mask: it remembers all, "
        "as a very large network might. How much a network gains depends on how much it remembers.",
        source="system 1 split its pairs at random (notebook 10).",
    ),
    Lab(
        name="keep_variants_of_a_test_slice",
        title="Keep variants of a test slice in training",
        question="The set is grown before it is split, so turned copies of the test slices train. "
        "What does that add to their Dice?",
        honest="split, then grow",
        broken="grow, then split",
        measure="Dice of the test slices",
        run=training.keep_variants,
        repair="Split first; grow the training part, and only that.",
        code="parts = split.apply(slices)\n"
        'grown = seglib.batches.expand_offline(parts["train"], total)\n'
        'seglib.check_no_leaks({"train": grown, "test": parts["test"]})',
        stands_for="The same copying method; turns by up to 20 degrees. The more a variant is "
        "changed, the less it gives away.",
        source="system 1 grew 805 pairs to 3500 and split them afterwards (notebooks 02 and 10).",
    ),
    Lab(
        name="unpair_the_seeds",
        title="Unpair the seeds",
        question="Images and masks are shifted by two generators with the same seed; one of them "
        "also changes the brightness. What does that do to the Dice on unseen patients?",
        honest="one draw a pair",
        broken="two generators, one seed",
        measure="Dice of unseen patients",
        run=training.unpair_seeds,
        repair="Draw one transform for each pair, and apply it to both halves.",
        code="pairs = seglib.batches.PairTransformer(width_shift_range=0.1)\n"
        "image, mask = pairs.apply(image, mask, seed=0)",
        stands_for="Five copied masks vote, so that single wrong pairs weigh less. A network "
        "averages over its pairs too, and learns a blurred outline from wrong ones.",
        source="the two generators stay paired only while both draw the same numbers (notebook "
        "02, trap 3).",
    ),
    Lab(
        name="shift_along_the_wrong_axis",
        title="Shift along the wrong axis",
        question="Test hearts lie further left or right. Training hearts are shifted by "
        "width_shift_range, which moves them up and down. What does that do to the Dice?",
        honest="width moves columns",
        broken="width moves rows",
        measure="Dice of hearts moved aside",
        run=training.shift_wrong_axis,
        repair="Look at one shifted pixel before you trust an argument's name.",
        code="pairs = seglib.batches.PairTransformer(width_shift_range=0.2)\n"
        "image, mask = pairs.apply(image, mask, seed=0)",
        stands_for="The test hearts were moved by rule, up to a fifth of the image. Where train "
        "and test hearts lie alike, the mistake costs little, and stays unseen.",
        source="https://github.com/tensorflow/tensorflow/issues/41460 and notebook 02, trap 5.",
    ),
    Lab(
        name="batch_norm_at_batch_1",
        title="Batch normalisation at batch 1",
        question="One slice a batch. How far does the score that training sees lie above the score "
        "of the same network in use, on the same slices?",
        honest="group normalisation",
        broken="batch normalisation",
        measure="Dice in training state - Dice in use",
        run=training.batch_of_one,
        repair="Normalise by groups, or take eight slices or more a batch.",
        code='recipe = seglib.get_recipe("lv_published", norm="group")',
        stands_for="150 steps of a tiny network: its moving averages still describe an earlier "
        "network. After long trainings they lag less; notebook 10 measures it there.",
        source="system 1 trained with one slice a batch (notebook 10, step 5).",
    ),
    Lab(
        name="pick_the_epoch_on_the_test_set",
        title="Pick the epoch on the test set",
        question="The epoch with the best test score is reported, in place of the one with the "
        "best validation score. What does that add?",
        honest="best validation epoch",
        broken="best test epoch",
        measure="Dice of the test patients",
        run=training.pick_on_test,
        repair="Choose on validation patients, and score the test patients once, at the end.",
        code='run = seglib.train(recipe, parts["train"], parts["validation"])\n'
        'seglib.predict_set(run.model, parts["test"], recipe.preprocessing)',
        stands_for="The pixel classifier, fitted to one patient an epoch, with two test patients. "
        "The fewer the patients and the more epochs one may choose from, the larger the gain. It "
        "is never below zero: a maximum was taken.",
    ),
    Lab(
        name="score_soft_dice",
        title="Score soft Dice",
        question="Probabilities stand in the place of the mask. What does that do to the Dice of "
        "the same prediction?",
        honest="hard masks",
        broken="probabilities",
        measure="Dice of unseen patients' slices",
        run=counting.score_softly,
        repair="Cut at one half before you score; soft Dice is a loss.",
        code="mask = seglib.to_mask(probabilities)\nscores = seglib.score_cases(slices, mask)",
        stands_for="A classifier of single pixels is less sure than a network. A sure one loses "
        "less, and one that is sure and wrong can gain.",
        source="systems 1 and 5 report soft values (notebook 14).",
    ),
    Lab(
        name="count_the_background",
        title="Count the background",
        question="The background is a class too, and enters the mean. What does that add?",
        honest="blood pool",
        broken="mean with background",
        measure="Dice of unseen patients",
        run=counting.count_background,
        repair="Leave class 0 out of every mean.",
        code="scores = seglib.score_cases(slices, mask)  # one row a foreground class",
        stands_for="Five copied masks vote. The smaller the organ in its image, the nearer to one "
        "half the gain of a bad prediction: an all-black mask scores nearly 0.5.",
        source="system 4's mean of four classes, 0.9494, is 0.9340 without the background "
        "(notebook 14).",
    ),
    Lab(
        name="score_it_against_itself",
        title="Score a prediction against itself",
        question="The mask that a prediction is compared with is the prediction, cut at half. "
        "What does that add?",
        honest="against the expert",
        broken="against itself",
        measure="soft Dice of unseen patients' slices",
        run=counting.score_itself,
        repair="Score against masks from the files, and test the scorer with a wrong prediction.",
        code="scores = seglib.score_cases(slices, mask)  # reads the masks of `slices`",
        stands_for="Five copied masks vote, so their share is a probability. A network that is "
        "more certain scores still higher against itself.",
        source="system 3: Dice 0.96 against itself, 0.59 on its validation patients (notebook 14).",
    ),
    Lab(
        name="count_empty_masks_as_right",
        title="Count empty pairs as right",
        question="Slices without tumour where nothing is predicted count as Dice 1. What does "
        "that add?",
        honest="empty pairs left out",
        broken="empty pair counts as 1",
        measure="mean Dice over slices",
        run=counting.empty_is_one,
        repair="Leave pairs out that are both empty, count false alarms beside, and say so.",
        code="rules = seglib.evaluation.dice_by_empty_rule(slices, mask)",
        stands_for="Simulated tumours, moved by a pixel, so that nothing is missed and nothing "
        "falsely found. The gain is the share of empty slices times what is missing to 1.",
        source="the study's own tumour scores under three rules: reports/organs.md.",
    ),
    Lab(
        name="interpolate_the_masks",
        title="Interpolate the masks",
        question="Labels 0, 2 and 3 are shrunk like photographs. How many pixels appear of class "
        "1, which nobody drew?",
        honest="nearest neighbour",
        broken="interpolated",
        measure="pixels of class 1, % of the wall's",
        run=counting.interpolate_masks,
        repair="Resize and turn labels by the nearest neighbour, or each class by itself.",
        code="small = seglib.formats.resize_mask(mask, (96, 96))",
        stands_for="The wall is drawn by rule around the expert's blood pool. Of a single class "
        "only the outline is rounded, which costs little (notebook 14).",
        source="system 1 resized its masks with a smoothing filter (notebook 14).",
        decimals=1,
    ),
    Lab(
        name="take_another_librarys_hd95",
        title="HD95 by another library's definition",
        question="One percentile of the distances of both directions, in place of the larger of "
        "two. What does that do to HD95?",
        honest="larger of two percentiles",
        broken="percentile of all",
        measure="HD95 (pixels)",
        run=counting.another_hd95,
        repair="Name the definition beside the number, and compare only numbers of one library.",
        code="scores = seglib.score_cases(slices, mask)  # see seglib.evaluation.surface",
        stands_for="The expert's masks, moved by a pixel, with islands that hold about 7.5 % of "
        "the predicted outline. Without islands the two definitions nearly agree.",
        source="MedPy's definition, and a user's 10 mm: https://github.com/loli/medpy/issues/138.",
        decimals=1,
    ),
)

#: Every lab by its name.
LABS: dict[str, Lab] = {lab.name: lab for lab in _ALL}


def lab(name: str, hearts: SliceSet | None = None, seeds: Sequence[int] = (0, 1, 2)) -> OpenLab:
    """Open a lab: predict, flip, see, repair.

    Args:
        name: A key of `LABS`.
        hearts: From `seglib.lessons.lab_hearts`, which is called if they are left out.
        seeds: One run of both positions each.

    Raises:
        SeglibError: No lab has that name, or there are no seeds.
    """
    if name not in LABS:
        raise SeglibError(f"no lab {name!r}; choose from {', '.join(LABS)}")
    if not len(seeds):
        raise SeglibError("a lab needs at least one seed")
    return OpenLab(LABS[name], lab_hearts() if hearts is None else hearts, tuple(seeds))
