"""Laws of the mouth decoder for any weights: teeth are rigid, the exported form is the trained one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (extra 'export')")
pytest.importorskip("onnxscript", reason="needs onnxscript (extra 'export')")

from export.models.mouth_decoder import MouthConfig, MouthDecoder, OnePerson, moved  # noqa: E402
from export.onnx.fp16 import store_in_half  # noqa: E402
from export.onnx.to_onnx import export_onnx  # noqa: E402
from export.training.train_mouth import signature  # noqa: E402
from space_runtime.inference.network import load_network  # noqa: E402
from space_runtime.rendering.warp.interior import (  # noqa: E402
    N_COLOURS,
    N_GEOMETRY,
    PATCH_HEIGHT,
    PATCH_UNIT,
    PATCH_WIDTH,
)

CONFIG = MouthConfig(n_code=3, width=8, channels=(4, 4, 4, 3, 3))


@pytest.fixture(scope="module")
def tiny() -> MouthDecoder:
    torch.manual_seed(0)
    return MouthDecoder(CONFIG).eval()


def test_the_upper_teeth_stay_whatever_lips_and_jaw_do(tiny: MouthDecoder) -> None:
    person = torch.rand(1, N_COLOURS).expand(4, -1), torch.rand(1, 3).expand(4, -1)
    with torch.no_grad():
        _, upper, _ = tiny(torch.randn(4, N_GEOMETRY) / 5, *person)
    assert upper.std() > 0
    for other in upper[1:]:
        torch.testing.assert_close(other, upper[0])


def test_the_lower_teeth_move_with_the_jaw_pixel_by_pixel() -> None:
    layer = torch.rand(1, 4, PATCH_HEIGHT, PATCH_WIDTH)
    jaw = torch.tensor([[3 / PATCH_UNIT, -5 / PATCH_UNIT]])
    torch.testing.assert_close(moved(layer, jaw)[..., 5:, 3:], layer[..., :-5, :-3], atol=1e-4, rtol=0)


@pytest.mark.parametrize("teeth", [0.0, 1.0])
def test_the_exported_form_is_the_trained_one(tiny: MouthDecoder, tmp_path: Path, teeth: float) -> None:
    code, colours = torch.randn(3), torch.rand(N_COLOURS)
    path = tmp_path / "tiny.onnx"
    export_onnx(OnePerson(tiny, code, colours), signature(), path)
    geometry = torch.randn(2, N_GEOMETRY) / 5
    with torch.no_grad():
        person = torch.cat([colours, code])[None].expand(2, -1)
        upper = tiny.upper(person)
        upper[:, 3] -= 100 * (1 - teeth)
        expected = tiny.combine(geometry, person, upper, tiny.lower(person))[0].permute(0, 2, 3, 1)
    feeds = {
        "geometry": geometry.numpy(),
        "colours": colours.expand(2, -1).numpy(),
        "teeth": np.full((2, 1), teeth, np.float32),
    }
    exact = np.asarray(load_network("tiny", path).run(feeds)["patch"], np.float32)
    np.testing.assert_allclose(exact, expected.numpy(), atol=2e-5)
    size = path.stat().st_size
    store_in_half(path)
    assert path.stat().st_size < size
    np.testing.assert_allclose(np.asarray(load_network("tiny", path).run(feeds)["patch"], np.float32), exact, atol=2e-3)
