"""The generator seam: from a portrait and driving frames to keypoints and pictures; one folder per generator.

May import portrait, inference and the ground floor.
"""
