"""Acoustic measures of a voice: pitch, features, and the emotion that they suggest.

May import inference, the features of `animation.stages` and the ground floor.
"""
