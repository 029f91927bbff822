"""The pure stages between sound and frames."""
