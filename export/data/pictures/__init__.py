"""Changed pictures of portraits: mouths with things before them, photos with other light, tint and sharpness.

May import `space_runtime`.
"""
