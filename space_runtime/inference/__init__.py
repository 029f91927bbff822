"""Networks on a device: the bundle of models, its manifest, and the one file that imports onnxruntime.

May import the ground floor alone.
"""
