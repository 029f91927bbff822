"""Training of the networks: loops, losses, checkpoints, comparisons of recipes."""
