"""Motion of a person from outside: videos that are tracked, recordings of Live Link Face, baked clips; all are takes.

May import portrait, rig, media, inference, the bridge's formats and the ground floor.
"""
