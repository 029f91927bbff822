"""The worker: its sessions and streams, stepped in batches; background work, textures and sinks of these.

May import the commands, answers, limits, validation and frame encoder beside this folder, animation and everything
below it; knows no sockets and no gateway.
"""
