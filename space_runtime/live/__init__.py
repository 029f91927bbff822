"""Speech that happens now, on this machine: sources of sound, the player and its clock.

May import animation, media, `file_reader`, the ground floor and the clients and adapters of `engine_bridge`.
"""
