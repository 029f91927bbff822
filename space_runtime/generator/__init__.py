"""The embedded generator's parts: mesh and its motion, backward maps, eyes, mouth, composition."""
