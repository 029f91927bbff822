"""ZeroMQ's wire protocol (ZMTP 3.1) over TCP, as a server speaks it: every byte of a peer is within a budget.

`zmtp` and `curve` know no sockets, `listener` owns them. May import the ground floor, and nothing else of the server.
"""
