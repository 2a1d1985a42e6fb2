"""Tessera: a loyalty platform that treats every member as one."""

__version__ = "0.1.0"
