"""Figures, days and sentences as the readers of one language write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from babel import Locale, dates, numbers
from babel.lists import format_list

from tessera.doors.language.words import Catalogue, catalogue

MINUS = "\N{MINUS SIGN}"
DIGITS = 2  # of every currency here, as `base.money` has it
_LOCALES = {"en": "en_GB", "it": "it_IT", "pl": "pl_PL", "ru": "ru_RU", "zh": "zh_Hans_CN"}


class Local:
    """How one language says things; `zone` is where moments are told, UTC unless said otherwise."""

    def __init__(self, language: str, zone: tzinfo = UTC) -> None:
        self.language, self.zone = language, zone
        self.words: Catalogue = catalogue(language)
        self._locale = Locale.parse(_LOCALES[language])
        self.gettext, self.ngettext = self.words.gettext, self.words.ngettext

    def money(self, minor: int, currency: str) -> str:
        """Minor units as an amount with its currency: 1155 -> "11,55 €"."""
        return _money(self._locale, minor, currency)

    def exact_money(self, minor_x100: int, currency: str) -> str:
        """Hundredths of a minor unit, none of them lost: €0.0047, and €2.00 where that is all."""
        if minor_x100 % 100 == 0:
            return self.money(minor_x100 // 100, currency)
        pattern = self._locale.currency_formats["standard"].pattern.replace("0.00", "0.0000")
        amount = Decimal(minor_x100).scaleb(-4)
        return _true_minus(
            numbers.format_currency(
                amount, currency, pattern, locale=self._locale, currency_digits=False
            )
        )

    def amount(self, minor: int) -> str:
        """The same without the currency, for columns whose head names it."""
        value = Decimal(minor).scaleb(-DIGITS)
        return _true_minus(numbers.format_decimal(value, "#,##0.00", locale=self._locale))

    def count(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return _count(self._locale, number)

    def signed(self, number: int) -> str:
        """What comes or goes: +23, 0, a true minus below."""
        return f"+{self.count(number)}" if number > 0 else self.count(number)

    def decimal(self, value: Decimal | float | int) -> str:
        """A number with up to three decimals."""
        return _true_minus(numbers.format_decimal(value, "#,##0.###", locale=self._locale))

    def percent(self, share: Decimal | float) -> str:
        """A share of one as per cent, to a tenth: 0.031 -> "3.1%"."""
        pattern = self._locale.percent_formats[None].pattern.replace("#,##0", "#,##0.#")
        return _true_minus(numbers.format_percent(share, pattern, locale=self._locale))

    def quantity(self, units: int, unit: str) -> str:
        """How much was bought: "3", or "1.250 kg" and "0.330 l" for what is weighed or poured."""
        if unit == "piece":
            return self.count(units)
        value = numbers.format_decimal(Decimal(units).scaleb(-3), "#,##0.000", locale=self._locale)
        return f"{value}\N{NO-BREAK SPACE}{self.gettext({'g': 'kg', 'ml': 'l'}.get(unit, unit))}"

    def day(self, at: date) -> str:
        """A day: "1 Mar 2026"; of a moment, the day in this zone if it says its own."""
        return dates.format_date(self._here(at), "medium", locale=self._locale)

    def last_day(self, end: datetime) -> str:
        """The last day before something ends: of a midnight the day that ends with it."""
        return self.day(end - timedelta(microseconds=1))

    def day_of_year(self, at: date) -> str:
        """A day without its year: "1 March"."""
        return dates.format_skeleton("MMMMd", self._here(at), locale=self._locale)

    def month(self, at: date) -> str:
        """A month: "March 2026"."""
        return dates.format_skeleton("yMMMM", self._here(at), locale=self._locale)

    def short_day(self, at: date) -> str:
        """A day where there is little room: "1 Mar"."""
        return dates.format_skeleton("MMMd", at, locale=self._locale)

    def short_month(self, at: date) -> str:
        """A month where there is little room: "Mar 2026"."""
        return dates.format_skeleton("yMMM", at, locale=self._locale)

    def clock(self, at: datetime) -> str:
        """A time of day: "09:05"."""
        there = at.astimezone(self.zone) if at.tzinfo is UTC else at
        return dates.format_time(there.time(), "HH:mm", locale=self._locale)

    def moment(self, at: datetime) -> str:
        """Day and time of day."""
        return f"{self.day(at)}, {self.clock(at)}"

    def ago(self, at: datetime, now: datetime) -> str:
        """How long ago, in words: "3 hours ago"."""
        return dates.format_timedelta(at - now, add_direction=True, locale=self._locale)

    def listed(self, names: list[str], style: str = "standard") -> str:
        """Names as a list; style "or" joins the last with the word for or."""
        return format_list(names, style=style, locale=self._locale)  # type: ignore[arg-type]

    def spaced(self, number: str) -> str:
        """A long card number in groups of four, because people read it aloud."""
        if not (number.isascii() and number.isdigit() and len(number) > 8):
            return number
        return " ".join(number[at : at + 4] for at in range(0, len(number), 4))

    def _here(self, at: date) -> date:
        """A moment that came in UTC is told in this zone; a local one stays as it is."""
        if isinstance(at, datetime) and at.tzinfo is UTC:
            return at.astimezone(self.zone)
        return at


@lru_cache(maxsize=4096)
def _money(locale: Locale, minor: int, currency: str) -> str:
    value = Decimal(minor).scaleb(-DIGITS)
    told = numbers.format_currency(value, currency, locale=locale, currency_digits=False)
    return _true_minus(told)


@lru_cache(maxsize=4096)
def _count(locale: Locale, number: int) -> str:
    return _true_minus(numbers.format_decimal(number, "#,##0", locale=locale))


def _true_minus(text: str) -> str:
    return text.replace("-", MINUS)


@lru_cache(maxsize=64)
def local(language: str, zone: tzinfo = UTC) -> Local:
    """How a language of `LANGUAGES` says things there."""
    return Local(language, zone)
