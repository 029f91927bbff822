"""Report on heads fitted to the portraits: what is left of the tracker's points, and how lips and lids close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine_bridge.protocol.arkit import ARKIT_NAMES
from space_runtime.arrays import Reals
from space_runtime.head.fit import fit_model
from space_runtime.head.fitted_head import FittedHead
from space_runtime.head.model import N_TRACKED, FaceModel
from space_runtime.head.rest import along, fit_head
from space_runtime.head.shapes import arkit_shapes
from space_runtime.portrait.portrait import Portrait


@dataclass(frozen=True, slots=True)
class Closure:
    """Gaps in the middle half of an edge, mm: at rest between the lips, of the lids when they blink."""

    lips: float
    lids: float


def closure(model: FaceModel, head: FittedHead) -> Closure:
    """Return the largest gaps of a head's closed lips and lids, mm; an overlap is no gap."""
    shapes = arkit_shapes(model, head)
    lids = [
        gap(model, head.rest + shapes[ARKIT_NAMES.index(f"eyeBlink{side.capitalize()}")], f"{side}_upper_lid").max()
        for side in ("left", "right")
    ]
    return Closure(float(np.abs(gap(model, head.rest, "upper_lip")).max()), float(max(lids)))


def gap(model: FaceModel, shape: Reals, upper_name: str) -> Reals:
    """Return by how much an upper edge lies above its lower one along the middle half of it, mm."""
    upper, lower = model.curves[upper_name], model.curves[upper_name.replace("upper", "lower")]
    inner = upper[len(upper) // 4 : -(len(upper) // 4)]
    return np.asarray(10 * (shape[inner, 1] - along(shape[lower, 0], shape[lower], shape[inner, 0])[:, 1]))


def report(model: FaceModel, portraits: list[Portrait]) -> str:
    """Return the table: shares of the eye distance that are left, and gaps."""
    rows, closures = [], []
    for portrait in portraits:
        fit, head = fit_model(model, portrait.mesh), fit_head(model, portrait.mesh)
        eyes = np.linalg.norm(np.subtract(*model.neutral[model.landmarks[[36, 45]]]))
        left = np.linalg.norm(
            head.project(model.tracker.on(head.posed)) - portrait.mesh[:N_TRACKED, :2] * [1, -1], axis=1
        )
        share = left / head.scale / eyes * 100
        rows.append((fit.error.mean() / eyes * 100, share.mean(), np.percentile(share, 95), share.max()))
        closures.append(closure(model, head))
    model_left, mean, p95, most = np.mean(rows, 0)
    lips, lids = ([getattr(one, name) for one in closures] for name in ("lips", "lids"))
    return (
        f"{len(rows)} portraits; of the distance between the outer eye corners is left: by the model"
        f" {model_left:.2f} %, after the residual mean {mean:.2f} %, p95 {p95:.2f} %, max {most:.2f} %\n"
        f"largest gap of lips at rest: median {np.median(lips):.3f} mm, worst {max(lips):.3f} mm;"
        f" of lids in a blink: median {np.median(lids):.3f} mm, worst {max(lids):.3f} mm"
    )
