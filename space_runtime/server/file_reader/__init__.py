"""The files of clients, sounds and pictures, read in child processes with limits of memory and time.

`child` is the server's side, `process` the child's. May import media, portrait and the limits beside this folder; knows
no sessions and no streams.
"""
