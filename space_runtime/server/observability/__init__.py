"""The state of a running server for operators: status, metrics, log output.

Reads snapshots; never steers.
"""
