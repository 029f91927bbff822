"""Names of places on MediaPipe's face mesh: the numbers of their points."""

from __future__ import annotations

from typing import Final

# fmt: off
OVAL: Final = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176,
               149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
"""The outline of the face, from the forehead's middle clockwise."""
OUTER_LIPS: Final = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
"""The outline of the lips."""
EYES: Final = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263)),
)
"""Upper and lower lid edge of the subject's right and left eye, each from the picture's left to its right."""
UPPER_LIP: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
"""The edges between which the mouth opens, corner to corner, from the picture's left to its right."""
# fmt: on
CREASES: Final = ((247, 30, 29, 27, 28, 56, 190), (414, 286, 258, 257, 259, 260, 467))
"""The row of mesh points above each upper lid's edge, corners left out."""
CHIN: Final = (152, 148, 176, 377, 400)
IRISES: Final = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))
"""Centre and rim of the subject's right and left iris."""
