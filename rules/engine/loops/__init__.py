"""Loops: what stops the event loop, and what a loop of the program does per turn."""
