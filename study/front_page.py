"""What the front page shows that is made from stored results: the film, scores and times."""

from __future__ import annotations

import json
from pathlib import Path

from seglib import plotting, reporting
from seglib.evaluation.tables import best_median_worst, per_patient
from seglib.slices import SliceSet
from study import results
from study.questions import best
from study.results import STORED
from study.section import labels

#: Frames a second of the film: a calm heart beats about once a second, this one slower, so
#: that both outlines can be compared.
BEATS = 1.25

#: Seconds that each notebook took in `quick`, the one after the other, on two cores.
DURATIONS = STORED.parent / "durations.json"


def figures(slices: SliceSet, folder: Path) -> None:
    """Write the film: the best, the median and the worst test patient of the committed model.

    Args:
        slices: All patients of Sunnybrook.
        folder: Where results go.
    """
    note = labels("literature", ["lv_best"])
    run = note["runs"][0]
    test = slices.of_patients(results.read_manifest(run)["test_patients"])
    patients = per_patient(results.read_table(run, "per_case"))
    shown = {
        row["patient"]: f"{word}: {row['patient']}\nDice {row['dice']:.3f}"
        for word, row in best_median_worst(patients).items()
    }
    frames = plotting.render_beat(test, results.read_masks(run), shown, profile=note["profile"])
    reporting.save_animation(frames, "heart", **note, folder=folder, fps=BEATS, mp4=False)


def blocks() -> dict[str, str]:
    """The Markdown blocks of the front page, by the name of their markers."""
    return {"results": best.blocks()["results"], "times": times(_durations())}


def _durations() -> dict[str, float]:
    return json.loads(DURATIONS.read_text(encoding="utf-8"))


def times(durations: dict[str, float]) -> str:
    """How long the notebooks take, in a sentence.

    Args:
        durations: Seconds of each notebook, by its name.
    """
    quick, slow = (choose(durations, key=durations.get) for choose in (min, max))
    return f"""\
Run one after the other, the {len(durations)} notebooks take {sum(durations.values()) / 60:.0f} \
minutes on two processor cores (profile `quick`):
{quick[:2]} is the shortest with {durations[quick]:.0f} seconds, {slow[:2]} the longest with \
{durations[slow] / 60:.1f} minutes. `make study` runs two side by side where no GPU is found; \
the next time it runs only those whose cells, library or data have changed."""
