"""Attacks on a live server, each a function that runs in a process of its own, beside an innocent live line.

``python -m tests.tools.attacks`` runs them all and prints a table; ``python -m tests.tools.attacks NAME`` some.
"""
