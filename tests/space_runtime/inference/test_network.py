"""Laws of networks: named outputs, tensors on the device, eight-bit sums that are exact on every processor."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from space_runtime.arrays import Floats, Pixels
from space_runtime.inference import eight_bit, network
from space_runtime.inference.bundle import EMBEDDED
from space_runtime.inference.network import Network, load_network

SPEECH = EMBEDDED / "speech2landmarks.onnx"
BATCHES = ((1, 1), (1, 25), (7, 1), (64, 2))
"""Streams, and hops of each."""


@pytest.fixture(scope="module")
def speech() -> Network:
    return load_network("speech2landmarks", SPEECH)


def feeds(of: Network, n_streams: int, n_hops: int) -> dict[str, NDArray[np.float32]]:
    """Loud noise for every input: bytes near their ends."""
    rng = np.random.default_rng(0)
    rows = {"batch": n_streams * n_hops, "streams": n_streams}
    shapes = {name: [rows.get(str(size), size) for size in shape] for name, shape in of.inputs.items()}
    return {name: rng.normal(0, 2, [int(n) for n in shape]).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("names", [("landmarks", "state_out"), ("speech",)])
def test_named_outputs_are_those_of_a_whole_run(speech: Network, names: tuple[str, ...]) -> None:
    fed = feeds(speech, 3, 1)
    whole, some = speech.run(fed), speech.run(fed, names)
    assert tuple(whole) == speech.outputs and tuple(some) == names
    assert all(np.array_equal(whole[name], some[name]) for name in names)


def test_a_run_on_the_device_gives_the_same_bits_and_takes_back_what_it_gave(speech: Network) -> None:
    fed = feeds(speech, 2, 1)
    first = speech.run_on_device(fed)
    again = speech.run_on_device({**fed, "state_in": first["state_out"]}, ("state_out", "landmarks"))
    plain = speech.run(fed)
    assert all(np.array_equal(first[name].numpy(), plain[name]) for name in speech.outputs)
    after = speech.run({**fed, "state_in": plain["state_out"]})
    assert list(again) == ["state_out", "landmarks"]
    assert all(np.array_equal(again[name].numpy(), after[name]) for name in again)


def test_a_placed_tensor_keeps_its_numbers(speech: Network) -> None:
    fed = feeds(speech, 2, 1)
    expected = speech.run(fed)["landmarks"]
    placed = speech.place(fed["neutral"])
    neutral, fed["neutral"] = fed["neutral"], np.zeros(0, np.float32)
    neutral[:] = 9
    assert np.array_equal(speech.run_on_device({**fed, "neutral": placed})["landmarks"].numpy(), expected)


@pytest.mark.parametrize("needed", [True, False])
def test_the_answer_of_the_trial_decides_about_the_slower_way(monkeypatch: pytest.MonkeyPatch, needed: bool) -> None:
    monkeypatch.setattr(network, "needs_precision", lambda: needed)
    options = load_network("speech2landmarks", SPEECH)._session.get_session_options()
    assert options.get_session_config_entry(eight_bit.PRECISE) == str(int(needed))


def test_the_slower_way_is_needed_where_the_faster_one_is_not_exact() -> None:
    faster = load_network("product", eight_bit.MODEL, precise=False)
    assert network.needs_precision() != eight_bit.is_exact(product(faster))


@pytest.mark.parametrize(("n_streams", "n_hops"), BATCHES)
def test_the_way_that_is_chosen_gives_the_bits_of_the_slower_one(speech: Network, n_streams: int, n_hops: int) -> None:
    fed = feeds(speech, n_streams, n_hops)
    chosen = speech.run(fed)
    slower = load_network("speech2landmarks", SPEECH, precise=True).run(fed)
    assert all(np.array_equal(chosen[name], slower[name]) for name in speech.outputs)


def test_the_slower_way_is_exact_on_every_processor() -> None:
    assert eight_bit.is_exact(product(load_network("product", eight_bit.MODEL, precise=True)))


def product(of: Network) -> Callable[[Pixels], Floats]:
    return lambda rows: np.asarray(of.run({"x": rows})["sum"], np.float32)


def test_a_sum_that_saturates_is_found_for_any_number_of_rows() -> None:
    exact = eight_bit.ACTIVATION * eight_bit.WEIGHT * eight_bit.N_TERMS
    saturated = 32_767 * eight_bit.N_TERMS // 2  # pairs of products held to 16 bits

    def broken_from(n_rows: int) -> Callable[[Pixels], Floats]:
        return lambda rows: np.full((len(rows), 16), saturated if len(rows) >= n_rows else exact, np.float32)

    assert eight_bit.is_exact(broken_from(1_000))
    assert not any(eight_bit.is_exact(broken_from(n)) for n in eight_bit.ROWS)
