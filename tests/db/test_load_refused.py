"""What the writer refuses goes to quarantine with its row; a file that is wrong whole stops."""

from typer.testing import CliRunner

from support.database import run
from support.loading import SHOP, load, loaded, opened, seen, shop, table, write
from tessera.base.refusal import Refusal
from tessera.doors.cli.load import posting
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings

# The last column is the currency here.
COINS = SHOP.replace('{ constant = "EUR" }', '"name"').replace('name = "name"', "")
ASIDE = "SELECT number, row_number, code, field FROM warehouse.quarantine ORDER BY row_number"


def test_a_receipt_in_another_currency_goes_aside_and_the_others_are_posted(dsn, tmp_path):
    text = """
    1 2026-03-01T10:00 7 TEA 1 2.00 USD
    2 2026-03-01T10:00 7 TEA 1 2.00 EUR
    3 2026-03-01T10:00 8 TEA 1 2.00 EUR
    C4 2026-03-02T10:00 8 TEA -1 2.00 EUR
    """
    path = write(tmp_path / "y.csv", table(text))
    report = loaded(dsn, path, shop(COINS))
    assert (report.posted_sales, report.posted_returns) == (2, 1)
    assert seen(dsn, ASIDE) == [("1", 2, "currency_other", "currency")]
    settings = Settings(data_dir=tmp_path, database_url=dsn)
    told = CliRunner().invoke(build(settings), ["load", "quarantine", "--mapping", "shop"])
    assert f"1  {path} row 2  currency_other  currency\n" in told.stdout


def test_a_file_all_of_which_is_in_another_currency_stops_before_anything_is_put_aside(
    dsn, tmp_path, monkeypatch
):
    monkeypatch.setattr(posting, "FIRST", 3)
    rows = [f"{n} 2026-03-01T10:00 {n} TEA 1 2.00 USD" for n in range(1, 5)]
    rows.append("5 2026-03-01T10:00 7 TEA 1 2.00 EUR")  # it comes too late to be seen

    async def go():
        async with opened(dsn, "EUR") as (house, who):
            path = write(tmp_path / "y.csv", table("\n".join(rows)))
            return await load(house, who, path, shop(COINS))

    refusal = run(go())
    assert isinstance(refusal, Refusal)
    assert refusal.code == "currency_other"
    assert refusal.why.startswith("row 2: ")
    assert refusal.why.endswith("; so it is with all of the first 3 sales")
    assert seen(dsn, ASIDE) == []
