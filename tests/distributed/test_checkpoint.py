"""Fits of several processes that fail, are killed, and resume."""

import numpy as np
import pytest

from tests.faults.common import moments

from .ranks import results

METHODS = ("wast", "quick", "attribution", "pruning")


@pytest.mark.slow
def test_it_goes_on_bit_for_bit_on_all_ranks(tmp_path):
    for rank, one in enumerate(results("breaks", 2, folder=str(tmp_path))):
        for name, found in one.items():
            lost = f"LostRankError: Rank {1 - rank} failed, so all ranks end the fit. BrokenOff"
            others = found["said"] if rank == 0 else found["said"][::-1]
            assert others[0].startswith(lost), (name, found["said"])
            assert others[1].startswith("BrokenOffError"), name
            assert len(found["files"]) == (2 if rank == 0 else 0) and found["left"] == ["lock"]
            np.testing.assert_array_equal(found["scores"], found["scores whole"], name)
            assert found["costs"] == found["costs whole"], name
            for what, values in found["history whole"].items():
                np.testing.assert_array_equal(found["history"][what], values, name)


@pytest.mark.slow
def test_another_number_of_ranks_goes_on_where_they_were(tmp_path):
    zero, one = results("other_sizes", 2, folder=str(tmp_path))
    for (name, way), found in zero.items():
        assert found["said"].startswith("BrokenOffError")
        done, message = found["done"], "2 processes" if way == "fewer" else "1 process,"
        assert done >= 2 and message in found["warned"][0]
        # The epochs before the break are those of the first number of ranks.
        loss = found["history"]["loss"]
        np.testing.assert_array_equal(loss[:done], found["first loss"][:done])
        assert len(loss) == len(found["first loss"]) > done
        assert not np.array_equal(loss, found["first loss"])
        assert {7, 9} & set(np.argsort(-found["scores"])[:6]) or name in ("wast", "quick")
        if way == "more":
            np.testing.assert_array_equal(found["scores"], one[name, way]["scores"])
            assert one[name, way]["warned"] == []


@pytest.mark.slow
def test_folders_of_another_fit_and_torn_files(tmp_path):
    zero, one = results("foreign_folders", 2, folder=str(tmp_path))
    for which, message in {
        "data": "is of another fit. Different are: X of rank 1 (",
        "in use": "is in use by another fit",
    }.items():
        assert zero[which].startswith("ValueError: checkpoint=") and message in zero[which]
        assert one[which].startswith("LostRankError: Rank 0 failed") and message in one[which]
    assert "X of rank 0" not in zero["data"]
    assert "are: size and ranges of X (240 x 30" in zero["rows"]
    assert len(zero["torn"]) == 1 and not one["torn"]
    assert zero["same"] and one["same"]
    assert "Rank 1 came to other importances than rank 0" in zero["not joined"]


@pytest.mark.slow
@pytest.mark.parametrize("name", METHODS)
def test_ranks_that_are_killed_at_any_moment(name, tmp_path):
    expected = results("killed", 2, name=name, killed=[])
    for i, seconds in enumerate(moments(2, 1.0, seed=len(name))):
        killed = [[1], [0], [0, 1]][(i + METHODS.index(name)) % 3]
        settings = {"name": name, "folder": str(tmp_path), "killed": killed, "moment": seconds}
        for rank, said in enumerate(results("killed", 2, **settings)):
            if rank in killed:
                assert said is None
            else:
                assert said.startswith("LostRankError after ")
                assert int(said.split(" after ")[1].split(" s: ")[0]) <= 30
        assert list(tmp_path.glob("epoch-*.npz"))
    for one in results("killed", 2, name=name, folder=str(tmp_path), killed=[]):
        np.testing.assert_array_equal(one["scores"], expected[0]["scores"])
        np.testing.assert_array_equal(one["history"]["loss"], expected[0]["history"]["loss"])
