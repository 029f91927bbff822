"""The state of a running server for operators: status, metrics, log output.

Asks for reports and reads them; never steers. May import the server.
"""
