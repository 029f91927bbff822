"""Faces that move: tracked films, the space of their motion, identities, keypoints and mouths."""
