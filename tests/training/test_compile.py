"""A recipe's network, compiled."""

from dataclasses import replace

import pytest
from tiny import TINY

from seglib.training.compile import compile_model


def test_the_network_is_the_fitted_one_unless_it_is_deeply_supervised():
    model, fitted = compile_model(TINY, (32, 32, 1), 1, 10)
    assert model is fitted
    model, fitted = compile_model(replace(TINY, deep_supervision=1), (32, 32, 1), 1, 10)
    assert model is not fitted
    assert len(fitted.outputs) == 2
    assert model.output_shape == (None, 32, 32, 1)


def test_the_rate_falls_by_the_schedule_or_stays_for_the_plateau_to_lower():
    _, falls = compile_model(TINY, (32, 32, 1), 1, 10)
    _, stays = compile_model(replace(TINY, schedule="plateau", patience=2), (32, 32, 1), 1, 10)
    for fitted in (falls, stays):
        fitted.optimizer.iterations.assign(9)
    assert float(falls.optimizer.learning_rate) < TINY.learning_rate / 10
    assert float(stays.optimizer.learning_rate) == pytest.approx(TINY.learning_rate)
