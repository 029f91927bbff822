"""Recipes: the numbers of a training as TOML, and their reader."""
