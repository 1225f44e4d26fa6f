"""The pictures of the audit show what they should, and survive empty predictions."""

import numpy as np
import pandas as pd

from seglib.audit import pictures
from seglib.audit.checks import contrast_per_patient, shifts
from seglib.audit.ranking import rank_suspects
from seglib.evaluation.counts import count_slices
from study.questions.audit import displace
from study.results import read_results


def test_the_ranking_marks_what_is_known_and_names_the_first():
    ranked = rank_suspects(read_results("audit", "per_slice"))
    fig = pictures.plot_ranking(ranked, wrong=["SC-N-06"])
    axes = fig.axes[0]
    others, known = (points.get_offsets() for points in axes.collections)
    assert len(others) == 44 and known.tolist() == [[ranked.at[1, "dice"], 1]]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [*ranked["patient"].head(10), "20", "30", "40"]
    few = pictures.plot_ranking(ranked.head(3)).axes[0]
    assert [label.get_text() for label in few.get_yticklabels()] == names[:3]


def test_sheets_show_the_worst_slice_and_survive_empty_predictions(phantom_set):
    empty = np.zeros_like(phantom_set.masks)
    suspects = rank_suspects(count_slices(phantom_set, empty))
    fig = pictures.show_suspects(phantom_set, empty, suspects.head(2), columns=2)
    titles = [axes.get_title() for axes in fig.axes]
    for row in range(2):
        worst = f"slice {suspects.at[row + 1, 'worst_slice']}: worst"
        assert worst in titles[2 * row : 2 * row + 2]
    moves = shifts(phantom_set, empty).head(3)
    fig = pictures.show_moves(phantom_set, empty, moves, columns=2)
    assert len(fig.axes) == 3 and not any(axes.texts for axes in fig.axes)
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert legend == ["expert", "out-of-fold prediction", "move with the best fit"]


def test_charts_of_two_checks_and_of_what_is_found(phantom_set):
    wrong = displace(phantom_set, "phantom-03", 10)
    suspects = rank_suspects(count_slices(wrong, phantom_set.masks))
    by_contrast = contrast_per_patient(wrong)
    fig = pictures.plot_two_checks(suspects, by_contrast, wrong=["phantom-03"])
    known = fig.axes[0].collections[1].get_offsets().tolist()
    assert known == [[by_contrast["phantom-03"], suspects.at[1, "dice"]]]
    share = pd.Series([0.0, 1.0], index=[2, 8])
    fig = pictures.plot_found({"by Dice": share, "by gap": share})
    assert [line.get_label() for line in fig.axes[0].lines] == ["by Dice", "by gap"]
