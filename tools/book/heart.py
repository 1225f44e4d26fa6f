"""The page that segments a heart: the model as ONNX, samples, and the page's own files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

import seglib
from seglib.commands.export import export
from seglib.datasets.locations import find_folder
from seglib.phantoms import heart as phantom
from seglib.plotting.style import PALETTE, PREDICTION, TRUTH
from seglib.slices import SliceSet
from tools.book import vendor
from tools.book.pages import FRAME

PAGE = "heart"


def add_page(source: Path, packages: Path) -> None:
    """Write the page and all it needs into the book's sources.

    Args:
        source: Folder of `tools.book.pages.gather`.
        packages: Folder of `tools.book.vendor.fetch`.
    """
    shutil.copy(FRAME / PAGE / "page.md", source / f"{PAGE}.md")
    folder = source / "_static" / PAGE
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.mjs", "*.css", "*.html"):
        for path in (FRAME / PAGE).glob(pattern):
            shutil.copy(path, folder)
    vendor.copy(packages, "onnxruntime-web", folder / "ort")
    model = source.parent / "model.onnx"  # outside `source`, which each build empties
    committed = seglib.files.REPOSITORY / "reports" / "models" / "sunnybrook.keras"
    if not model.is_file() or model.stat().st_mtime < committed.stat().st_mtime:
        model.unlink(missing_ok=True)
        export(model)
    shutil.copy(model, folder)
    slices, licence = hearts()
    setting = {
        "colours": {"truth": TRUTH, "prediction": PREDICTION, "own": PALETTE[3]},
        "samples": [save_sample(slices, row, folder, licence) for row in sample_rows(slices)],
    }
    (folder / "setting.json").write_text(json.dumps(setting, indent=1), encoding="utf-8")


def hearts() -> tuple[SliceSet, str]:
    """Sunnybrook's hearts where they are here, else simulated ones; and whose they are."""
    if find_folder("sunnybrook") is not None:
        return seglib.load("sunnybrook"), "Sunnybrook, CC0"
    print("Sunnybrook is not on this computer: the page's samples are simulated hearts.")
    return phantom.make(patients=6, slices=3, size=256), "simulated, no patient"


def sample_rows(slices: SliceSet) -> list[int]:
    """One slice of each pathology: a rule, so that nobody chooses a fine one.

    Of the first test patient, at end-diastole, the slice with the largest mask.
    """
    rows = []
    table = slices.table
    tested = table["part"] != "train"
    for pathology in sorted(table["pathology"].unique()):
        patient = table.loc[tested & (table["pathology"] == pathology), "patient"].min()
        stack = np.flatnonzero((table["patient"] == patient) & (table["phase"] == "ED"))
        rows.append(int(stack[slices.masks[stack].sum(axis=(1, 2, 3)).argmax()]))
    return rows


def save_sample(slices: SliceSet, row: int, folder: Path, licence: str) -> dict[str, str]:
    """Write one slice and its mask as PNG; return its entry for the page."""
    entry = slices.table.iloc[row]
    names = {"image": f"{entry['patient']}.png", "mask": f"{entry['patient']}-mask.png"}
    Image.fromarray(slices.images[row, ..., 0]).save(folder / names["image"])
    Image.fromarray(255 * slices.masks[row, ..., 0]).save(folder / names["mask"])
    return {"name": f"{entry['patient']} ({licence})", **names}
