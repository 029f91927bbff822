"""The generator seam: from a portrait and driving keypoints to pictures.

May import portrait, inference and the ground floor.
"""
