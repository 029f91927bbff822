"""Everything that decodes or encodes: sound files, resampling, pictures, video, and files that appear whole.

May import the ground floor alone.
"""
