"""Corpora, targets and augmentation."""
