"""The generator of a bundle: the embedded warp, with refined mouths where the bundle has a refiner."""

from __future__ import annotations

from functools import lru_cache

from space_runtime.inference.bundle import Bundle
from space_runtime.rendering.generator import OpaqueGenerator, opaque
from space_runtime.rendering.refiner import RefinedGenerator, load_refiner
from space_runtime.rendering.warp.generator import load_warp_generator


@lru_cache(maxsize=4)
def open_generator(bundle: Bundle) -> OpaqueGenerator:
    """Return the bundle's generator, opened once, so that all its characters share it. Raises `BundleError`."""
    warp = load_warp_generator(bundle)
    if bundle.refiner is None:
        return opaque(warp)
    return opaque(RefinedGenerator(warp, load_refiner(bundle.refiner)))
