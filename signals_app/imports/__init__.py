"""Analysts' files: columns mapped, every change shown before it is made, written by the rules of every other source."""
