"""Faults from outside: processes that end at any point, lines that break, and what must be true afterwards."""
