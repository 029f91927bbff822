"""A photo made usable: the face found, tracked and validated, and the portrait that the other rooms take.

May import media, inference and the ground floor.
"""
