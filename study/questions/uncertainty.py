"""Make the uncertainty tables of stored jobs: calibration, and the doubt of an ensemble.

    python -m study uncertainty

Reads the probability maps that the jobs of ``comparison/unet`` left on this computer
(`seglib.files.results_dir`), which are too large to commit, and writes small tables
to ``reports/runs/uncertainty/``: ``reliability.csv``, ``members.csv``, ``per_case.csv``
and ``manifest.json``. All probabilities are of patients that did not train the network.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from seglib import reporting
from seglib.errors import SeglibError
from seglib.evaluation.tables import score_cases
from seglib.files import results_dir, write_json
from seglib.preprocessing.steps import Preprocessing, center_crop_or_pad
from seglib.program import program
from seglib.slices import SliceSet, data_hash
from seglib.staging import require_writable
from seglib.uncertainty import calibration
from seglib.uncertainty.calibration import compare_calibration, near_outline
from seglib.uncertainty.doubt import doubt_per_case, judge_measures, patients_of
from seglib.uncertainty.pictures import plot_doubt, plot_reliability, plot_risk_coverage
from seglib.uncertainty.temperature import apply_temperature, cross_fit
from study.questions.heart import ASSUMED_SPACING, load
from study.results import STORED, read_manifest, read_table, stored_names, write_table
from study.section import measured_labels, short_table, with_interval


@dataclass(frozen=True)
class Fold:
    """The networks of one fold on its test patients.

    Attributes:
        name: ``"fold1"``, ...
        jobs: Names of the jobs, one a seed.
        slices: Its test patients.
        members: ``(M, N, h, w)`` float32 probabilities on the crop that the network sees.
        truth: ``(N, h, w)`` uint8 on the same crop.
    """

    name: str
    jobs: tuple[str, ...]
    slices: SliceSet
    members: np.ndarray
    truth: np.ndarray

    def networks(self) -> dict[str, np.ndarray]:
        """The first network alone and, where there are several, their mean."""
        found = {"single": self.members[0]}
        if len(self.members) > 1:
            found["ensemble"] = self.members.mean(axis=0)
        return found


def maps_path(job: str) -> Path:
    """Where a job leaves its probabilities."""
    return results_dir() / "probabilities" / f"{job.replace('/', '-')}.npz"


def complete_jobs(experiment: str, variant: str, stored: Path) -> dict[str, list[str]]:
    """For each fold the jobs of the seeds that all folds have, results and maps.

    Raises:
        SeglibError: No seed is complete; the message names what its folds lack.
    """
    names = stored_names(experiment, [variant], stored)
    place = {name: tuple(name.split("/")[-1].split("-seed")) for name in names}
    folds = sorted({fold for fold, _ in place.values()})
    by_seed: dict[int, dict[str, str]] = {}
    for name, (fold, seed) in place.items():
        by_seed.setdefault(int(seed), {})[fold] = name
    lacking = {
        seed: [fold for fold in folds if fold not in jobs or not maps_path(jobs[fold]).is_file()]
        for seed, jobs in sorted(by_seed.items())
    }
    seeds = [seed for seed, missing in lacking.items() if not missing]
    if not seeds:
        first = min(lacking, key=lambda seed: len(lacking[seed]))
        raise SeglibError(
            f"no seed of {experiment}/{variant} has a probability map for every fold; seed "
            f"{first} lacks {', '.join(lacking[first])}. Maps are not committed: delete these "
            f"results and run: python -m study run {experiment}"
        )
    return {fold: [by_seed[seed][fold] for seed in seeds] for fold in folds}


def read_fold(name: str, jobs: list[str], slices: SliceSet, stored: Path) -> Fold:
    """The probabilities of one fold, checked against its stored results.

    Raises:
        SeglibError: A map does not belong to the stored result, or the data have changed.
    """
    manifest = read_manifest(jobs[0], stored)
    test = slices.of_patients(manifest["test_patients"])
    preprocessing = Preprocessing(**manifest["recipe"]["preprocessing"])
    grid = test.images.shape[1:3]
    # A network that works on resized images has seen the whole of them.
    size = preprocessing.target_size(*grid) if preprocessing.resize is None else grid
    members = [_read_map(job, test, stored) for job in jobs]
    return Fold(
        name,
        tuple(jobs),
        test,
        np.stack([center_crop_or_pad(m, size)[..., 0].astype(np.float32) for m in members]),
        center_crop_or_pad(test.masks, size)[..., 0],
    )


def _read_map(job: str, test: SliceSet, stored: Path) -> np.ndarray:
    """``(N, H, W, 1)`` float16."""
    with np.load(maps_path(job)) as file:
        probabilities = file["probabilities"][..., None]
    per_slice = read_table(job, "per_slice", stored)
    order = ["case", "slice"]
    if per_slice[order].to_numpy().tolist() != test.table[order].to_numpy().tolist():
        raise SeglibError(f"the slices of {job} are not those of the data at hand, in their order")
    if probabilities.shape != test.masks.shape:
        raise SeglibError(
            f"the map of {job} has shape {probabilities.shape}, expected {test.masks.shape}"
        )
    # Masks were cut from 32-bit probabilities; in 16 bits, those near 0.5 became 0.5.
    predicted = per_slice["predicted"].to_numpy()
    least, most = (
        np.sum(cut, axis=(1, 2, 3)) for cut in (probabilities > 0.5, probabilities >= 0.5)
    )
    if not np.all((least <= predicted) & (predicted <= most)):
        raise SeglibError(
            f"the probability map of {job} does not give its stored masks: it is of another run. "
            "Delete the result and run the job again"
        )
    return probabilities


def temperatures(folds: list[Fold]) -> dict[str, dict[str, float]]:
    """For each network and fold the temperature fitted near the outlines of all other folds."""
    near = [near_pixels(fold) for fold in folds]
    names = np.concatenate(
        [np.full(int(n.sum()), fold.name) for fold, n in zip(folds, near, strict=True)]
    )
    truth = np.concatenate([fold.truth[n] for fold, n in zip(folds, near, strict=True)])
    fitted = {}
    for network in folds[0].networks():
        p = [fold.networks()[network][n] for fold, n in zip(folds, near, strict=True)]
        fitted[network] = cross_fit(np.concatenate(p), truth, names)
    return fitted


def near_pixels(fold: Fold) -> np.ndarray:
    """Near the outline of the mean of all members: the same pixels for every network."""
    return near_outline(fold.members.mean(axis=0) >= 0.5)


def reliability(fold: Fold, fitted: dict[str, dict[str, float]]) -> pd.DataFrame:
    """Sums by case and bin, near the outline and far from it, before and after scaling."""
    near = near_pixels(fold)
    tables = []
    for network, p in fold.networks().items():
        scaled = apply_temperature(p, fitted[network][fold.name])
        for scaling, values in (("none", p), ("temperature", scaled)):
            for region, counted in (("near", near), ("far", ~near)):
                table = calibration.reliability_table(
                    values, fold.truth, fold.slices.table, counted=counted
                )
                labels = {"network": network, "scaling": scaling, "region": region}
                tables.append(table.assign(**labels)[[*labels, *table.columns]])
    return pd.concat(tables, ignore_index=True)


def scores(fold: Fold, stored: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ensemble's scores by case, and beside its Dice the members' Dice and their doubt."""
    mask = (fold.members.mean(axis=0) >= 0.5).astype(np.uint8)[..., None]
    mask = center_crop_or_pad(mask, fold.slices.masks.shape[1:3])
    per_case = score_cases(fold.slices, mask, assumed_spacing=ASSUMED_SPACING)
    members = doubt_per_case(fold.members, fold.slices.table)
    columns = per_case.set_index("case")[["pathology", "dice"]]
    for job in fold.jobs:
        seed = read_manifest(job, stored)["seed"]
        own = read_table(job, "per_case", stored).set_index("case")["dice"]
        columns[f"dice_seed{seed}"] = own
    return per_case, members.join(columns, on="case")


def make(slices: SliceSet, experiment: str, variant: str, stored: Path, output: Path) -> None:
    """Write the tables, and last their manifest."""
    jobs = complete_jobs(experiment, variant, stored)
    folds = [read_fold(name, names, slices, stored) for name, names in jobs.items()]
    fitted = temperatures(folds)
    scored = [(fold.name, *scores(fold, stored)) for fold in folds]
    tables = {
        "reliability": pd.concat([reliability(fold, fitted) for fold in folds]),
        "per_case": pd.concat([cases.assign(fold=name) for name, cases, _ in scored]),
        "members": pd.concat([members.assign(fold=name) for name, _, members in scored]),
    }
    for name, table in tables.items():
        write_table(output, name, table)
    manifest = {
        "jobs": [job for fold in folds for job in fold.jobs],
        "seeds": [read_manifest(job, stored)["seed"] for job in folds[0].jobs],
        "patients": sum(len(fold.slices.patients) for fold in folds),
        "bins": calibration.BINS,
        "near": f"within {calibration.NEAR} pixels of the outline of the mean of all members",
        "temperatures": fitted,
        "source": data_hash(slices),
    }
    write_json(output / "manifest.json", manifest)
    print(f"{len(manifest['jobs'])} jobs, seeds {manifest['seeds']}: {len(tables)} tables written")


def read_uncertainty(table: str, stored: Path = STORED) -> pd.DataFrame:
    """A table that ``python -m study uncertainty`` left.

    Args:
        table: ``"reliability"``, ``"members"`` or ``"per_case"``.
        stored: Where results are kept.

    Raises:
        SeglibError: It is not there.
    """
    path = stored / "uncertainty" / f"{table}.csv"
    if not path.is_file():
        raise SeglibError(
            f"no stored table uncertainty/{table}.csv; run: python -m study run "
            "comparison, then: python -m study uncertainty"
        )
    return pd.read_csv(path)


def tables(folder: Path) -> None:
    """Write the calibration, and how well each measure of doubt orders the patients."""
    note = measured_labels("uncertainty")
    compared = compare_calibration(read_uncertainty("reliability"))
    reporting.save_table(compared, "calibration", **note, folder=folder)
    judged = judge_measures(patients_of(read_uncertainty("members")))
    reporting.save_table(judged, "doubt", **note, folder=folder)


def figures(slices: SliceSet, folder: Path) -> None:
    """Draw the reliability near the outline, doubt against Dice, and what sending brings."""
    note = measured_labels("uncertainty")
    near = read_uncertainty("reliability").query("region == 'near'")
    names = {"none": "as predicted", "temperature": "temperature"}
    curves = {
        f"{network}, {names[scaling]}": rows
        for (network, scaling), rows in near.groupby(["network", "scaling"], sort=False)
    }
    reporting.save_figure(plot_reliability(curves), "reliability", **note, folder=folder)
    patients = patients_of(read_uncertainty("members"))
    measures = [m for m in ("disagreement", "entropy_single", "smallness") if m in patients]
    reporting.save_figure(plot_doubt(patients, measures), "doubt", **note, folder=folder)
    curve = plot_risk_coverage(patients, measures)
    reporting.save_figure(curve, "risk_coverage", **note, folder=folder)


def _folded(table: pd.DataFrame, values: tuple[str, ...]) -> pd.DataFrame:
    """The table with each of these values and the limits beside it in one column."""
    table = table.reset_index()
    for name in values:
        ends = [
            next(c for c in (f"{name}_{end}", f"{end}{name.removeprefix('rho')}") if c in table)
            for end in ("low", "high")
        ]
        table[name] = with_interval(table, name, *ends)
        table = table.drop(columns=ends)
    return table


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    compared = compare_calibration(read_uncertainty("reliability"))
    judged = judge_measures(patients_of(read_uncertainty("members")))
    p_values = {
        name: judged[name].map(reporting.p_value) for name in judged if name.startswith("p_holm")
    }
    return {
        "calibration": short_table(_folded(compared, ("ece", "mce", "brier")), "patients"),
        "doubt": short_table(_folded(judged.assign(**p_values), ("rho", "rho_at_size")), "n"),
    }


@program("study")
def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m study uncertainty", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--experiment", default="comparison")
    parser.add_argument("--variant", default="unet")
    parser.add_argument("--stored", type=Path, default=STORED, help="the stored jobs")
    parser.add_argument("--output", type=Path, help="default: uncertainty/ beside the stored jobs")
    options = parser.parse_args(arguments)
    output = options.output or options.stored / "uncertainty"
    require_writable(output, "name another folder with --output", folder=True)
    slices = load()
    make(slices, options.experiment, options.variant, options.stored, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
