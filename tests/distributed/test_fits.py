"""Fits of several processes, each with rows of its own, against fits of one."""

import numpy as np
import pytest

from .ranks import results


@pytest.fixture(scope="module")
def alone():
    """What one process finds with all rows."""
    return {name: results(name, 1)[0] for name in ("full_batches", "drawn_batches")}


def assert_same_on_all_ranks(of_ranks):
    for one in of_ranks[1:]:
        assert one.keys() == of_ranks[0].keys()
        for name, scores in one.items():
            np.testing.assert_array_equal(scores, of_ranks[0][name], name)


@pytest.mark.slow
@pytest.mark.parametrize("size", [2, 4])
def test_full_batches_give_what_one_process_finds(alone, size):
    of_ranks = results("full_batches", size)
    assert_same_on_all_ranks([{n: f["scores"] for n, f in one.items()} for one in of_ranks])
    for name, expected in alone["full_batches"].items():
        found = of_ranks[-1][name]
        scale = np.abs(expected["scores"]).max()
        np.testing.assert_allclose(
            found["scores"] / scale, expected["scores"] / scale, atol=1e-4, err_msg=name
        )
        np.testing.assert_allclose(found["loss"], expected["loss"], rtol=1e-4, err_msg=name)
        assert set(np.argsort(found["ranking"])[:5]) == set(np.argsort(expected["ranking"])[:5])


@pytest.mark.slow
def test_drawn_batches_are_as_good_and_same_on_all_ranks(alone):
    of_ranks = results("drawn_batches", 2)
    assert_same_on_all_ranks(of_ranks)
    for name, scores in of_ranks[0].items():
        # Correlations of two seeds in one process are 0.9 to 1.
        assert np.corrcoef(scores, alone["drawn_batches"][name])[0, 1] > 0.8, name


@pytest.mark.slow
def test_all_ranks_refuse_what_differs_and_name_it():
    zero, one, two = results("refusals", 3)
    for what, message in {
        "columns": "Rank 1 differs from the other ranks in the number of columns: 11 instead of 12",
        "type": "Rank 1 differs from the other ranks in the type of X",
        "parameter": "Rank 1 differs from the other ranks in the parameter 'lam': 0.3",
        "classes": "Rank 1 differs from the other ranks in the classes: .'unwell', 'well'.",
        "weights": "Rank 1 differs from the other ranks in whether there are sample weights",
        "few rows": r"Rank 1 has too few rows for 16 batches .* the ranks have \[60, 2, 60\]",
    }.items():
        assert zero[what] == one[what] == two[what]
        with pytest.raises(ValueError, match=message):
            raise ValueError(zero[what])
    # What one rank alone finds wrong ends the others, too, at once.
    for what, message in {"missing": "1 NaN", "own parameter": "Got -1"}.items():
        assert (
            zero[what]
            == two[what]
            == f"LostRankError: Rank 1 failed, so all ranks end the fit. {one[what]}"
        )
        assert message in one[what]
    for rank in (zero, one, two):
        assert "Ranks 1 and 2 came to other connections than rank 0" in rank["drift"]
        assert rank["unmoved"] == rank["afterwards"] == rank["alone"] == "no error"
    # Fits within a fit of one process, or within ALONE, need no other rank.
    assert one["alone, K"] == one["alone, meta"] == "no error"


@pytest.mark.slow
def test_what_is_not_supported_is_refused():
    zero, one = results("unsupported", 2)
    assert zero == one
    for name in ("NeuroFSSelector", "HyperSparseSelector", "DeepLassoSelector"):
        assert f"{name} does not support process groups. Use Gradual" in zero[name]
    assert "partial_fit does not support process groups" in zero["stream"]
    assert "K='auto' is not supported" in zero["auto"]
    assert "'n_shadows' is not supported with process groups: it must be 0" in zero["shadows"]
    assert "Missing values, texts" in zero["gaps"]


@pytest.mark.slow
def test_all_ranks_end_early_after_the_same_epoch():
    pytest.importorskip("sklearn.callback", reason="scikit-learn < 1.9 has no callbacks")
    of_ranks = results("endings", 3)
    assert_same_on_all_ranks([{n: f["scores"] for n, f in one.items()} for one in of_ranks])
    for name, end, reason in (
        *((n, ("callback", 3), "a callback") for n in ("wast", "quick", "attribution", "pruning")),
        ("time", ("max_time", 1), "max_time=1e-09 seconds"),
        ("interrupt", ("interrupt", 2), "interrupted"),
        ("both", ("interrupt", 2), "interrupted"),  # of rank 1
        ("other", ("callback", 2), "a callback"),
    ):
        for one in of_ranks:
            assert one[name]["end"] == end, name
            assert reason in one[name]["said"]
    # The callbacks of ranks 1 and 2 have seen the same; what they saw last is the result.
    for name in ("wast", "quick", "attribution", "pruning"):
        first, second = of_ranks[1][name]["seen"], of_ranks[2][name]["seen"]
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first[-1], of_ranks[0][name]["scores"], rtol=1e-6)
        assert len(first) == 3 and (first[0] != first[-1]).any()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "lost", "message"),
    [
        ("death", 2, "Rank 2 has died, or has been stuck"),
        ("death_of_first", 0, "Rank 0 has died, or has been stuck"),
        ("absence", 1, "Rank 1 has not called 'fit' within 3 s"),
    ],
)
def test_lost_rank_is_named_within_30_seconds(program, lost, message):
    of_ranks = results(program, 3)
    assert of_ranks.pop(lost) is None
    for text in of_ranks:
        assert message in text
        assert int(text.split(" after ")[1].split(" s: ")[0]) < 30


def test_process_group_must_be_one(recwarn):
    from .programs import _small

    selector, X, _ = _small()
    with pytest.raises(ValueError, match="The 'process_group' parameter of fit must be 'auto'"):
        selector.fit(X, process_group="all")
