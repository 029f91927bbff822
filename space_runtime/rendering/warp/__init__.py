"""The embedded generator: a mesh that warps the photo, eyes under the lids, a decoded mouth.

May import inference and the ground floor.
"""
