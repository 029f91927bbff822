"""Files of strangers, sounds and pictures, read in child processes with limits of memory and time.

`child` is the side of whoever asks, a server or the player of this machine, `process` the child's. May import media and
portrait; knows no sessions and no streams.
"""
