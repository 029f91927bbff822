"""The embedded generator: Landmarks2Latents moves keypoints, a mesh on them warps the photo, eyes lie under the lids,
the inside of the mouth under the lips.

May import the seam, portrait, inference and the ground floor.
"""
