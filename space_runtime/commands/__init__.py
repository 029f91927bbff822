"""The commands of ``space-runtime``, one module each."""
