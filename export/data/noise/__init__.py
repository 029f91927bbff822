"""Sounds that are not speech: music, noises that last, noises that happen."""
