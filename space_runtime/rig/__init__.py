"""Landmarks to 52 ARKit weights and back: shapes, identities, the bounded least-squares solver.

May import the ground floor and the names of `engine_bridge.protocol.arkit`.
"""
