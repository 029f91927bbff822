"""A relay: one server upstream, many watching clients and sinks downstream.

May import the gateway and connection table of the server.
"""
