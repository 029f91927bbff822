"""Writes an exported Speech2Landmarks for speed, without its checkpoint: ``python -m export rewrite_graph``.

*The face.* `export.models.landmarks.Face` holds measured constants and learns nothing. When its arithmetic is written
in another way, the trained part need not be touched: the nodes between it and the landmarks are exported anew with the
constants that the file already has.

*The gates.* The three gates of a recurrent layer are one product in torch, whose answer is split. Three products with a
third of the weights each, in eight bits as they are, give the same bits and copy nothing.

*The films.* Scale and shift are one product in torch, too, whose answer is split; here the weights are, once, when the
file is loaded.

*The steps.* One run takes many steps as well, see `export.onnx.multi_step_graph`, with the same bits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from export.models.landmarks import Face
from export.onnx.multi_step_graph import STATE_IN, STATE_OUT, one_step, unroll_steps
from export.onnx.to_onnx import TRACED_BATCH, Signature, export_onnx
from space_runtime.arrays import Floats
from space_runtime.emotion import N_EMOTIONS
from space_runtime.geometry import N_LANDMARKS
from space_runtime.inference.network import Network, load_network

LARGEST_DIFFERENCE = 1e-6
"""In outer-eye-corner distances: the landmarks of the old and of the new graph."""

MOTION_WEIGHT, PREFIX = "motion.2.weight", "face."
FACE_INPUTS = ("speech", "closure", "neutral", "emotion")
DIRECTIONS = ("basis", "openings", "expressions")
"""Of the face's motion, in the order in which `Face` multiplies them."""
LANDMARKS = "landmarks"
N_CHECKED = 256
N_STREAMS_CHECKED, N_STEPS_CHECKED = 3, 8
N_GATES = 3


def rewrite_graph(path: Path, to: Path) -> float:
    """Write the network in ``path`` with today's face, separate gates and many steps a run to ``to``.

    Returns the largest difference of the landmarks. Raises `ValueError` when it exceeds `LARGEST_DIFFERENCE`, when
    another output differs in a single bit, or when steps at once differ from one by one.
    """
    model = onnx.load(path)
    one_step(model.graph)
    face = face_of(model)
    motion = next(node.output[0] for node in model.graph.node if MOTION_WEIGHT in node.input)
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "face.onnx"
        export_onnx(face, _signature(face), part)
        _replace(model.graph, onnx.load(part).graph, motion)
        _split_products(model.graph)
        unroll_steps(model.graph)
        small = Path(folder) / to.name
        onnx.checker.check_model(model)
        onnx.save(model, small)
        difference = _difference(path, small)
        to.write_bytes(small.read_bytes())
    return difference


def input_shapes(network: Network, n_rows: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all inputs of a run of some rows, by name."""
    return {name: (n_rows, *(int(n) for n in shape[1:])) for name, shape in network.inputs.items()}


def face_of(model: onnx.ModelProto) -> Face:
    """Return the face with the file's own constants."""
    known = {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}
    constants = {name.removeprefix(PREFIX): value for name, value in known.items() if name.startswith(PREFIX)}
    constants |= _directions(known) | {"closers": _closers(known)}
    face = Face(len(constants["basis"]))
    for name, constant in face.state_dict().items():
        constant.copy_(torch.from_numpy(constants[name].copy()))
    return face.eval()


def _directions(known: dict[str, Floats]) -> dict[str, Floats]:
    """(K, 3N), (8, 3N), (8, 3N): in the file as such, or one below the other, which the exporter makes of them."""
    if f"{PREFIX}basis" in known:
        return {name: known[PREFIX + name] for name in DIRECTIONS}
    n_emotional = (len(DIRECTIONS) - 1) * N_EMOTIONS
    named = {PREFIX + name for name, _ in Face(1).named_buffers()}
    unnamed = [value for name, value in known.items() if name not in named]
    found = [value for value in unnamed if value.shape[1:] == (3 * N_LANDMARKS,) and len(value) > n_emotional]
    if len(found) != 1:
        raise ValueError(f"{len(found)} arrays of the graph may be the directions of motion; expected one")
    n_motion = len(found[0]) - n_emotional
    return dict(zip(DIRECTIONS, np.split(found[0], [n_motion, n_motion + N_EMOTIONS]), strict=True))


def _closers(known: dict[str, Floats]) -> Floats:
    """(3, N): in the file as such, transposed, or for every axis."""
    shapes = {(3, N_LANDMARKS): slice(None), (N_LANDMARKS, 3): slice(None), (9, 3 * N_LANDMARKS): slice(None, None, 3)}
    found = [value for name, value in known.items() if value.shape in shapes and not name.startswith(f"{PREFIX}pairs")]
    if len(found) != 1:
        raise ValueError(f"{len(found)} arrays of the graph may be the closers; expected one")
    (closers,) = found
    step = shapes[closers.shape]
    closers = closers[step, step]
    return np.ascontiguousarray(closers if len(closers) == 3 else closers.T)


def _signature(face: Face) -> Signature:
    noise = torch.Generator().manual_seed(0)

    def example(*shape: int) -> torch.Tensor:
        return torch.rand(TRACED_BATCH, *shape, generator=noise)

    inputs = {"motion": example(len(face.basis)), "speech": example(1), "closure": example(1)}
    return Signature({**inputs, "neutral": example(N_LANDMARKS, 3), "emotion": example(N_EMOTIONS)}, (LANDMARKS,))


def _replace(graph: onnx.GraphProto, face: onnx.GraphProto, motion: str) -> None:
    """Put the nodes of ``face`` in the place of those that lead from the trunk to the landmarks."""
    trunk = _needed(graph.node, [motion, *(value.name for value in graph.output if value.name != LANDMARKS)])
    same = {"motion": motion, LANDMARKS: LANDMARKS} | {name: name for name in FACE_INPUTS}
    for node in face.node:
        node.name = PREFIX + node.name
        for names in (node.input, node.output):
            names[:] = [same.get(name, PREFIX + name) if name else "" for name in names]
    used = {name for node in trunk for name in node.input}
    constants = [value for value in graph.initializer if value.name in used]
    for value in face.initializer:
        value.name = PREFIX + value.name
    graph.ClearField("node")
    graph.node.extend([*trunk, *face.node])
    graph.ClearField("initializer")
    graph.initializer.extend([*constants, *face.initializer])


def _split_products(graph: onnx.GraphProto) -> None:
    """Write each product whose answer is split as one product for each part: a recurrent layer's gates, films."""
    made_by = {name: node for node in graph.node for name in node.output}
    constants = {value.name: value for value in graph.initializer}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        product = made_by.get(node.input[0]) if node.op_type == "Split" else None
        if product is not None and product.op_type == "Gemm" and len(node.output) == N_GATES:
            parameters = [made_by[name] for name in product.input[1:]]
            for gate, output in enumerate(node.output):
                parts = [_part(parameter, gate, constants) for parameter in parameters]
                names = [product.input[0], *(part.output[0] for part in parts)]
                nodes += [*parts, _renamed(product, f"_{gate}", names, output)]
        elif product is not None and product.op_type == "Gemm" and set(product.input[1:]) <= set(constants):
            nodes += _by_part(product, list(node.output))
        else:
            nodes.append(node)
    kept = _needed(nodes, [value.name for value in graph.output])
    used = {name for node in kept for name in node.input}
    graph.ClearField("node")
    graph.node.extend(kept)
    graph.ClearField("initializer")
    graph.initializer.extend(value for name, value in constants.items() if name in used)


def _by_part(product: onnx.NodeProto, outputs: list[str]) -> list[onnx.NodeProto]:
    """A product for each output, of weights that are split when the file is loaded: they keep their names in it."""
    parts = {name: [f"{name}_{n}" for n in range(len(outputs))] for name in product.input[1:]}
    splits = [
        onnx.helper.make_node("Split", [name], names, f"split_{name}", axis=0, num_outputs=len(outputs))
        for name, names in parts.items()
    ]
    products = [
        _renamed(product, f"_{n}", [product.input[0], *(names[n] for names in parts.values())], output)
        for n, output in enumerate(outputs)
    ]
    return [*splits, *products]


def _part(parameter: onnx.NodeProto, gate: int, constants: dict[str, onnx.TensorProto]) -> onnx.NodeProto:
    """The node that dequantises one gate's rows of a parameter, and its constants among the others."""
    names = []
    for name in parameter.input:
        rows = np.split(numpy_helper.to_array(constants[name]), N_GATES)[gate]
        names.append(f"{name}_{gate}")
        constants[names[-1]] = numpy_helper.from_array(np.ascontiguousarray(rows), names[-1])
    return _renamed(parameter, f"_{gate}", names, f"{parameter.output[0]}_{gate}")


def _renamed(node: onnx.NodeProto, suffix: str, inputs: list[str], output: str) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name += suffix
    copy.input[:], copy.output[:] = inputs, [output]
    return copy


def _needed(nodes: Iterable[onnx.NodeProto], outputs: list[str]) -> list[onnx.NodeProto]:
    """The nodes that the outputs follow from, in their order."""
    wanted, kept = set(outputs), []
    for node in reversed(list(nodes)):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    return kept[::-1]


def _difference(before: Path, after: Path) -> float:
    """The largest difference of the landmarks over random steps; every other output must be the same."""
    old, new = load_network(before.stem, before), load_network(after.stem, after)
    _check_steps(new)
    feeds = _feeds(old, N_CHECKED)
    expected, actual = old.run(feeds), new.run(feeds)
    changed = [name for name in old.outputs if name != LANDMARKS and not np.array_equal(expected[name], actual[name])]
    difference = float(np.abs(np.subtract(expected[LANDMARKS], actual[LANDMARKS], dtype=np.float32)).max())
    if changed or difference > LARGEST_DIFFERENCE:
        raise ValueError(f"the new graph differs: landmarks by {difference:.1e}, and {changed or 'nothing'} else")
    return difference


def _check_steps(network: Network) -> None:
    """Raise `ValueError` when one run of some steps differs in a bit from as many runs of one."""
    rows = _feeds(network, N_STEPS_CHECKED * N_STREAMS_CHECKED)
    rows[STATE_IN] = rows[STATE_IN][:N_STREAMS_CHECKED]
    at_once, state = network.run(rows), rows[STATE_IN]
    for first in range(0, N_STEPS_CHECKED * N_STREAMS_CHECKED, N_STREAMS_CHECKED):
        some = slice(first, first + N_STREAMS_CHECKED)
        step = network.run({name: state if name == STATE_IN else value[some] for name, value in rows.items()})
        state = np.asarray(step.pop(STATE_OUT), np.float32)
        if changed := [name for name, value in step.items() if not np.array_equal(value, at_once[name][some])]:
            raise ValueError(f"steps at once differ from one by one in {changed}")
    if not np.array_equal(state, at_once[STATE_OUT]):
        raise ValueError("steps at once end in another state than one by one")


def _feeds(network: Network, n_rows: int) -> dict[str, Floats]:
    """Random inputs."""
    rng = np.random.default_rng(0)
    feeds = {
        name: rng.normal(0, 0.5, shape).astype(np.float32) for name, shape in input_shapes(network, n_rows).items()
    }
    feeds["emotion"] = np.abs(feeds["emotion"]).clip(0, 1)
    return feeds
