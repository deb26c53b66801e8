"""Fixes: rewrites, what they bring and leave behind, and the proof that they may be offered."""
