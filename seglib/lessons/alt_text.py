"""What a figure says to a reader who cannot see it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from seglib.plotting.style import LABEL_ID
from seglib.progress import in_notebook

#: Most characters of an alternative text; screen readers read it in one go.
LONGEST = 300


def alternative_text(fig: Figure) -> str:
    """What is drawn in a figure, in words: its pictures, axes and legend, and whose data they are.

    It is read off the figure, so that it never says something else than what is drawn.

    Args:
        fig: Any matplotlib figure; the data set is named once `seglib.reporting.save_figure` has.
    """
    panels = [axes for axes in fig.axes if axes.get_visible() and axes.get_label() != "<colorbar>"]
    pictures = [axes for axes in panels if axes.images]
    charts = [axes for axes in panels if not axes.images and axes.axison and axes.has_data()]
    suptitle = fig.get_suptitle()
    parts = [suptitle] if suptitle else []
    if pictures:
        parts.append(_counted(len(pictures), "picture", [_title(axes) for axes in pictures]))
    if charts:
        parts.append(_counted(len(charts), "chart", [_chart(axes) for axes in charts]))
    legends = [*fig.legends, *filter(None, (axes.get_legend() for axes in panels))]
    entries = _once([text.get_text() for legend in legends for text in legend.get_texts()])
    if entries:
        parts.append(f"Legend: {', '.join(entries)}")
    parts += [text.get_text() for text in fig.texts if text.get_gid() == LABEL_ID]
    text = ". ".join(" ".join(part.split()) for part in parts) + "."
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"


def describe_figures() -> None:
    """Let the notebook that calls this give each figure it shows its alternative text.

    The text stands in the output's metadata, ``{"image/png": {"alt": ...}}``, where the book and
    nbconvert's classic template find it; JupyterLab 4 has no use for it yet. Outside a notebook
    nothing is done.
    """
    if not in_notebook():
        return
    from IPython import get_ipython
    from IPython.core.pylabtools import print_figure
    from matplotlib_inline.backend_inline import InlineBackend  # its start sets a formatter too

    def picture(fig: Figure) -> tuple[str, dict[str, str]]:
        keywords = InlineBackend.instance().print_figure_kwargs
        return print_figure(fig, base64=True, **keywords), {"alt": alternative_text(fig)}

    get_ipython().display_formatter.formatters["image/png"].for_type(Figure, picture)


def _counted(number: int, noun: str, details: list[str]) -> str:
    named = _once(details)
    start = f"{number} {noun}{'s' if number > 1 else ''}" if number > 1 else noun.capitalize()
    return f"{start}: {'; '.join(named)}" if named else start


def _title(axes: Axes) -> str:
    return axes.get_title() or axes.get_title("left") or axes.get_ylabel()


def _chart(axes: Axes) -> str:
    """``title: y over x`` of one chart, as far as it has them; its groups where they have names."""
    x, y = (
        axis.get_label_text() or ", ".join(_once(_words(axis))) for axis in (axes.xaxis, axes.yaxis)
    )
    return ": ".join(filter(None, (axes.get_title(), " over ".join(filter(None, (y, x))))))


def _words(axis: Axis) -> list[str]:
    """The labels of an axis' ticks where they are no numbers."""
    texts = [label.get_text() for label in axis.get_ticklabels()]
    return [text for text in texts if any(letter.isalpha() for letter in text)]


def _once(texts: list[str]) -> list[str]:
    """Each text that says something, once, in its order."""
    return [" ".join(text.split()) for text in dict.fromkeys(texts) if text.strip()]
