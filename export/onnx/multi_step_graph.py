"""Lets a recurrent network hear many steps in one run: what needs no state is worked out for all of them at once.

The exported graph is one step of B streams. It becomes one of two branches; the other takes T · B rows of all that
comes with every step, those of the first step first, and B rows of state: T follows from the two. There, the part of
each recurrent layer that its own state goes through, and only that, is the body of a ``Scan``. One step is fed as ever.

Every operation stays what it was, so that one run of T steps gives the bits of T runs of one. Both branches have the
weights of their own, because ONNX Runtime does not prepare shared eight-bit ones for processors that lack VNNI.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper

from space_runtime.arrays import Floats

STATE_IN, STATE_OUT = "state_in", "state_out"
STREAMS = "streams"
"""The free axis of the states, whereas that of the rows is another."""

STEP, LINE = "step.", "line."
"""Prefixes: of the outputs of one branch, of all names of the other."""
STEPS, FLAT, FIRST, WIDTH, N_STREAMS = "steps", "flat", "first", "width", "n_streams"
ROUTE: tuple[str, ...] = ("Add", "Split", "Concat", "Sub")
"""The way of the states: what they rest at is added, the layers' are told apart; and back."""


def unroll_steps(graph: GraphProto) -> None:
    """Rewrite the graph of one step in place as one that takes T.

    Raises `ValueError` where the states do not go through it as they do in `export.models.landmarks`.
    """
    line = GraphProto()
    line.CopyFrom(graph)
    _scan_layers(line)
    inputs, outputs = [value.name for value in graph.input], [value.name for value in graph.output]
    branches = {
        "then_branch": _branch(graph, {name: STEP + name for name in outputs}),
        "else_branch": _branch(line, {name: LINE + name for name in _names(line) - set(inputs)}),
    }
    rows = next(name for name in inputs if name != STATE_IN)
    nodes = [
        helper.make_node("Shape", [rows], ["n_rows"], start=0, end=1),
        helper.make_node("Shape", [STATE_IN], [N_STREAMS], start=0, end=1),
        helper.make_node("Equal", ["n_rows", N_STREAMS], ["is_step"]),
        helper.make_node("If", ["is_step"], outputs, name="step_or_line", **branches),
    ]
    _fill(graph, nodes, [])
    for value in (*graph.input, *graph.output):
        if value.name in (STATE_IN, STATE_OUT):
            value.type.tensor_type.shape.dim[0].dim_param = STREAMS


def one_step(graph: GraphProto) -> None:
    """Undo `unroll_steps` in place; a graph of one step stays as it is."""
    if graph.node[-1].op_type != "If":
        return
    step = next(part.g for part in graph.node[-1].attribute if part.name == "then_branch")
    back = {STEP + value.name: value.name for value in graph.output}
    _fill(graph, [_renamed(node, back) for node in step.node], step.initializer)
    rows = next(value for value in graph.input if value.name != STATE_IN).type.tensor_type.shape.dim[0].dim_param
    for value in (*graph.input, *graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = rows


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """A recurrent layer. nodes: from its state ``before`` a step to that after it. resting: (width,) its rest."""

    number: int
    before: str
    after: str
    nodes: Sequence[NodeProto]
    resting: Floats


def _scan_layers(graph: GraphProto) -> None:
    """Put each layer into a scan, in place."""
    constants = {value.name: value for value in graph.initializer}
    layers, route = _layers(graph, constants)
    width = len(layers[0].resting)
    heads = [
        helper.make_node("Split", [STATE_IN], [f"state_{n}" for n in range(len(layers))], num_outputs=len(layers)),
        helper.make_node("Shape", [STATE_IN], [N_STREAMS], start=0, end=1),
        helper.make_node("Concat", [FIRST, N_STREAMS, WIDTH], [STEPS], axis=0),
    ]
    heads[0].attribute.append(helper.make_attribute("axis", -1))
    scans = [node for layer in layers for node in _scan(layer, constants)]
    tail = helper.make_node("Concat", [f"last_{layer.number}" for layer in layers], [STATE_OUT], axis=-1)
    gone = {name for node in (*route, *(node for layer in layers for node in layer.nodes)) for name in node.output}
    rest = [node for node in graph.node if not gone & set(node.output)]
    for name, numbers in {FIRST: [-1], WIDTH: [width], FLAT: [-1, width]}.items():
        constants[name] = numpy_helper.from_array(np.array(numbers, np.int64), name)
    nodes = _in_order([*heads, *rest, *scans, tail], {value.name for value in graph.input} | set(constants))
    used = {name for node in nodes for name in node.input}
    _fill(graph, nodes, [value for name, value in constants.items() if name in used])


def _layers(graph: GraphProto, constants: dict[str, TensorProto]) -> tuple[list[_Layer], list[NodeProto]]:
    """The layers, and the nodes on the way of the states from one to the next."""
    made_by = {name: node for node in graph.node for name in node.output}
    fed_by = {name: node for node in graph.node for name in node.input}
    add, sub = fed_by[STATE_IN], made_by[STATE_OUT]
    split, concat = fed_by[add.output[0]], made_by.get(sub.input[0], sub)
    route = [add, split, concat, sub]
    if tuple(node.op_type for node in route) != ROUTE:
        raise ValueError(f"the states go through the graph in an unknown way; expected {', '.join(ROUTE)}")
    resting = np.split(numpy_helper.to_array(constants[add.input[1]]), len(split.output))
    ways = zip(split.output, concat.input, resting, strict=True)
    return [
        _Layer(n, before, after, _between(graph.node, constants, before, after), rest)
        for n, (before, after, rest) in enumerate(ways)
    ], route


def _between(nodes: Iterable[NodeProto], constants: dict[str, TensorProto], before: str, after: str) -> list[NodeProto]:
    """The nodes on the ways from a value to another, after those that make parameters for them."""
    reached, on_the_way = {before}, []
    for node in nodes:
        if reached & set(node.input):
            reached |= set(node.output)
            on_the_way.append(node)
    wanted, kept = {after}, []
    for node in reversed(on_the_way):
        if wanted & set(node.output):
            wanted |= set(node.input)
            kept.append(node)
    parameters = [node for node in nodes if wanted & set(node.output) and set(node.input) <= set(constants)]
    return [*parameters, *reversed(kept)]


def _scan(layer: _Layer, constants: dict[str, TensorProto]) -> list[NodeProto]:
    """The nodes that run a layer over all steps, from its ``state_N`` to ``last_N`` and its value of every step."""
    n, made = layer.number, {name for node in layer.nodes for name in node.output}
    read = dict.fromkeys(name for node in layer.nodes for name in node.input)
    heard = [name for name in read if name not in {*made, *constants, layer.before}]
    own = [constants[name] for name in read if name in constants]
    body, said, outside = _body(layer)
    values = [(f"before_{n}", *heard), (f"after_{n}", said)]
    kind = TensorProto.UINT8 if outside else TensorProto.FLOAT
    inputs, outputs = ([_row(name, len(layer.resting)) for name in names] for names in values)
    outputs[1].type.tensor_type.elem_type = kind
    own.append(numpy_helper.from_array(np.ascontiguousarray(layer.resting), f"resting_{n}"))
    loop = helper.make_graph(body, f"layer_{n}", [*inputs], [*outputs], own)
    shaped = [helper.make_node("Reshape", [name, STEPS], [f"{name}_steps"]) for name in heard]
    sources, ends = [f"state_{n}", *(f"{name}_steps" for name in heard)], [f"last_{n}", f"all_{n}"]
    scan = helper.make_node("Scan", sources, ends, body=loop, num_scan_inputs=len(heard))
    flat = outside[0].input[0] if outside else layer.after
    return [*shaped, scan, helper.make_node("Reshape", [f"all_{n}", FLAT], [flat]), *outside]


def _body(layer: _Layer) -> tuple[list[NodeProto], str, list[NodeProto]]:
    """One step of a layer, what it says, and the nodes that follow for all steps at once.

    What is eight bits wide leaves as such, so that the product that comes next remains one of eight bits.
    """
    n, last = layer.number, layer.nodes[-1]
    outside = [_renamed(last, {last.input[0]: f"codes_{n}"})] if last.op_type == "DequantizeLinear" else []
    inside = {layer.after: f"value_{n}"} | ({last.input[0]: f"said_{n}"} if outside else {})
    nodes = [
        helper.make_node("Add", [f"before_{n}", f"resting_{n}"], [layer.before]),
        *(_renamed(node, inside) for node in layer.nodes),
        helper.make_node("Sub", [f"value_{n}", f"resting_{n}"], [f"after_{n}"]),
    ]
    return nodes, f"said_{n}" if outside else f"value_{n}", outside


def _row(name: str, width: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [STREAMS, width])


def _branch(graph: GraphProto, names: dict[str, str]) -> GraphProto:
    """A graph without inputs of its own, under other names."""
    outputs = [helper.make_tensor_value_info(names[value.name], TensorProto.FLOAT, None) for value in graph.output]
    constants = [_named(value, names) for value in graph.initializer]
    return helper.make_graph([_renamed(node, names) for node in graph.node], "branch", [], outputs, constants)


def _names(graph: GraphProto) -> set[str]:
    """Every name of a value in a graph and in the bodies of its nodes."""
    names = {name for node in graph.node for name in (*node.input, *node.output) if name}
    names |= {value.name for value in (*graph.initializer, *graph.input, *graph.output)}
    return names.union(*(_names(part.g) for node in graph.node for part in node.attribute if part.name == "body"))


def _renamed(node: NodeProto, names: dict[str, str]) -> NodeProto:
    """A copy of a node under other names, its body too."""
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.input[:] = [names.get(name, name) for name in node.input]
    copy.output[:] = [names.get(name, name) for name in node.output]
    copy.name = f"node_{copy.output[0]}"
    for part in copy.attribute:
        if part.name == "body":
            body = part.g
            constants = [_named(value, names) for value in body.initializer]
            _fill(body, [_renamed(inner, names) for inner in body.node], constants)
            for value in (*body.input, *body.output):
                value.name = names.get(value.name, value.name)
    return copy


def _named(value: TensorProto, names: dict[str, str]) -> TensorProto:
    copy = TensorProto()
    copy.CopyFrom(value)
    copy.name = names.get(value.name, value.name)
    return copy


def _fill(graph: GraphProto, nodes: Iterable[NodeProto], constants: Iterable[TensorProto]) -> None:
    """Replace a graph's nodes and constants."""
    nodes, constants = list(nodes), list(constants)
    graph.ClearField("node")
    graph.node.extend(nodes)
    graph.ClearField("initializer")
    graph.initializer.extend(constants)


def _in_order(nodes: Iterable[NodeProto], known: set[str]) -> list[NodeProto]:
    """The nodes, each after those that it hears."""
    waiting, done = list(nodes), list[NodeProto]()
    known = {*known, ""}
    while waiting:
        ready = [node for node in waiting if set(node.input) <= known]
        if not ready:
            raise ValueError(f"{waiting[0].name!r} hears what nothing says; export the network anew")
        waiting = [node for node in waiting if not set(node.input) <= known]
        known.update(name for node in ready for name in node.output)
        done += ready
    return done
