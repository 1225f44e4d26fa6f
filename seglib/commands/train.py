"""`python -m seglib train`: a model file from a recipe and data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from seglib import datasets
from seglib.commands.options import add_picture_options, add_seed
from seglib.errors import DataError
from seglib.training.devices import BACKENDS, open_devices

if TYPE_CHECKING:
    import pandas as pd

    from seglib.slices import SliceSet
    from seglib.splits.patients import Split
    from seglib.training.runs import Run

#: One patient in so many is held out to choose the epoch, if there are that many.
FOLDS = 5

HELP = """\
Train a recipe and write one model file, which predict takes.

Without --images the 15 challenge-training patients of Sunnybrook are used (downloaded if they
are not there). A fifth of the patients, if there are 5 or more, is held out to choose
the epoch; their Dice is printed. The same command run again goes on where it was stopped.
Other sets are read from the folders that data/README.md names.
--strategy trains on several devices, with the result of one: mirrored takes all GPUs of this
machine; multi_worker the machines of TF_CONFIG, where the same command is started on each;
data_parallel all devices that JAX sees (KERAS_BACKEND=jax). The recipe's batch is shared.

examples:
  python -m seglib train unet --profile quick --output my_model.keras
  python -m seglib train tumour --dataset lgg --output tumour.keras
  python -m seglib train unet --images my_images --masks my_labels \\
      --patients '^(?P<patient>[^_]+)_' --output my_model.keras"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    add = parser.add_argument
    add("recipe", metavar="RECIPE", help="name of a recipe; python -m seglib recipes lists them")
    add("--output", type=Path, required=True, metavar="FILE.keras", help="the model file")
    add(
        "--dataset",
        choices=datasets.names()[1:],
        default="sunnybrook",
        help="a set that the library knows: %(choices)s; those named phantom are simulated, to "
        "try things out; default: sunnybrook",
        metavar="NAME",
    )
    add("--images", type=Path, metavar="DIR", help="folder of your own images (PNG, TIFF, JPEG)")
    add("--masks", type=Path, metavar="DIR", help="folder of their masks (PNG, TIFF), same names")
    add_picture_options(parser)
    add(
        "--validation",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="hold out a fifth of the patients; default: yes",
    )
    add_seed(parser)
    add(
        "--strategy",
        choices=("none", *BACKENDS),
        default="none",
        help="train on several devices: %(choices)s; default: none",
        metavar="NAME",
    )


def train(
    recipe: str,
    output: Path,
    dataset: str = "sunnybrook",
    images: Path | None = None,
    masks: Path | None = None,
    patients: str | None = None,
    size: int | None = None,
    crop: int | None = None,
    profile: str = "full",
    validation: bool = True,
    seed: int = 0,
    strategy: str = "none",
) -> None:
    """Train a recipe and write one model file that `predict` takes.

    Args:
        recipe: A key of `seglib.recipes.all_recipes`.
        output: The model file, ending in ``.keras``.
        dataset: A key of `seglib.datasets.load`; not used with own images. Of a set with
            published parts only the training patients are taken.
        images: Folder of own images, see `seglib.datasets.folder.load`.
        masks: Folder of their masks.
        patients: ``patient_pattern`` of own images.
        size: Side in pixels that own pairs are resized to.
        crop: Side in pixels of the central square the network sees, 0 for the whole
            image; default the recipe's.
        profile: A key of `seglib.recipes.PROFILES`.
        validation: Hold out every fifth patient to choose the epoch.
        seed: Of weights, order, augmentation, and who is held out.
        strategy: How several devices train together, see
            `seglib.training.open_devices`.

    Raises:
        SeglibError: The recipe, the data or the output cannot be used.
    """
    from seglib.commands.own_data import check_crop, own_images, with_crop
    from seglib.files import atomic_write
    from seglib.preprocessing.volumes import normalised_for
    from seglib.recipes.recipe import get_recipe
    from seglib.staging import check_output, check_results
    from seglib.training import runs

    check_output(output, ending=".keras")
    check_results()
    chosen = with_crop(get_recipe(recipe, profile), crop)
    open_devices(strategy)  # before TensorFlow does anything, and before data are fetched in vain
    if not images and (patients or size):
        raise DataError("--patients and --size are for your own --images and --masks")
    slices = (
        own_images(images, masks, patients, size) if images or masks else _training_part(dataset)
    )
    check_crop(chosen, slices)
    slices = normalised_for(chosen.preprocessing, slices)
    split = _hold_out(slices, seed) if validation else None
    parts = split.apply(slices) if split else {"train": slices, "validation": None}
    if not parts["train"].masks.any():
        raise DataError(
            f"the masks of all {len(parts['train'].patients)} patients left to train with are "
            f"empty: the others, {', '.join(split.validation)}, are held out; use --no-validation, "
            "another --seed, or more patients with the structure"
        )
    print(
        f"{chosen.name} on {slices.name}: {len(parts['train'].patients)} patients "
        f"({len(parts['train'])} slices) train, "
        f"{len(split.validation) if split else 0} validate, {chosen.epochs} epochs"
    )
    run = runs.train(chosen, parts["train"], parts["validation"], seed=seed, strategy=strategy)
    atomic_write(output, (run.path / "model.keras").read_bytes())
    if split:
        print(f"validation, mean over patients: {_validation_score(run, parts['validation'])}")
    print(f"model in {output}, record of the training in {run.path}")


def _training_part(dataset: str) -> SliceSet:
    """A known set without the patients that its publishers keep for testing."""
    slices = datasets.load(dataset)
    if "part" not in slices.table:
        return slices
    return slices.take(slices.table["part"].eq("train").to_numpy())


def _hold_out(slices: SliceSet, seed: int) -> Split | None:
    """A fifth of the patients for validation, evenly over the pathologies."""
    from seglib.splits.patients import Split, patient_folds

    if len(slices.patients) < FOLDS:
        print(
            f"note: {len(slices.patients)} patient(s) are too few to hold one out, so the weights "
            "of the last epoch are taken, unchecked"
        )
        return None
    fold = patient_folds(slices, FOLDS, seed)[0]
    return Split("validation", fold.train, fold.test, ())


def _validation_score(run: Run, slices: SliceSet) -> str:
    """Hard Dice of the held-out patients, on the images' own grid; a line for each class."""
    from seglib.evaluation.tables import score_cases, summarise
    from seglib.inference.prediction import predict_set, to_mask

    masks = to_mask(predict_set(run.model, slices, run.recipe.preprocessing))
    summary = summarise(score_cases(slices, masks))
    if summary.index.nlevels == 1:
        return _interval(summary.loc["dice"])
    rows = summary.xs("dice", level="metric").iterrows()
    return "".join(f"\n  {name}: {_interval(dice)}" for name, dice in rows)


def _interval(dice: pd.Series) -> str:
    return f"Dice {dice['mean']:.4f} [{dice['low']:.4f}, {dice['high']:.4f}], n = {dice['n']}"
