"""Names for members who do not exist."""

from __future__ import annotations

import unicodedata
from random import Random

_GIVEN = (
    "Ada Adele Alessandra Alessandro Alice Andrea Anna Antonio Arianna Aurora Beatrice Bruno Carla "
    "Carlo Caterina Chiara Cristina Daniele Dario Davide Diego Elena Elisa Emma Enrico Fabio "
    "Federica Federico Filippo Francesca Francesco Gabriele Gaia Giacomo Gianluca Ginevra Giorgia "
    "Giovanni Giulia Giulio Giuseppe Greta Ilaria Irene Jacopo Laura Leonardo Lorenzo Luca Lucia "
    "Ludovica Marco Margherita Maria Martina Matteo Michele Mirko Nadia Nicola Noemi Paolo Pietro "
    "Renata Riccardo Roberta Rosa Salvatore Samuele Sara Serena Silvia Simone Sofia Stefano Teresa "
    "Tommaso Valentina Valerio Vera Viola Vittoria Zoe Niccolò Desirée"
)
_FAMILY = (
    "Amato Barbieri Basile Battaglia Bellini Benedetti Bernardi Bianchi Bruno Caputo Carbone "
    "Caruso Cattaneo Colombo Conte Conti Coppola Costa D'Angelo De Luca De Santis Di Stefano "
    "Donati Esposito Fabbri Farina Ferrara Ferrari Ferretti Fiore Fontana Galli Gallo Gatti "
    "Gentile Giordano Grassi Greco Grimaldi Guerra Leone Lombardi Longo Mancini Marchetti "
    "Mariani Marini Marino Martinelli Martini Mazza Messina Monti Morelli Moretti Neri "
    "Orlando Pagano Palmieri Parisi Pellegrini Piras Ricci Rinaldi Riva Rizzo Romano Rossetti "
    "Rossi Ruggiero Russo Sala Sanna Santoro Sartori Serra Silvestri Sorrentino Testa Valente "
    "Villa Vitale Zanetti Niccolì"
)


def _families() -> list[str]:
    """Family names; `De Luca` is one of them, not two."""
    found: list[str] = []
    words = iter(_FAMILY.split())
    for word in words:
        found.append(f"{word} {next(words)}" if word in ("De", "Di") else word)
    return found


_GIVENS, _FAMILIES = _GIVEN.split(), _families()


def name(chance: Random) -> tuple[str, str]:
    """(given name, family name)."""
    return chance.choice(_GIVENS), chance.choice(_FAMILIES)


def email(given: str, family: str, serial: int) -> str:
    """An address that never reaches anybody (RFC 2606), unique by `serial`, in ASCII."""
    plain = unicodedata.normalize("NFKD", f"{given}.{family}").encode("ascii", "ignore").decode()
    word = "".join(c for c in plain.lower() if c.isalnum() or c == ".")
    return f"{word}.{serial}@example.org"
