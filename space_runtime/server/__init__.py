"""The live server: sessions over ZeroMQ. The gateway and the worker know no sockets and no threads.

May import animation and everything below it, and the protocol and adapters of `engine_bridge`.
"""
