"""Speech that happens now: where it comes from, and the loop that shows it on a face."""
