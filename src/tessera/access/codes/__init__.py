"""Codes that prove a phone or an address, and how they are sent."""
