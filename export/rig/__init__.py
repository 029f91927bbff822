"""The arrays of the rig and of the warp, built from the face model; the film fitted by them."""
