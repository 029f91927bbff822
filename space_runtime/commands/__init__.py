"""The commands of ``space-runtime``, one module each. May import every room."""
