"""The label audit: all patients by disagreement, and the first suspects."""

from __future__ import annotations

from seglib import reporting
from seglib.audit.pictures import plot_ranking, show_suspects
from seglib.audit.ranking import rank_suspects
from seglib.datasets import sunnybrook
from seglib.slices import SliceSet
from study import results
from study.questions.audit import read_audit
from study.section import labels


def tables() -> None:
    """Write all patients, the most suspect labels first."""
    suspects = rank_suspects(results.read_results("audit", "per_slice"))
    reporting.save_table(suspects, "audit_suspects", **labels("audit"))


def figures(slices: SliceSet) -> None:
    """Draw the ranking, and the first five suspects."""
    note = labels("audit")
    found = read_audit(slices)
    suspects = rank_suspects(found.per_slice)
    ranking = plot_ranking(suspects, wrong=sunnybrook.WRONG_LABELS)
    reporting.save_figure(ranking, "audit_ranking", **note)
    pictures = show_suspects(found.slices, found.prediction, suspects.head(5))
    reporting.save_figure(pictures, "audit_suspects", **note)


def suspects_table() -> str:
    """The ten most suspect patients as a short Markdown table."""
    suspects = rank_suspects(results.read_results("audit", "per_slice")).head(10)
    columns = ["patient", "pathology", "dice", "z", "area_ratio", "worst_slice"]
    shown = suspects[[column for column in columns if column in suspects]]
    return reporting.to_markdown(shown).strip()


def blocks() -> dict[str, str]:
    """The Markdown blocks of the report's page, by the name of their markers."""
    return {"suspects": suspects_table()}
