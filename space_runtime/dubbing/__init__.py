"""A video's mouth made to say another line: pictures keep everything but mouth and jaw.

May import animation, rendering, capture, portrait, media and the ground floor.
"""
