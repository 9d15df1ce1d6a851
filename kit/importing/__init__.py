"""Somebody's trained network → a run."""
