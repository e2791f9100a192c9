"""One act over many providers at once: each has its turn, whatever becomes of the others."""

from collections import Counter

import pytest

from lib.fan_out import spread


def test_counts_of_all_turns_are_added() -> None:
    assert spread(lambda number: Counter({"asked": number}), [1, 2, 3], threads=2, name="test") == {
        "asked": 6
    }


def test_turn_that_breaks_off_keeps_no_later_one_from_beginning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun = []

    def act(number: int) -> Counter[str]:
        begun.append(number)
        if number < 3:
            raise ValueError(number)
        return Counter()

    with pytest.raises(ValueError, match="1"):
        spread(act, [1, 2, 3, 4], threads=1, name="test")

    assert begun == [1, 2, 3, 4]
    assert [record.getMessage() for record in caplog.records] == ["test: one turn failed"]
