"""Builds the files of `space_runtime.head`: face model, spreads, where the tracker's points lie; and the mean mesh.

python -m export head-model                    # writes space_runtime/head/*.npz; about four minutes
python -m export head-model --report           # prints how well heads fit the portraits, writes nothing
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from export.head.correspondence import correspondence
from export.head.face_asset import face_asset, write_asset
from export.head.mean_mesh import mean_mesh as face_at_rest
from export.head.report import report
from export.head.spreads import edge_spread, point_spread
from export.head.tracked import mean_mesh, mirrored_points, tracked_portraits
from space_runtime.arrays import Doubles, Floats, Longs
from space_runtime.head.fit import fit_model
from space_runtime.head.model import MODEL, N_TRACKED, TRACKER_POINTS, FaceModel, TrackerPoints, load_model, read_model
from space_runtime.head.spread import SPREADS
from space_runtime.portrait.fitted_mesh import MEAN_MESH
from space_runtime.portrait.portrait import Portrait

SPREAD_STEP: Final = 0.001
BIAS_ROUNDS: Final = 2
_NO_POINTS: Final = TrackerPoints(
    np.zeros((478, 3), np.int64), np.zeros((478, 3), np.float32), np.zeros(468, np.float32)
)


def depth_bias(model: FaceModel, portraits: list[Portrait], mirror: Longs) -> Floats:
    """Return (468,) by how much nearer than the fitted model the tracker sees its points on average, cm."""
    for _ in range(BIAS_ROUNDS):
        mean = np.mean([_too_near(model, portrait.mesh) for portrait in portraits], 0)
        bias = ((mean + mean[mirror]) / 2).astype(np.float32)
        model = replace(model, tracker=replace(model.tracker, depth_bias=bias))
    return model.tracker.depth_bias


def _too_near(model: FaceModel, mesh: Floats) -> Doubles:
    fit = fit_model(model, mesh)
    seen = (mesh[:N_TRACKED] - fit.translation) / fit.scale @ fit.rotation
    shape = model.neutral + np.tensordot(fit.identity, model.identities, 1)
    shape += np.tensordot(fit.expression, model.expressions, 1)
    return np.asarray(seen[:, 2] - model.tracker.on(shape)[:, 2], np.float64)


def build(data: Path) -> None:
    """Write the four files."""
    with np.load(data / "face_model" / "ict_facekit.npz") as ict:
        write_asset(MODEL, face_asset(dict(ict)))
    portraits = tracked_portraits(data)
    mean = mean_mesh(portraits)
    model = read_model(_NO_POINTS)
    vertices, weights = correspondence(model, mean)
    points = TrackerPoints(vertices, weights.astype(np.float32), np.zeros(N_TRACKED, np.float32))
    model = replace(model, tracker=points)
    bias = depth_bias(model, portraits, mirrored_points(mean)[:N_TRACKED])
    write_asset(
        TRACKER_POINTS,
        {"vertices": vertices.astype(np.int32), "weights": weights.astype(np.float32), "depth_bias": bias},
    )
    edges, spread = edge_spread(model)
    write_asset(
        SPREADS,
        {
            "step": np.array(SPREAD_STEP),
            "points": np.rint(point_spread(model) / SPREAD_STEP).astype(np.int16),
            "edge_vertices": edges.astype(np.int32),
            "edges": np.rint(spread / SPREAD_STEP).astype(np.int16),
        },
    )
    write_asset(MEAN_MESH, face_at_rest())


def main() -> None:
    """Write the files, or print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SPACE_DATA", "../shared/data")))
    parser.add_argument("--report", action="store_true", help="print how well heads fit, write nothing")
    options = parser.parse_args()
    if options.report:
        print(report(load_model(), tracked_portraits(options.data)))
        return
    build(options.data)
    for path in (MODEL, SPREADS, TRACKER_POINTS, MEAN_MESH):
        print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
