"""The live server: sessions over ZeroMQ. `core` and `worker` know no sockets and no threads; the rim is `sockets`."""
