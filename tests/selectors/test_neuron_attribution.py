# SPDX-License-Identifier: BSD-3-Clause
"""What is particular to NeuronAttributionSelector."""

import numpy as np
import pytest
from scipy.special import log_softmax

from sparsefs import NeuronAttributionSelector
from sparsefs.importance import StrengthImportance
from sparsefs.selectors import network
from sparsefs.topology import RandomGrow
from tests.selectors.common import classes, first_ten_informative, fit, quick

VARIANTS = {
    "Dense-QS": ("dense", "strength"),
    "Dense-Attr": ("dense", "attribution"),
    "SET-QS": ("set", "strength"),
    "SET-Attr": ("set", "attribution"),
    "RigL-QS": ("rigl", "strength"),
    "RigL-Attr": ("rigl", "attribution"),
}


def stepwise(**params):
    """24 epochs of four batches, rewired after every batch; tanh, that no neuron dies."""
    setting = {"max_iter": 24, "early_stopping": False, "update_every": 1, "activation": "tanh"}
    return quick(NeuronAttributionSelector, **{"density": 0.4, **setting, **params})


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_variants_of_the_paper(variant):
    selector = NeuronAttributionSelector.from_paper(variant, K=7, random_state=3)
    assert (selector.topology, selector.importance) == VARIANTS[variant]
    assert (selector.attribution_every, selector.attribution_samples) == (1, None)
    assert (selector.K, selector.random_state) == (7, 3)


def test_from_paper_lets_parameters_be_set_otherwise():
    selector = NeuronAttributionSelector.from_paper("SET-QS", attribution_every=4, topology="rigl")
    assert (selector.attribution_every, selector.topology) == (4, "rigl")


def test_an_unknown_variant_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"variant must be one of .*RigL-Attr.* Got 'RigL'"):
        NeuronAttributionSelector.from_paper("RigL")


def test_dense_has_all_connections_and_moves_none(wide):
    history = fit(stepwise(topology="dense", density=0.1), wide[:, 4:17]).history_
    assert (history["density"] == 1).all()
    assert (history["connections_changed"] == 0).all()


def test_set_moves_connections_to_the_end(wide):
    changed = fit(stepwise(topology="set"), wide).history_["connections_changed"]
    assert changed.min() > 0.5 * changed.max()


def test_rigl_moves_ever_fewer_connections_until_three_quarters(wide):
    changed = fit(stepwise(topology="rigl"), wide).history_["connections_changed"]
    assert (changed[18:] == 0).all()
    assert (changed[:15] > 0).all()
    thirds = changed[:18].reshape(3, 6).sum(axis=1)
    assert thirds[0] > 1.3 * thirds[1] > 1.3 * 1.3 * thirds[2]


@pytest.mark.parametrize(
    ("topology", "decay", "until"), [("rigl", "cosine", 0.75), ("set", "constant", 1.0)]
)
def test_auto_is_the_schedule_of_the_topology(topology, decay, until, wide):
    auto = fit(stepwise(topology=topology), wide).scores_
    spelt_out = fit(stepwise(topology=topology, drop_decay=decay, update_until=until), wide)
    np.testing.assert_array_equal(auto, spelt_out.scores_)


@pytest.mark.parametrize(
    "option",
    [
        {"topology": "rigl"},
        {"importance": "strength"},
        {"average_over": "last_epoch"},
        {"average_over": "last_iteration"},
        {"density": 0.2},
        {"init": "uniform"},
        {"attribution_every": 2},
        {"attribution_samples": None},
        {"drop_fraction": 0.1},
        {"drop_decay": "cosine"},
        {"update_every": "epoch"},
        {"update_until": 0.5},
        {"activation": "tanh"},
        {"alpha": 0.1},
        {"early_stopping": False},
        {"validation_fraction": 0.4},
    ],
    ids=str,
)
def test_every_option_matters(option, wide):
    setting = {"update_every": 1, "attribution_every": 1, "density": 0.4}
    base = fit(quick(NeuronAttributionSelector, **setting), wide)
    other = fit(quick(NeuronAttributionSelector, **{**setting, **option}), wide)
    assert not np.allclose(base.scores_, other.scores_, rtol=1e-6)


def test_early_stopping_ends_the_training_and_goes_back_to_the_best(wide, monkeypatch):
    held_out, split = [], network.validation_split

    def recorded(*args):
        rows = split(*args)
        held_out.append(rows[1])
        return rows

    monkeypatch.setattr(network, "validation_split", recorded)
    y = classes(wide)
    selector = quick(
        NeuronAttributionSelector, max_iter=200, n_iter_no_change=4, learning_rate_init=0.02
    ).fit(wide, y)
    losses = selector.history_["validation_loss"]
    assert selector.n_iter_ == len(losses) < 200
    assert np.argmin(losses) == len(losses) - 1 - 4
    (rows,) = held_out
    assert len(rows) == round(0.1875 * 60)
    log_probability = log_softmax(selector.network_(wide[rows]), axis=1)
    assert -log_probability[np.arange(len(rows)), y[rows]].mean() == pytest.approx(
        losses.min(), rel=1e-4
    )


def test_a_grow_rule_that_does_what_set_does_gives_the_same(wide):
    expected = fit(quick(NeuronAttributionSelector, update_every=1), wide)
    own = quick(NeuronAttributionSelector, update_every=1, topology=RandomGrow())
    np.testing.assert_array_equal(fit(own, wide).scores_, expected.scores_)


def test_an_init_of_ones_own_decides_the_densities(wide):
    asked = []

    def init(shapes, density):
        asked.append((shapes, density))
        return [0.25, 0.5, 1.0]

    selector = fit(quick(NeuronAttributionSelector, init=init, density=0.3), wide)
    shapes = [(16, 40), (8, 16), (3, 8)]
    assert [(list(map(tuple, s)), d) for s, d in asked] == [(shapes, 0.3)]
    n_connections = [np.prod(s) * d for s, d in zip(shapes, [0.25, 0.5, 1.0])]
    assert selector.costs_["parameters"]["sparse"] == sum(n_connections) + 16 + 8 + 3
    assert selector.network_.weights[0].nnz == n_connections[0]


@pytest.mark.parametrize("variant", VARIANTS)
def test_informative_features_are_found(variant):
    for seed in range(2):
        X, y = first_ten_informative(seed)
        selector = NeuronAttributionSelector.from_paper(
            variant,
            K=10,
            density=0.3,
            hidden_layer_sizes=(40, 20),
            max_iter=30,
            learning_rate_init=0.01,
            attribution_every=5,
            random_state=seed,
            device="cpu",
        ).fit(X, y)
        assert (selector.get_support(indices=True) < 10).sum() >= 8


def test_a_held_out_loss_that_is_not_finite_is_an_error(wide):
    # One step, after which nothing but the held-out samples shows that the weights are useless.
    diverged = quick(NeuronAttributionSelector, learning_rate_init=1e30, max_iter=1, batch_size=60)
    with pytest.raises(FloatingPointError, match=r"validation loss became.*learning_rate_init"):
        fit(diverged, wide)


class Negative(StrengthImportance):
    def scores(self, network):
        return -1 - super().scores(network)


def test_constant_features_rank_last_among_negative_scores_too(wide):
    selector = fit(quick(NeuronAttributionSelector, importance=Negative("last_iteration", 1)), wide)
    assert (selector.scores_ < 0).all()
    assert set(selector.ranking_[[3, 17]]) == {39, 40}
    np.testing.assert_array_equal(
        np.argsort(-selector.scores_, kind="stable"), np.argsort(selector.ranking_)
    )


def test_held_out_samples_whose_weights_vanish_do_not_stop_the_training(wide):
    weight = np.where(np.arange(60) == 0, 1.0, 1e-300)  # zero in single precision
    for seed in range(3):
        selector = quick(NeuronAttributionSelector, random_state=seed)
        fit(selector, wide, sample_weight=weight)
        assert np.isfinite(selector.history_["validation_loss"]).all()
