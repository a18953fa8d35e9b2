# SPDX-License-Identifier: BSD-3-Clause
"""ParetoDisplay: what is drawn is what the search has found."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import LogNorm, to_hex
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV

from sparsefs import ParetoDisplay, ParetoSearchCV
from tests.search.toy import Toy, X, y

N_SPLITS = 5


def table(**means):
    """``cv_results_`` of the means of scores (``test_<name>``) and costs, and of parameters."""
    columns = {}
    for name, values in means.items():
        if name.startswith("param_"):
            columns[name] = values
            continue
        values = np.array(values, dtype=float)
        columns[f"mean_{name}"] = values
        columns[f"std_{name}"] = np.full(len(values), 0.02)
        columns[f"rank_{name}"] = np.ones(len(values), dtype=int)
        columns |= {f"split{i}_{name}": values for i in range(N_SPLITS)}
        n = len(values)
    return {"params": [{}] * n, "mean_fit_time": np.arange(1.0, n + 1)} | columns


def small(**more):
    """Trial 3 has failed; 0, 1 and 4 are the front, 2 and 5 are dominated."""
    return table(
        test_accuracy=[0.5, 0.8, 0.6, np.nan, 0.9, 0.85],
        n_features=[2, 5, 6, np.nan, 10, 30],
        **more,
    )


def at(collections):
    return np.vstack([collection.get_offsets() for collection in collections]).tolist()


def labels(display):
    return [text.get_text() for text in display.legend_.get_texts()]


def shown(axis):
    """Numbers at the ticks that are in view."""
    low, high = sorted(axis.get_view_interval())
    ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels())
    axis.figure.canvas.draw()
    return [text.get_text() for where, text in ticks if low <= where <= high]


def test_points_are_the_front_and_the_rest_without_what_failed():
    display = ParetoDisplay.from_cv_results(small(), chosen=1)
    np.testing.assert_array_equal(display.front, [0, 1, 4])
    assert at(display.front_points_) == [[2, 0.5], [5, 0.8], [10, 0.9]]
    assert at(display.dominated_points_) == [[6, 0.6], [30, 0.85]]
    assert (display.x, display.y) == ("n_features", "accuracy")
    assert display.directions == {"n_features": "minimize", "accuracy": "maximize"}
    assert display.ax_.get_xlabel() == "features"
    assert display.ax_.get_ylabel() == "accuracy"
    assert display.figure_ is display.ax_.figure


def test_the_line_is_what_can_be_attained():
    line = ParetoDisplay.from_cv_results(small()).line_
    assert line.get_drawstyle() == "steps-post"
    assert line.get_xdata().tolist() == [2, 5, 10, 30]  # up to the worst trial
    assert line.get_ydata().tolist() == [0.5, 0.8, 0.9, 0.9]


def test_the_line_with_the_score_on_x():
    display = ParetoDisplay.from_cv_results(small(), x="accuracy", y="n_features")
    assert display.line_.get_drawstyle() == "steps-pre"  # so many features give at least as much
    assert display.line_.get_xdata().tolist() == [0.5, 0.5, 0.8, 0.9]
    assert display.line_.get_ydata().tolist() == [2, 2, 5, 10]
    np.testing.assert_array_equal(display.front, [0, 1, 4])


@pytest.mark.parametrize(("x", "y"), [(None, None), ("n_features", None), (None, "accuracy")])
def test_error_bars_are_one_standard_error_on_the_front(x, y):
    display = ParetoDisplay.from_cv_results(small(), x=x, y=y)
    (bars,) = display.errorbar_[2]
    ends = np.array(bars.get_segments())
    np.testing.assert_allclose(np.diff(ends[:, :, 1])[:, 0], 2 * 0.02 / np.sqrt(N_SPLITS - 1))
    np.testing.assert_allclose(ends.mean(axis=1), at(display.front_points_))


def test_no_error_bars_where_there_is_no_error():
    results = small()
    results["std_test_accuracy"][:] = 0
    assert ParetoDisplay.from_cv_results(results).errorbar_ is None


def test_knee_and_chosen_are_marked_with_their_numbers():
    display = ParetoDisplay.from_cv_results(small(), chosen=5)
    assert display.knee == 1
    assert display.knee_point_.get_xydata().tolist() == [[5, 0.8]]
    assert display.chosen_point_.get_xydata().tolist() == [[30, 0.85]]
    assert labels(display) == [
        "front",
        "dominated",
        "knee: 0.800, 5 features",
        "chosen: 0.850, 30 features",
    ]
    assert display.knee_point_.get_marker() != display.chosen_point_.get_marker()


def test_what_there_is_not_is_not_drawn():
    results = table(test_accuracy=[0.5, 0.6], n_features=[1, 2])
    display = ParetoDisplay.from_cv_results(results)
    assert display.knee_point_ is display.chosen_point_ is display.colorbar_ is None
    assert display.dominated_points_ == []
    assert labels(display) == ["front"]


def test_costs_against_each_other_have_no_knee():
    results = small(bytes=[3e6, 4e6, 5e6, np.nan, 1e6, 2e6])
    display = ParetoDisplay.from_cv_results(results, x="n_features", y="bytes")
    assert display.knee is None
    assert at(display.front_points_) == [[2, 3e6], [10, 1e6]]
    assert display.line_.get_ydata().tolist() == [3e6, 1e6, 1e6]
    assert display.ax_.get_ylabel() == "network (MB)"


@pytest.mark.parametrize(
    ("objectives", "given", "expected"),
    [
        (["bytes", "test_f1", "n_features", "test_accuracy"], {}, ("bytes", "f1")),
        (["bytes", "test_f1", "n_features"], {"x": "n_features"}, ("n_features", "f1")),
        (["bytes", "test_f1", "test_accuracy"], {"x": "f1"}, ("f1", "accuracy")),
        (["bytes", "test_f1", "n_features"], {"y": "bytes"}, ("n_features", "bytes")),
        (["test_f1", "test_accuracy"], {}, ("accuracy", "f1")),
        (["bytes", "n_features"], {}, ("n_features", "bytes")),
        (["test_f1"], {"x": "fit_time"}, ("fit_time", "f1")),
    ],
)
def test_objectives_of_the_axes(objectives, given, expected):
    results = table(**{name: [1, 2, 3] for name in objectives})
    display = ParetoDisplay.from_cv_results(results, **given)
    assert (display.x, display.y) == expected


@pytest.mark.parametrize(
    ("log", "n_features", "scale"),
    [
        ("auto", [1, 20], "linear"),
        ("auto", [1, 21], "log"),
        ("auto", [0, 21], "linear"),  # which has no logarithm
        (True, [1, 2], "log"),
        (False, [1, 21], "linear"),
    ],
)
def test_logarithmic_axis(log, n_features, scale):
    results = table(test_accuracy=[0.01, 0.9], n_features=n_features)
    display = ParetoDisplay.from_cv_results(results, log_x=log)
    assert display.ax_.get_xscale() == scale
    assert display.ax_.get_yscale() == "linear"
    swapped = ParetoDisplay.from_cv_results(results, x="accuracy", y="n_features", log_y=log)
    assert swapped.ax_.get_yscale() == scale


def test_a_logarithm_that_there_is_not_is_refused():
    results = table(test_accuracy=[0.1, 0.9], n_features=[0, 5])
    with pytest.raises(ValueError, match="cannot show 'n_features': it has the value 0"):
        ParetoDisplay.from_cv_results(results, log_x=True)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("cost", "values", "label", "amount", "ticks"),
    [
        ("n_features", [1, 2, 4], "features", "4 features", ["1", "2", "4"]),
        ("n_features", [100, 1500], "features", "1,500 features", None),
        ("parameters", [200, 2500], "parameters (thousands)", "2,500 parameters", None),
        ("bytes", [10e6, 30e6], "network (MB)", "30 MB", ["10", "20", "30"]),
        ("inference_flops", [10, 700], "one prediction (FLOPs)", "700 FLOPs", None),
        # On a logarithmic axis the middle decides.
        ("training_flops", [1e6, 1e11], "training (MFLOPs)", "100,000 MFLOPs", None),
        ("training_flops", [2e7, 1e9], "training (MFLOPs)", "1,000 MFLOPs", None),
        ("fit_time", [0.002, 0.012], "fit (ms)", "12 ms", None),
        ("fit_time", [0, 2.5], "fit (s)", "2.5 s", None),
    ],
)
def test_units(cost, values, label, amount, ticks):
    scores = np.linspace(0.1, 0.9, len(values))
    results = table(test_accuracy=scores, **{cost: values})
    display = ParetoDisplay.from_cv_results(results, chosen=len(values) - 1)
    assert display.ax_.get_xlabel() == label
    assert labels(display)[-1] == f"chosen: 0.900, {amount}"
    assert display.line_.get_xdata().max() == values[-1]  # data stay as they are
    if ticks is not None:
        assert set(ticks) <= set(shown(display.ax_.xaxis))


def test_ticks_of_a_logarithmic_axis():
    results = table(test_accuracy=[0.1, 0.9], training_flops=[1.5e6, 70e6])
    display = ParetoDisplay.from_cv_results(results)
    assert shown(display.ax_.xaxis) == ["2", "5", "10", "20", "50"]
    results = table(test_accuracy=[0.1, 0.9], training_flops=[1e6, 1e11])
    display = ParetoDisplay.from_cv_results(results)
    assert shown(display.ax_.xaxis)[:2] == ["1", "10"]


def test_hue_of_a_parameter_with_few_values():
    topology = np.ma.MaskedArray(
        ["set", "dense", "set", "rigl", "dense", "set"], mask=[0, 0, 1, 0, 0, 0], dtype=object
    )
    for hue in ("param_fs__topology", "fs__topology"):
        display = ParetoDisplay.from_cv_results(small(param_fs__topology=topology), hue=hue)
        assert display.hue == "param_fs__topology"
        assert [name for name in labels(display) if ":" not in name] == [
            "front",
            "dominated",
            "dense",
            "set",  # of the failed trial there is nothing
            "no topology",
        ]
    front, dominated = display.front_points_, display.dominated_points_
    assert at(front[:1]) == [[5, 0.8], [10, 0.9]]
    assert at(front[1:]) == [[2, 0.5]]
    assert at(dominated[:1]) == [[30, 0.85]]
    assert at(dominated[1:]) == [[6, 0.6]]
    # Both the colour and the shape tell them apart, and are the same off the front.
    assert to_hex(front[1].get_facecolor()[0]) == to_hex(dominated[0].get_facecolor()[0])
    shapes = [collection.get_paths()[0].vertices.tolist() for collection in (*front, *dominated)]
    assert shapes[0] != shapes[1] == shapes[2] != shapes[3] != shapes[0]
    assert display.colorbar_ is None


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([10, 1, 1, 1, 1, 1], ["C 1", "C 10"]),
        ([0.5, 1.5, 0.5, 0.5, 0.5, 0.5], ["C 0.5", "C 1.5"]),
        ([True, False, True, True, True, True], ["C True", "C False"]),
        ([None, 1, 1, 1, 1, 1], ["C None", "C 1"]),
        ([(9, 3), (5,), (5,), (5,), (5,), (5,)], ["(9, 3)", "(5,)"]),
    ],
)
def test_names_of_values(values, names):
    column = np.ma.MaskedArray(np.empty(6, dtype=object), mask=False)
    for i, value in enumerate(values):
        column[i] = value
    display = ParetoDisplay.from_cv_results(small(param_clf__C=column), hue="clf__C")
    assert [name for name in labels(display) if ":" not in name][2:] == names


@pytest.mark.parametrize("factor", [2, 4])
def test_hue_of_many_numbers_is_a_scale(factor):
    results = table(
        test_accuracy=np.arange(1, 9) / 10,
        n_features=np.arange(1, 9),
        param_fs__density=np.ma.MaskedArray(0.5**9 * factor ** np.arange(8.0), mask=[1] + 7 * [0]),
    )
    if factor == 2:
        results["param_fs__density"] = np.ma.MaskedArray(np.arange(8) + 1.0, mask=[1] + 7 * [0])
    display = ParetoDisplay.from_cv_results(results, hue="fs__density")
    assert display.colorbar_.ax.get_ylabel() == "density"
    assert isinstance(display.colorbar_.norm, LogNorm) == (factor == 4)
    with_number, without = display.front_points_
    np.testing.assert_allclose(with_number.get_array(), results["param_fs__density"].compressed())
    assert at([without]) == [[1, 0.1]]
    assert "no density" in labels(display)


def test_hue_of_an_objective():
    results = table(
        test_accuracy=np.arange(1, 9) / 10,
        n_features=np.arange(1, 9),
        training_flops=1e6 * np.arange(1, 9),
    )
    display = ParetoDisplay.from_cv_results(results, hue="training_flops")
    assert display.colorbar_.ax.get_ylabel() == "training (MFLOPs)"
    np.testing.assert_allclose(display.front_points_[0].get_array(), 1e6 * np.arange(1, 9))


def test_hue_of_too_many_values_is_refused():
    names = np.ma.MaskedArray(list("abcdefg"), dtype=object)
    results = table(test_accuracy=np.arange(7), n_features=np.arange(7), param_fs__topology=names)
    with pytest.raises(ValueError, match="at most 6 .* 'topology' has 7: a, b"):
        ParetoDisplay.from_cv_results(results, hue="fs__topology")


def test_draws_on_given_axes_again_and_again():
    figure, (first, second) = plt.subplots(1, 2)
    display = ParetoDisplay.from_cv_results(small(), ax=first)
    assert display.ax_ is first
    assert display.plot(second, log_x=False, legend=False) is display
    assert display.ax_ is second
    assert display.figure_ is figure
    assert display.legend_ is second.get_legend() is None
    assert plt.get_fignums() == [figure.number]  # closes nothing, opens nothing


def test_settings_of_the_legend():
    display = ParetoDisplay.from_cv_results(small(), legend={"loc": "upper left", "ncols": 1})
    assert display.legend_._ncols == 1


@pytest.mark.parametrize("hue", [None, "fs__topology", "bytes"])
@pytest.mark.parametrize("n_dominated", [0, 1])
def test_nothing_overlaps_in_a_picture_of_a_column(hue, n_dominated):
    """3.5 inches wide, as journals print them."""
    results = table(
        test_accuracy=np.append(np.arange(1, 8), 8 - 2 * n_dominated) / 10,
        n_features=2 ** np.arange(1, 9),
        bytes=1e6 * np.arange(1, 9),
        param_fs__topology=np.ma.MaskedArray(2 * ["set", "rigl", "dense", "wast"], dtype=object),
    )
    figure, ax = plt.subplots(figsize=(3.5, 2.6), layout="constrained")
    display = ParetoDisplay.from_cv_results(results, hue=hue, chosen=7, ax=ax)
    figure.canvas.draw()
    box, page = display.legend_.get_window_extent(), figure.bbox
    assert page.x0 - 1 <= box.x0 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1
    assert not box.overlaps(ax.get_window_extent().shrunk(1, 0.99))
    assert ax.get_window_extent().width > 0.5 * page.width
    ticks = [t.get_window_extent() for t in ax.get_xticklabels() if t.get_text()]
    low, high = ax.get_window_extent().intervalx
    ticks = [tick for tick in ticks if low <= (tick.x0 + tick.x1) / 2 <= high]
    assert all(a.x1 < b.x0 for a, b in pairwise(ticks))


@pytest.fixture(scope="module")
def search():
    """A quality for each size, but of some of them the fit fails."""
    space = {"quality": [0.2, 0.5, 0.7], "size": [1, 10, 100], "fails": [None, None, "fit"]}
    search = ParetoSearchCV(
        Toy(), space, objectives=["bytes", "score"], n_trials=30, cv=3, random_state=0
    )
    with pytest.warns(match="trials failed"):
        return search.fit(X, y)


def test_of_a_search(search):
    display = ParetoDisplay.from_estimator(search, hue="quality")
    results = search.cv_results_
    assert set(display.front) == set(search.pareto_front_)  # of two objectives it is the same
    assert display.chosen == search.best_index_
    assert display.chosen_point_.get_ydata() == results["mean_test_score"][search.best_index_]
    drawn = at(display.front_points_) + at(display.dominated_points_)
    complete = results["status"] == "complete"
    assert 0 < complete.sum() == len(drawn) < len(results["params"])
    assert sorted(xy[0] for xy in drawn) == sorted(results["mean_bytes"][complete])


def test_of_a_search_without_a_refit(search):
    fitted = ParetoSearchCV(
        Toy(), {"size": [1, 2]}, objectives=["score", "bytes"], refit=False, n_trials=4, cv=3
    ).fit(X, y)
    assert ParetoDisplay.from_estimator(fitted).chosen_point_ is None


def test_a_search_that_is_not_fitted_is_refused():
    with pytest.raises(NotFittedError, match="ParetoSearchCV"):
        ParetoDisplay.from_estimator(ParetoSearchCV(Toy(), {"size": [1, 2]}))


def test_a_single_objective_is_refused():
    search = ParetoSearchCV(Toy(), {"size": [1, 2]}, objectives="score", n_trials=2, cv=2)
    with pytest.raises(ValueError, match=r"A front needs two objectives.*\['score'\]"):
        ParetoDisplay.from_estimator(search.fit(X, y))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": "flops"}, r"x='flops' is not an objective of the search.*'n_features'"),
        ({"y": "param_C"}, "y='param_C' is not an objective"),
        ({"y": "bytes"}, "y='bytes' is not an objective"),  # a cost that was not counted
        ({"x": "accuracy", "y": "accuracy"}, "must be different objectives. Got 'accuracy' twice"),
        ({"hue": "topology"}, r"hue='topology' must be one of.*'n_features', 'param_C'"),
    ],
)
def test_unknown_names_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ParetoDisplay.from_cv_results(small(param_C=np.ma.ones(6)), **given)
    assert plt.get_fignums() == []


def test_results_of_a_grid_search():
    grid = GridSearchCV(Toy(), {"quality": [0.2, 0.5]}, cv=2).fit(X, y)
    display = ParetoDisplay.from_cv_results(grid.cv_results_, x="fit_time", hue="quality")
    assert (display.x, display.y) == ("fit_time", "score")
    assert display.ax_.get_xlabel().startswith("fit (")


def test_without_matplotlib_the_error_says_what_to_install(no_matplotlib):
    with pytest.raises(ImportError, match=r'ParetoDisplay .*pip install "sparsefs\[plot\]"'):
        ParetoDisplay.from_cv_results(small())
