"""Draw a mask in a notebook: a closed curve through eight points on rays from a centre.

It needs ipywidgets and nothing in the browser beside it, so it works in Jupyter and Colab
alike. It draws what can be seen from one point inside, such as a heart chamber; for
anything else, or many images, use LabelMe. What it saves is a LabelMe file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from scipy.interpolate import CubicSpline

from seglib.datasets.folder import picture_files
from seglib.errors import DataError
from seglib.files import atomic_write
from seglib.formats.annotations.labelme import labelme_text, read_labelme
from seglib.formats.folders import IMAGE_SUFFIXES
from seglib.formats.pictures import read_image
from seglib.lessons.panels import Choice, Panel, Slider
from seglib.plotting.image import show_image
from seglib.plotting.style import PREDICTION, label_figure, new_figure

if TYPE_CHECKING:
    import ipywidgets

#: Where the rays point, from the right on clockwise, as image rows run down.
RAYS = ("right", "lower right", "down", "lower left", "left", "upper left", "up", "upper right")

#: Points of the outline that is saved.
POINTS = 64


def ray_outline(
    shape: tuple[int, int], column: float, row: float, radii: Sequence[float]
) -> np.ndarray:
    """A smooth closed curve around a centre.

    Args:
        shape: ``(height, width)`` of the image.
        column: Centre, in % of the width.
        row: Centre, in % of the height.
        radii: Distance of the curve on each of `RAYS`, in % of the shorter side.

    Returns:
        ``(POINTS, 2)``, x and y in pixels, none outside the image. The curve goes through the
        end of each ray that lies inside.
    """
    height, width = shape
    angles = np.linspace(0, 2 * np.pi, len(RAYS) + 1)
    curve = CubicSpline(angles, [*radii, radii[0]], bc_type="periodic")
    at = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
    away = np.maximum(curve(at), 0) * min(shape) / 100  # between short rays it may swing below 0
    x = width * column / 100 + away * np.cos(at)
    y = height * row / 100 + away * np.sin(at)
    return np.stack([x.clip(0, width), y.clip(0, height)], axis=1)


def draw_masks(
    images: str | Path, annotations: str | Path, label: str, *, dataset: str, profile: str
) -> Panel:
    """Draw one outline on each image of a folder, and save it for `import_masks`.

    Args:
        images: Folder of PNG, TIFF or JPEG images.
        annotations: Folder that ``NAME.json`` is saved into; a file that is there is replaced.
        label: What the outline is called.
        dataset: Named under the picture.
        profile: Likewise.

    Returns:
        Sliders and two buttons: save the outline, or save that the structure is not there.
        ``panel.save()`` and ``panel.save(empty=True)`` do the same.

    Raises:
        DataError: The folder is missing or holds no images.
    """
    images, annotations = Path(images), Path(annotations)
    pictures = picture_files(images, IMAGE_SUFFIXES)
    if not pictures:
        raise DataError(f"{images}: no images found (endings: {', '.join(IMAGE_SUFFIXES)})")
    return _Drawing(pictures, annotations, label, (dataset, profile))


class _Drawing(Panel):
    """A panel that draws on one of several pictures, and saves what was drawn."""

    def __init__(
        self, pictures: dict[str, Path], annotations: Path, label: str, footer: tuple[str, str]
    ):
        self.pictures, self.annotations = pictures, annotations
        self.label, self.footer = label, footer
        controls: dict[str, Slider | Choice] = {
            "image": Choice("image", list(pictures)),
            "column": Slider("centre, across (%)", 0, 100, 50),
            "row": Slider("centre, down (%)", 0, 100, 50),
        }
        for ray in RAYS:
            controls[ray] = Slider(f"{ray} (%)", 1, 60, 12)
        super().__init__(controls, self._figure, self._still, self._buttons)

    def outline(self) -> np.ndarray:
        """What is drawn now: ``(POINTS, 2)``, x and y in pixels."""
        return self._outline(**self.values)

    def save(self, empty: bool = False) -> Path:
        """Save the outline of the image that is shown.

        Args:
            empty: Save instead that the structure is not on it.

        Returns:
            The LabelMe file.
        """
        key = self.values["image"]
        picture = self.pictures[key]
        shape = read_image(picture).shape[:2]
        outlines = [] if empty else [(self.label, self.outline())]
        file = self.annotations / f"{key}.json"
        atomic_write(file, labelme_text(picture.name, shape, outlines))
        read_labelme(file, {self.label: 1}, shape)  # what cannot be read back is no result
        return file

    def _outline(self, image: str, column: float, row: float, **rays: float) -> np.ndarray:
        shape = read_image(self.pictures[image]).shape[:2]
        return ray_outline(shape, column, row, [rays[ray] for ray in RAYS])

    def _figure(self, **values: float | str) -> Figure:
        pixels = read_image(self.pictures[values["image"]])
        fig, grid = new_figure(1, 1, width=4.4, height=4.4)
        show_image(grid[0, 0], pixels, title=str(values["image"]))
        closed = np.vstack([self._outline(**values)] * 2)[: POINTS + 1]
        # A figure counts pixels from their centres, an outline from their corners.
        grid[0, 0].plot(*(closed - 0.5).T, color=PREDICTION, linewidth=1.4)
        return label_figure(fig, *self.footer)

    def _still(self) -> Figure:
        fig = self._figure(**self.values)
        fig.axes[0].set_title(
            "Nothing can be moved here. Draw with LabelMe, and save\n"
            f"{self.values['image']}.json in the folder of annotations.",
            fontsize=9,
        )
        return fig

    def _buttons(self, panel: Panel) -> list[ipywidgets.Widget]:
        import ipywidgets

        said = ipywidgets.Label("Not saved yet.")

        def saver(empty: bool) -> None:
            said.value = f"Saved {self.save(empty).relative_to(self.annotations)}"

        buttons = []
        for words, empty in (("Save this outline", False), ("It is not on this image", True)):
            button = ipywidgets.Button(description=words, layout={"width": "14em"})
            button.on_click(lambda _, empty=empty: saver(empty))
            buttons.append(button)
        return [ipywidgets.HBox(buttons), said]
