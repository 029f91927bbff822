"""Aliases of the array types that cross modules. Shapes and units stand where an array is named."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Reals = NDArray[np.floating]
"""Numbers of either precision."""
Longs = NDArray[np.int64]
Index = NDArray[np.intp]
"""Positions in an array, as numpy's own index functions return them."""
Mask = NDArray[np.bool_]
Pixels = NDArray[np.uint8]
"""Colours of a picture, or bytes of a message."""
Stored = NDArray[np.uint8] | NDArray[np.uint16]
"""Colour values as a picture file holds them."""
