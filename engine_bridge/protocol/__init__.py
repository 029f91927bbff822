"""The wire protocol: enums, field types, messages, their schema, and bytes to messages and back.

May import nothing else of the project.
"""
