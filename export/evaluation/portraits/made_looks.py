"""The looks of portraits that the project makes itself: who is shown, in which light, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

Colour = tuple[int, int, int]
"""sRGB, 0…255."""


class Style(StrEnum):
    """The ways in which a head is drawn."""

    PHOTO = "photo"
    OIL = "oil"
    """Patches of paint."""
    CARTOON = "cartoon"
    """Few shades, dark outlines."""
    CHARCOAL = "charcoal"
    """Strokes without colour."""
    GREY = "grey"
    """An old photo without colour."""
    MARBLE = "marble"
    """A statue: one colour, eyes and all."""


@dataclass(frozen=True, slots=True)
class Light:
    """A key light and what fills its shadows. way: towards it, x right of the picture, y up, z to the viewer."""

    way: tuple[float, float, float] = (0.5, 0.6, 0.8)
    colour: Colour = (255, 246, 235)
    key: float = 0.75
    fill: float = 0.42
    fill_colour: Colour = (225, 235, 255)


@dataclass(frozen=True, slots=True)
class Look:
    """A made portrait. seed: of the face's shape and of all that is drawn by chance. age: 0 young … 1 old.

    shape: factor on the face's own shape. hair: None for a bald head; long: over the ears; beard: 0…1. expression:
    weights of ICT-FaceKit. yaw_deg, pitch_deg: of the head. gaze_deg: yaw of the eyes in it, to the subject's left.
    glasses: colour of the frame. tight: share of the picture's height that the face fills. ground: colour of the
    background.
    """

    name: str
    seed: int
    skin: Colour
    age: float = 0.3
    shape: float = 0.8
    hair: Colour | None = (60, 42, 30)
    long: bool = False
    beard: float = 0.0
    lips: Colour | None = None
    eyes: Colour = (92, 64, 40)
    glasses: Colour | None = None
    expression: dict[str, float] = field(default_factory=dict)
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    gaze_deg: float = 0.0
    light: Light = Light()
    cloth: Colour = (60, 70, 92)
    ground: Colour = (128, 132, 138)
    tight: float = 0.5
    style: Style = Style.PHOTO


PALE, FAIR, OLIVE = (236, 198, 178), (222, 176, 150), (196, 150, 116)
TAN, BROWN, DEEP = (168, 118, 84), (122, 80, 56), (82, 54, 42)
BLACK_HAIR, BROWN_HAIR, BLOND, RED, GREY_HAIR, WHITE_HAIR = (
    (26, 22, 22),
    (74, 50, 34),
    (196, 160, 104),
    (140, 66, 34),
    (142, 140, 138),
    (214, 212, 208),
)
ELF: Final = (150, 190, 140)
BLUE_EYES, GREEN_EYES, GREY_EYES = (84, 122, 158), (96, 118, 74), (120, 128, 132)
SMILE: Final = {"mouthSmile_L": 0.7, "mouthSmile_R": 0.7, "mouthUpperUp_L": 0.4, "mouthUpperUp_R": 0.4, "jawOpen": 0.12}
"""A smile that shows the upper teeth."""
SORROW: Final = {"mouthFrown_L": 0.6, "mouthFrown_R": 0.6, "browInnerUp_L": 0.7, "browInnerUp_R": 0.7}
ANGER: Final = {"browDown_L": 0.9, "browDown_R": 0.9, "mouthPress_L": 0.5, "mouthPress_R": 0.5}
SEA, MOSS, PAPER, CANVAS = (150, 196, 210), (90, 110, 90), (216, 212, 204), (52, 44, 36)
SIDE: Final = Light((1.0, 0.15, 0.25), key=0.95, fill=0.2)
LOW: Final = Light((-0.2, -0.7, 0.7), (255, 190, 120), 0.8, 0.18, (120, 130, 190))
SUN: Final = Light((-0.6, 0.9, 0.5), (255, 244, 214), 1.0, 0.3)
FLAT: Final = Light((0.0, 0.2, 1.0), key=0.35, fill=0.75)
NEON: Final = Light((-1.0, 0.2, 0.3), (255, 90, 200), 0.8, 0.42, (90, 160, 255))

LOOKS: Final = (
    Look("child", 1, FAIR, 0.0, 0.5, BLOND, eyes=BLUE_EYES, light=FLAT, cloth=(190, 80, 70)),
    Look("girl_smiling", 2, BROWN, 0.0, 0.6, BLACK_HAIR, True, expression=SMILE, cloth=(230, 190, 80)),
    Look("woman_pale", 3, PALE, 0.25, hair=RED, long=True, eyes=GREEN_EYES, lips=(176, 66, 66)),
    Look("woman_deep", 4, DEEP, 0.3, hair=BLACK_HAIR, lips=(126, 52, 58), light=SUN, ground=(170, 150, 120)),
    Look("woman_glasses", 5, OLIVE, 0.4, hair=BROWN_HAIR, long=True, glasses=(34, 30, 32)),
    Look("woman_old", 6, FAIR, 0.95, hair=WHITE_HAIR, eyes=BLUE_EYES, cloth=(110, 90, 120)),
    Look("woman_teeth", 7, TAN, 0.35, hair=BLACK_HAIR, long=True, expression=SMILE, lips=(170, 70, 72)),
    Look("man_beard", 8, OLIVE, 0.45, hair=BROWN_HAIR, beard=1.0, light=SIDE),
    Look("man_bald", 9, FAIR, 0.6, hair=None, eyes=GREY_EYES, cloth=(40, 44, 50)),
    Look("man_deep_beard", 10, DEEP, 0.4, hair=BLACK_HAIR, beard=0.7, light=FLAT, ground=(206, 206, 202)),
    Look("man_old_glasses", 11, PALE, 0.9, hair=GREY_HAIR, glasses=(120, 96, 60), eyes=BLUE_EYES),
    Look("man_stubble", 12, TAN, 0.35, hair=BLACK_HAIR, beard=0.35, light=SUN, cloth=(82, 92, 66)),
    Look("man_teeth", 13, BROWN, 0.4, hair=BLACK_HAIR, beard=0.3, expression=SMILE),
    Look("man_east", 14, OLIVE, 0.3, hair=BLACK_HAIR, eyes=(44, 32, 26), ground=(96, 104, 120)),
    Look("turned_left", 15, FAIR, 0.3, hair=BROWN_HAIR, yaw_deg=14.0),
    Look("turned_right", 16, BROWN, 0.3, hair=BLACK_HAIR, yaw_deg=-20.0, light=SIDE),
    Look("looking_down", 17, OLIVE, 0.5, hair=BROWN_HAIR, long=True, pitch_deg=10.0),
    Look("sad_eyes", 18, PALE, 0.5, hair=BROWN_HAIR, expression=SORROW),
    Look("angry", 19, TAN, 0.5, hair=None, beard=0.8, expression=ANGER, light=LOW),
    Look("candle", 20, BROWN, 0.6, hair=GREY_HAIR, beard=0.9, light=LOW, ground=(30, 24, 22)),
    Look("neon", 21, FAIR, 0.25, hair=(50, 60, 150), long=True, light=NEON, ground=(26, 20, 44)),
    Look("tight_crop", 22, DEEP, 0.35, hair=BLACK_HAIR, tight=0.85),
    Look("oil", 23, FAIR, 0.5, hair=BROWN_HAIR, long=True, light=SIDE, ground=CANVAS, style=Style.OIL),
    Look("oil_beard", 24, OLIVE, 0.7, hair=GREY_HAIR, beard=1.0, light=SIDE, ground=CANVAS, style=Style.OIL),
    Look("cartoon", 25, FAIR, 0.1, 1.4, RED, True, eyes=GREEN_EYES, light=FLAT, ground=SEA, style=Style.CARTOON),
    Look("cartoon_elf", 26, ELF, 0.2, 1.8, (60, 90, 50), eyes=(200, 170, 40), ground=MOSS, style=Style.CARTOON),
    Look("charcoal", 27, OLIVE, 0.6, hair=BLACK_HAIR, beard=0.6, light=SIDE, ground=PAPER, style=Style.CHARCOAL),
    Look("grey_photo", 28, FAIR, 0.4, hair=BROWN_HAIR, ground=(90, 90, 90), style=Style.GREY),
    Look("grey_teeth", 29, PALE, 0.4, hair=BLACK_HAIR, long=True, expression=SMILE, style=Style.GREY),
    Look("marble", 30, (226, 222, 214), 0.3, hair=(220, 216, 208), light=SIDE, ground=(70, 74, 80), style=Style.MARBLE),
)  # fmt: skip
"""All made portraits: diverse in age, skin, light, turn and way of drawing."""
