"""The words of the checkout (`words`) and its decisions (`decide`), pure."""

from tessera.checkout.core.words import (
    Answer,
    Ask,
    Balance,
    Cancel,
    Could,
    Difference,
    Job,
    Kept,
    LinePrice,
    LineTold,
    Page,
    Quote,
    Row,
    Shop,
    Told,
)

__all__ = [
    "Answer",
    "Ask",
    "Balance",
    "Cancel",
    "Could",
    "Difference",
    "Job",
    "Kept",
    "LinePrice",
    "LineTold",
    "Page",
    "Quote",
    "Row",
    "Shop",
    "Told",
]
