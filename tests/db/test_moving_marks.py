"""What tells rows of another program apart, and what becomes of one that contradicts."""

import pytest

from support.loading import seen
from support.moving import CLUB, club, moved, one, write
from tessera.base.refusal import Refusal

ACTIVE = "SELECT active FROM ledger.account WHERE seq > 0"
ASIDE = "SELECT row_number, code FROM warehouse.quarantine ORDER BY row_number"
BY_PHONE = (
    CLUB.replace('[balances]\nnumber = "id"\nlot = "lot"',
                 '[balances]\nby = "phone"\nprefix = "+39"\nnumber = "id"')
    .replace('earned_on = "earned"\n', "").replace('active_on = "from"\n', "")
)  # fmt: skip
TWO_COLUMNS = CLUB.replace('lot = "lot"', 'lot = ["lot", "from"]').replace(
    'active_on = "from"\n', ""
)


def test_a_balance_is_one_however_its_phone_is_spelled(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi - - - - - - - 3331234567"))
    rows = "3331234567 - 300 BONUS\n333_123_4567 - 300 BONUS\n+393331234567 - 300 BONUS"
    told = one(dsn, "balances", write(tmp_path, "balances", rows), club(BY_PHONE))
    assert told.tally is not None and told.tally.outcomes == {"carried": 1, "known": 2}
    assert seen(dsn, ACTIVE) == [(300,)]


def test_points_of_a_phone_that_cannot_be_read_are_added_up(dsn, tmp_path):
    told = one(dsn, "balances", write(tmp_path, "balances", "333 - 300 BONUS"), club(BY_PHONE))
    assert told.checked is not None and told.checked.sums[""].quarantined == 300
    assert seen(dsn, ASIDE) == [(2, "phone_invalid")]


def test_a_lot_of_two_columns_is_no_other_with_the_same_letters(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi"))
    rows = "1 A/1 100 BONUS - 2098-01-31 2\n1 A 100 BONUS - 2098-01-31 1/2"
    told = one(dsn, "balances", write(tmp_path, "balances", rows), club(TWO_COLUMNS))
    assert told.tally is not None and told.tally.outcomes == {"carried": 2}
    assert seen(dsn, ACTIVE) == [(200,)]


def test_a_lot_with_another_story_stays_in_quarantine_whatever_is_said_again(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi"))
    same = "1 b 250 BONUS - 2098-06-30"
    rows = f"{same}\n1 b 251 BONUS - 2098-06-30\n1 b 252 BONUS - 2098-06-30\n{same}"
    path = write(tmp_path, "balances", rows)
    told = one(dsn, "balances", path)
    assert seen(dsn, ASIDE) == [(3, "lot_differs"), (4, "lot_differs")]
    assert told.checked is not None and told.sound
    assert told.checked.rows == {"here": 1, "quarantined": 2, "again": 1}
    assert told.checked.sums[""].quarantined == 251 + 252
    (tmp_path / "later").mkdir()
    one(dsn, "balances", write(tmp_path / "later", "balances", same))
    again = moved(dsn, {"balances": path}, only_check=True)
    assert not isinstance(again, Refusal) and again[0].checked == told.checked


def test_a_member_with_another_story_stays_in_quarantine_too(dsn, tmp_path):
    path = write(tmp_path, "members", "1 Anna Rossi\n1 Anja Rossi\n1 Anna Rossi")
    told = one(dsn, "members", path)
    assert seen(dsn, ASIDE) == [(3, "member_differs")]
    assert told.checked is not None and told.checked.rows == {"here": 2, "quarantined": 1}


def test_another_story_in_a_file_that_nobody_loaded_is_missing(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi"))
    one(dsn, "balances", write(tmp_path, "balances", "1 b 250 BONUS - 2098-06-30"))
    other = write(tmp_path, "balances", "1 b 251 BONUS - 2098-06-30")
    told = moved(dsn, {"balances": other}, only_check=True)
    assert not isinstance(told, Refusal) and not told[0].sound


@pytest.mark.parametrize("ends", ["2097-06-30", "-"])  # said, or by the program
def test_points_that_would_end_before_they_can_be_spent_are_refused(dsn, tmp_path, ends):
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi"))
    path = write(tmp_path, "balances", f"1 b 250 BONUS - {ends} 2098-01-01")
    rehearsed = one(dsn, "balances", path, rehearse=True)
    told = one(dsn, "balances", path)
    for each in (rehearsed, told):
        assert each.tally is not None and each.tally.quarantined == {"days_disagree": 1}
    assert seen(dsn, "SELECT * FROM ledger.lot") == []
    assert told.checked is not None and told.checked.sums[""].quarantined == 250
