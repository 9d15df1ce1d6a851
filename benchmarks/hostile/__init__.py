"""Hostile inputs by the thousand: each is read right or refused in one line. The suite runs the same with fewer."""
