"""Oneself: profile, inbox, devices, language, and the way out."""
