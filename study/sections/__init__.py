"""What the report is made of, one module a section, each from stored results alone.

A section has ``tables()`` and ``figures(slices)``, which write into
`seglib.files.results_dir`, and ``blocks()``, its Markdown on the report's page.
"""

from study.sections import (
    ablation,
    audit,
    best,
    comparison,
    organs,
    protocols,
    uncertainty,
    waterfall,
)

SECTIONS = (best, protocols, waterfall, comparison, ablation, audit, uncertainty, organs)
