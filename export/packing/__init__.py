"""A bundle and its papers: manifest, licences, model card."""
