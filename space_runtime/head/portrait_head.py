"""A portrait becomes the file of a head."""

from __future__ import annotations

from dataclasses import dataclass

from space_runtime.head.fitted_head import FittedHead, HeadTexture
from space_runtime.head.model import load_model
from space_runtime.head.npc_glb import head_glb
from space_runtime.head.rest import fit_head
from space_runtime.head.texture import texture_head
from space_runtime.portrait.portrait import Portrait


@dataclass(frozen=True, slots=True, eq=False)
class PortraitHead:
    """A head made of a portrait: its shape, its pictures and its file."""

    fitted: FittedHead
    texture: HeadTexture
    glb: bytes


def head_of(portrait: Portrait) -> PortraitHead:
    """Return the head of a portrait; the same bytes each time."""
    model = load_model()
    fitted = fit_head(model, portrait.mesh)
    texture = texture_head(portrait.image, portrait.mesh, portrait.matte, fitted, model)
    return PortraitHead(fitted, texture, head_glb(model, fitted, texture))
