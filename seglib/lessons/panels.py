"""A picture that follows a few controls; where no widget runs, a still picture in its place."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from seglib.lessons.alt_text import alternative_text

if TYPE_CHECKING:
    import ipywidgets

#: Pixels an inch of what a panel shows: a figure of 6.4 inches is 640 pixels wide.
DPI = 100


@dataclass(frozen=True)
class Slider:
    """A number between two ends.

    Attributes:
        label: What stands beside it, with the unit.
        low: Lower end.
        high: Upper end.
        value: Where it stands at first.
        step: Whole numbers by default.
    """

    label: str
    low: float
    high: float
    value: float
    step: float = 1

    def widget(self) -> ipywidgets.Widget:
        """The control as a front end shows it."""
        import ipywidgets

        whole = all(isinstance(number, int) for number in (self.low, self.high, self.step))
        kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
        limits = {"min": self.low, "max": self.high, "step": self.step, "value": self.value}
        return kind(**limits, description=self.label, **_looks())


@dataclass(frozen=True)
class Choice:
    """One of several words; the first at first.

    Attributes:
        label: What stands beside it.
        options: The words.
    """

    label: str
    options: Sequence[str]

    @property
    def value(self) -> str:
        """What is chosen at first."""
        return self.options[0]

    def widget(self) -> ipywidgets.Widget:
        """The control as a front end shows it."""
        import ipywidgets

        return ipywidgets.Dropdown(options=list(self.options), description=self.label, **_looks())


def _looks() -> dict[str, Any]:
    return {"style": {"description_width": "9em"}, "layout": {"width": "min(30em, 95%)"}}


class Panel:
    """Controls under a picture that is drawn anew when one of them moves.

    In a notebook, the value of a cell that ends in a panel shows it. A page without a running
    kernel (GitHub, a book) shows the still picture, as does Jupyter without ipywidgets.

    Args:
        controls: By the name of the argument of `draw` that each one sets.
        draw: Makes the figure from the controls' values.
        still: Makes the figure that stands in where nothing can be moved; without it that of
            the first values.
        extra: Gives more widgets for below the controls, e.g. buttons that use the panel.
    """

    def __init__(
        self,
        controls: Mapping[str, Slider | Choice],
        draw: Callable[..., Figure],
        still: Callable[[], Figure] | None = None,
        extra: Callable[[Panel], Sequence[ipywidgets.Widget]] = lambda panel: (),
    ):
        self._draw = draw
        self._first = {name: control.value for name, control in controls.items()}
        self._still = still
        self.widgets: dict[str, ipywidgets.Widget] = {}
        try:
            import ipywidgets
        except ImportError:
            self.picture = self.box = None
            return
        self.widgets = {name: control.widget() for name, control in controls.items()}
        # Its own size; the box would stretch it to the page's width.
        looks = {"max_width": "calc(100% - 4px)", "align_self": "flex-start"}
        self.picture = ipywidgets.Image(format="png", layout=looks)
        self.box = ipywidgets.VBox([self.picture, *self.widgets.values(), *extra(self)])
        for widget in self.widgets.values():
            widget.observe(self._moved, "value")
        self._moved()

    @property
    def values(self) -> dict[str, Any]:
        """What the controls say now, by name."""
        return self._first | {name: widget.value for name, widget in self.widgets.items()}

    def _moved(self, change: object = None) -> None:
        self.picture.value = png(self._draw(**self.values))

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The panel for a front end that has widgets, and a picture for one that has not."""
        fig = self._still() if self._still else self._draw(**self.values)
        about = {"image/png": {"alt": alternative_text(fig)}}
        bundle = {
            "text/plain": "A picture with controls; run the notebook to move them.",
            "image/png": base64.b64encode(png(fig)).decode(),
        }
        if self.box is not None:
            bundle["application/vnd.jupyter.widget-view+json"] = {
                "version_major": 2,
                "version_minor": 0,
                "model_id": self.box.model_id,
            }
        return bundle, about


def png(fig: Figure) -> bytes:
    """A figure as the bytes of a PNG file; the figure is closed."""
    stream = io.BytesIO()
    fig.savefig(stream, format="png", dpi=DPI, facecolor="white")
    plt.close(fig)
    return stream.getvalue()
