"""A head for an NPC: a face model fitted to a portrait, textured from it and written as a rig.

May import portrait, media, the ground floor, and of the bridge the protocol and the formats.
"""
