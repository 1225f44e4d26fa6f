"""A job, done: trained, scored, and its result stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from seglib.files import atomic_write, make_folder, results_dir, write_json
from seglib.preprocessing.steps import Preprocessing
from seglib.recipes.recipe import Recipe
from seglib.slices import SliceSet, data_hash
from study.job_tables import pack_masks, per_case_scores, per_slice_counts
from study.jobs import Job
from study.results import STORED, write_table

if TYPE_CHECKING:
    from seglib.training.runs import Run


def run_job(
    job: Job, slices: SliceSet, stored: Path = STORED, *, assumed_spacing: float | None = None
) -> Path:
    """Train and score a job, unless its result is already there.

    Args:
        job: What to do.
        slices: The whole set that its split was made from. For a recipe without
            normalisation its volumes are normalised as a whole first.
        stored: Where results are kept.
        assumed_spacing: Of its experiment, see `study.experiment.Experiment`.

    Returns:
        The folder of the job's result. ``manifest.json`` is written last.
    """
    # Here, so that reading results needs no backend.
    from seglib.inference.components import largest_component
    from seglib.inference.prediction import to_mask
    from seglib.preprocessing.volumes import normalised_for
    from seglib.training.runs import train

    folder = stored / job.name
    source = data_hash(slices)
    if job.is_done(stored, source):
        return folder
    slices = normalised_for(job.recipe.preprocessing, slices)
    parts = job.data(slices)
    train_set, test_set = parts["train"], parts["test"]
    recipe = replace(job.recipe, augmentation=None) if job.offline_pairs else job.recipe
    watchers, watched = _watchers(job, recipe, parts)
    runs = [
        train(recipe, part, seed=seed, callbacks=watchers, precision=job.precision)
        for part, seed in job.trainings(train_set)
    ]
    run = runs[0]
    preprocessing = recipe.preprocessing
    probabilities = _mean_prediction(job, runs, test_set, preprocessing)
    prediction = to_mask(probabilities)
    if job.test_time == "largest":
        prediction = largest_component(prediction)
    network, soft = test_set, probabilities
    if preprocessing.resize is not None:
        network = preprocessing.resized(test_set)
        soft = _mean_prediction(job, runs, network, preprocessing.without_resizing())
    kept_in = make_folder(results_dir() / "probabilities")
    local = kept_in / f"{job.name.replace('/', '-')}.npz"
    kept = probabilities[..., 0] if probabilities.shape[-1] == 1 else probabilities
    np.savez_compressed(local, probabilities=kept.astype(np.float16))
    tables = {"history": run.history}
    if job.watch_until:
        tables["each_epoch"] = pd.read_csv(watched)
    tables["per_slice"] = per_slice_counts(test_set, prediction, network, soft)
    if not job.leaky:  # variants of one slice are no volume
        tables["per_case"] = per_case_scores(test_set, prediction, assumed_spacing)
    for name, table in tables.items():
        write_table(folder, name, table)
    atomic_write(folder / "masks.npz", pack_masks(prediction))
    manifest = {
        **run.manifest,
        **job.identity(),
        "trainings": [run.id for run in runs],
        "train_slices": len(train_set),
        "losses": [run.recipe.loss for run in runs],  # with the weight that was computed
        "seconds": sum(run.manifest["seconds"] for run in runs),
        "experiment": job.experiment,
        "variant": job.variant,
        "fold": job.fold,
        "train_patients": list(train_set.patients),
        "test_patients": list(test_set.patients),
        "test_slices": len(test_set),
        "source": source,
    }
    write_json(folder / "manifest.json", manifest)
    return folder


def _watchers(job: Job, recipe: Recipe, parts: dict[str, SliceSet]) -> tuple[list, Path]:
    """What looks on while the job trains, and the file that it writes."""
    file = results_dir() / "each_epoch" / f"{job.name.replace('/', '-')}.csv"
    if not job.watch_until:
        return [], file
    from study.each_epoch import ScoreEachEpoch

    # As many training pairs as are tested: enough for a score, and an epoch stays short.
    rng = np.random.default_rng(job.seed)
    count = min(len(parts["test"]), len(parts["train"]))
    some = np.sort(rng.choice(len(parts["train"]), count, replace=False))
    sets = parts | {"train": parts["train"].take(some)}
    sets = {part: recipe.preprocessing.resized(one) for part, one in sets.items() if len(one)}
    return [ScoreEachEpoch(file, recipe, sets, job.watch_until)], file


def _mean_prediction(
    job: Job, runs: Sequence[Run], slices: SliceSet, preprocessing: Preprocessing
) -> np.ndarray:
    """Probabilities ``(N, H, W, K)`` on the images' grid, averaged over the job's networks."""
    from seglib.inference.prediction import predict_in_poses, predict_set

    def one(run: Run) -> np.ndarray:
        if job.test_time == "poses":
            return predict_in_poses(run.model, slices.images, preprocessing)
        rotations = job.test_time == "rotations"
        return predict_set(run.model, slices, preprocessing, rotations=rotations)

    return sum(one(run) for run in runs) / np.float32(len(runs))
