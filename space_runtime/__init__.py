"""SPACE runtime: speech in, facial animation out."""
