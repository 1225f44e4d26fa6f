"""Published figures, to be drawn beside one's own."""

from dataclasses import FrozenInstanceError

import pytest

from seglib.evaluation.references import Reference


def test_a_reference_without_a_spread_says_so_and_none_can_be_changed():
    plain, wide = Reference("Somebody 2016", 0.9), Reference("Somebody 2016", 0.9, 0.02)
    assert plain.spread is None and wide.spread == 0.02
    assert plain != wide and plain == Reference("Somebody 2016", 0.9, None)
    with pytest.raises(FrozenInstanceError):
        wide.value = 0.95
