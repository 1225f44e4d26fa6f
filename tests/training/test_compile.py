"""A recipe's network, compiled."""

from dataclasses import replace

import pytest
from tiny import TINY

from seglib.training.compile import compile_model


def test_the_fitted_model_has_the_networks_layers_and_deep_supervision_more_outputs():
    model, fitted = compile_model(TINY, (32, 32, 1), 1, 10)
    assert [layer.name for layer in fitted.layers] == [layer.name for layer in model.layers]
    model, fitted = compile_model(replace(TINY, deep_supervision=1), (32, 32, 1), 1, 10)
    assert len(fitted.outputs) == 2
    assert model.output_shape == (None, 32, 32, 1)
    assert {layer.name for layer in model.layers} < {layer.name for layer in fitted.layers}


def test_the_rate_falls_by_the_schedule_or_stays_for_the_plateau_to_lower():
    _, falls = compile_model(TINY, (32, 32, 1), 1, 10)
    _, stays = compile_model(replace(TINY, schedule="plateau", patience=2), (32, 32, 1), 1, 10)
    for fitted in (falls, stays):
        fitted.optimizer.iterations.assign(9)
    assert float(falls.optimizer.learning_rate) < TINY.learning_rate / 10
    assert float(stays.optimizer.learning_rate) == pytest.approx(TINY.learning_rate)
