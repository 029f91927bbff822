"""Lines of dialogue to clips: a bake, its files, plots and provenance.

May import animation and everything below it; knows no server.
"""
