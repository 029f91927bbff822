"""From hops of sound to animation frames: sessions, the stream batch, controls over time, textures of a stream.

May import rendering, rig, portrait, inference and the ground floor; knows no sockets and writes no files.
"""
