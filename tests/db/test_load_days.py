"""Numbers that tills begin anew every day: receipts of several days are never melted into one."""

from support.loading import SHOP, loaded, seen, shop, table, write

DAILY = SHOP.replace('number = "no"', 'number = "no"\nnumber_restarts = "daily"')
# 77 is nobody's, 78 one card's, 79 is there once; C80 brings one back on two days.
WEEK = """
77  2026-05-01T10:00 - TEA  1 2.00
78  2026-05-01T11:00 7 TEA  1 3.50
77  2026-05-02T10:00 - CUP  1 5.00
78  2026-05-02T11:00 7 TEA  1 3.50
79  2026-05-02T12:00 7 CUP  1 5.00
78  2026-05-03T11:00 7 TEA  1 3.50
C80 2026-05-02T18:00 7 TEA -1 3.50
C80 2026-05-03T18:00 7 TEA -1 3.50
"""
POSTED = """
SELECT number, business_date::text, gross_minor FROM checkout.receipt ORDER BY number, business_date
"""
ASIDE = "SELECT number, code, field FROM warehouse.quarantine ORDER BY number"


def test_they_are_put_aside_and_posted_once_the_mapping_says_it(dsn, tmp_path):
    path = write(tmp_path / "w.csv", table(WEEK))
    report = loaded(dsn, path, shop())
    assert report.quarantined == {"rows_disagree": 3}
    assert seen(dsn, POSTED) == [("79", "2026-05-02", 500)]
    assert seen(dsn, ASIDE) == [(no, "rows_disagree", "at") for no in ("77", "78", "C80")]

    again = loaded(dsn, path, shop(DAILY))
    assert (again.posted_sales, again.posted_returns, again.already_known) == (5, 2, 1)
    assert (again.quarantined, again.receipts) == ({}, 8)
    assert seen(dsn, POSTED) == [
        ("77", "2026-05-01", 200),
        ("77", "2026-05-02", 500),
        ("78", "2026-05-01", 350),
        ("78", "2026-05-02", 350),
        ("78", "2026-05-03", 350),
        ("79", "2026-05-02", 500),
        ("C80", "2026-05-02", -350),
        ("C80", "2026-05-03", -350),
    ]
    assert seen(dsn, "SELECT count(*) FROM warehouse.waiting_return") == [(0,)]
