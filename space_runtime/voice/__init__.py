"""Acoustic measures of a voice: pitch, features, and the emotion that they suggest.

May import inference, the features and the pitch analysis of `animation` and the ground floor.
"""
