"""A head for an NPC: a face model fitted to a portrait, textured from it and written as a rig.

May import portrait, the rig's solver, the ground floor, and of the bridge its shape names and GLB.
"""
