"""Names for members who do not exist."""

from __future__ import annotations

import unicodedata
from random import Random
from typing import NamedTuple

_WOMEN = """
Ada Adele Alessandra Alice Anna Arianna Aurora Beatrice Carla Caterina Chiara Cristina Elena
Elisa Emma Federica Francesca Gaia Ginevra Giorgia Giulia Greta Ilaria Irene Laura Lucia
Ludovica Margherita Maria Martina Nadia Noemi Renata Roberta Rosa Sara Serena Silvia Sofia
Teresa Valentina Vera Viola Vittoria Zoe Desirée
"""
_MEN = """
Alessandro Andrea Antonio Bruno Carlo Daniele Dario Davide Diego Enrico Fabio Federico Filippo
Francesco Gabriele Giacomo Gianluca Giovanni Giulio Giuseppe Jacopo Leonardo Lorenzo Luca
Marco Matteo Michele Mirko Nicola Paolo Pietro Riccardo Salvatore Samuele Simone Stefano
Tommaso Valerio Niccolò
"""
_FAMILY = """
Amato Barbieri Basile Battaglia Bellini Benedetti Bernardi Bianchi Bruno Caputo Carbone
Caruso Cattaneo Colombo Conte Conti Coppola Costa D'Angelo De Luca De Santis Di Stefano
Donati Esposito Fabbri Farina Ferrara Ferrari Ferretti Fiore Fontana Galli Gallo Gatti
Gentile Giordano Grassi Greco Grimaldi Guerra Leone Lombardi Longo Mancini Marchetti
Mariani Marini Marino Martinelli Martini Mazza Messina Monti Morelli Moretti Neri
Orlando Pagano Palmieri Parisi Pellegrini Piras Ricci Rinaldi Riva Rizzo Romano Rossetti
Rossi Ruggiero Russo Sala Sanna Santoro Sartori Serra Silvestri Sorrentino Testa Valente
Villa Vitale Zanetti Niccolì
"""


class Name(NamedTuple):
    """What somebody is called; `gender` f or m, as the given name says."""

    given: str
    family: str
    gender: str


def _families() -> list[str]:
    """Family names; `De Luca` is one of them, not two."""
    found: list[str] = []
    words = iter(_FAMILY.split())
    for word in words:
        found.append(f"{word} {next(words)}" if word in ("De", "Di") else word)
    return found


_FAMILIES = _families()
_GIVENS = _MEN.split(), _WOMEN.split()


def name(chance: Random) -> Name:
    """Somebody."""
    woman = chance.random() < 0.56
    given = chance.choice(_GIVENS[woman])
    return Name(given, chance.choice(_FAMILIES), "f" if woman else "m")


def email(given: str, family: str, serial: int) -> str:
    """An address that never reaches anybody (RFC 2606), unique by `serial`, in ASCII."""
    plain = unicodedata.normalize("NFKD", f"{given}.{family}").encode("ascii", "ignore").decode()
    word = "".join(c for c in plain.lower() if c.isalnum() or c == ".")
    return f"{word}.{serial}@example.org"
