"""The server as a folder for the machines of players: what it holds, how it is made, whose licences are inside.

May import the ground floor and media. The program in the folder is `space_runtime.commands.packaged_server`.
"""
