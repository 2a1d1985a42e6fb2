"""A program as data, as text and as scenarios. Pure."""

from tessera.program.core.reader import STARTER_NAME, Reader, starter

__all__ = ["STARTER_NAME", "Reader", "starter"]
