"""The questions this study asks, one file a question or an organ.

A question is a module here and a line in `QUESTIONS`. It defines what it needs of

- ``EXPERIMENTS``: `study.experiment.Experiment` by name, which ``python -m study run`` runs;
- ``tables(folder)`` and ``figures(slices, folder)``: write into a folder what the stored results
  say; ``slices`` are all patients of Sunnybrook;
- ``blocks()``: its Markdown blocks on the report's page, by the name of their markers.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from study.experiment import Experiment

#: The modules, in the report's order. `modules` imports them.
QUESTIONS = (
    "best",
    "judge",
    "outside",
    "waterfall",
    "waterfall_pictures",
    "chain",
    "memorised",
    "networks",
    "ablation",
    "precision",
    "audit",
    "uncertainty",
    "ejection_fraction",
    "atrium",
    "readers",
    "brain",
    "tumour",
)


def modules() -> list[ModuleType]:
    """The modules of `QUESTIONS`, imported."""
    return [import_module(f"{__name__}.{name}") for name in QUESTIONS]


@cache
def _experiments() -> dict[str, Experiment]:
    found: dict[str, Experiment] = {}
    for module in modules():
        for name, experiment in getattr(module, "EXPERIMENTS", {}).items():
            if name in found:
                raise ValueError(f"{module.__name__}: there is an experiment {name} already")
            found[name] = experiment
    return found


def __getattr__(name: str) -> Any:
    """``EXPERIMENTS``: all experiments by name, made when it is first asked for."""
    if name == "EXPERIMENTS":
        return _experiments()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
