"""Uncertainty: calibration, and whether doubt points at the failures."""

from __future__ import annotations

from seglib import reporting
from seglib.slices import SliceSet
from seglib.uncertainty.calibration import compare_calibration
from seglib.uncertainty.doubt import judge_measures, patients_of
from seglib.uncertainty.pictures import plot_doubt, plot_reliability, plot_risk_coverage
from study import results
from study.questions.uncertainty import read_uncertainty


def uncertainty_labels() -> dict:
    """As `labels`, for the networks that ``study.questions.uncertainty`` has read."""
    runs = results.read_manifest("uncertainty")["jobs"]
    return {"dataset": "Sunnybrook", "profile": "stored runs", "runs": runs}


def tables() -> None:
    """Write the calibration, and how well each measure of doubt orders the patients."""
    note = uncertainty_labels()
    calibration = compare_calibration(read_uncertainty("reliability"))
    reporting.save_table(calibration, "calibration", **note)
    judged = judge_measures(patients_of(read_uncertainty("members")))
    reporting.save_table(judged, "doubt", **note)


def figures(slices: SliceSet) -> None:
    """Draw the reliability near the outline, doubt against Dice, and what sending brings."""
    note = uncertainty_labels()
    near = read_uncertainty("reliability").query("region == 'near'")
    names = {"none": "as predicted", "temperature": "temperature"}
    curves = {
        f"{network}, {names[scaling]}": rows
        for (network, scaling), rows in near.groupby(["network", "scaling"], sort=False)
    }
    reporting.save_figure(plot_reliability(curves), "reliability", **note)
    patients = patients_of(read_uncertainty("members"))
    measures = ["disagreement", "entropy_single", "smallness"]
    measures = [name for name in measures if name in patients]
    reporting.save_figure(plot_doubt(patients, measures), "doubt", **note)
    curve = plot_risk_coverage(patients, measures)
    reporting.save_figure(curve, "risk_coverage", **note)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    calibration = compare_calibration(read_uncertainty("reliability"))
    judged = judge_measures(patients_of(read_uncertainty("members")))
    return {
        "calibration": reporting.to_markdown(calibration.reset_index()).strip(),
        "doubt": reporting.to_markdown(judged.reset_index()).strip(),
    }
