"""Laws of refined mouths: off unless asked for, nothing at rest, no edge, live equals baked, misfits refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs onnx (extra 'export')")

from space_runtime import BakeJob, BundleError, Controls, Session, bake, load_bundle
from space_runtime.arrays import Floats, Pixels
from space_runtime.baking.cache import origin_of
from space_runtime.baking.line import Task
from space_runtime.baking.worker import _Setup
from space_runtime.inference.bundle import EMBEDDED, Bundle
from space_runtime.rendering.embedded import open_generator
from space_runtime.rendering.refiner import (
    SIDE,
    RefinedGenerator,
    load_refiner,
    mouth_square,
    square_of,
)
from space_runtime.rendering.warp.generator import WarpGenerator, load_warp_generator
from space_runtime.rendering.warp.keypoints import KEYPOINT_OF, keypoints_from_mesh
from tests.support import pictures
from tests.support.command_line import Call
from tests.support.refiners import describe, write_refiner
from tests.support.sounds import speechlike

PLAIN = load_bundle()
RED = (0.2, 0.0, 0.0)
PORTRAIT = pictures.portrait()
REST = keypoints_from_mesh(PORTRAIT.mesh)


def open_mouth() -> Floats:
    """The portrait's keypoints with the lower lip and the chin lowered."""
    points = REST.copy()
    points[[KEYPOINT_OF[point] for point in (14, 17, 84, 87, 91, 314, 317, 321, 152, 148, 377)], 1] -= 8
    return points


def refined(folder: Path, change: tuple[float, float, float]) -> RefinedGenerator:
    bundle = load_bundle(refiner=write_refiner(folder, change))
    assert bundle.refiner
    return RefinedGenerator(load_warp_generator(bundle), load_refiner(bundle.refiner))


def drawn(generator: RefinedGenerator, points: Floats, transparent: bool = False) -> tuple[Pixels, Pixels]:
    """A picture without and with the refiner."""
    appearance = generator.prepare(replace(PORTRAIT, transparent=transparent))
    return generator.warp.render(appearance.drawn, points[None])[0], generator.render(appearance, points[None])[0]


def test_a_refiner_is_used_where_it_is_asked_for_alone(tmp_path: Path) -> None:
    bundle = load_bundle(refiner=write_refiner(tmp_path))
    assert isinstance(open_generator(PLAIN), WarpGenerator)
    assert isinstance(open_generator(bundle), RefinedGenerator)
    assert PLAIN.refiner is None and bundle.manifest == PLAIN.manifest


def test_one_that_changes_nothing_gives_equal_bytes(tmp_path: Path) -> None:
    before, after = drawn(refined(tmp_path, (0, 0, 0)), open_mouth())
    assert np.array_equal(before, after)


def test_the_portrait_at_rest_stays_the_photo(tmp_path: Path) -> None:
    before, after = drawn(refined(tmp_path, RED), REST)
    assert np.array_equal(before, after)


def test_a_change_is_full_on_the_mouth_and_leaves_no_edge(tmp_path: Path) -> None:
    points = open_mouth()
    before, after = drawn(refined(tmp_path, RED), points)
    change = after.astype(np.float32) - before
    column, row = np.rint(points[[KEYPOINT_OF[13], KEYPOINT_OF[14]], :2].mean(0) * (1, -1)).astype(int)
    assert abs(change[row, column, 0] - 0.2 * 255) <= 1 and not change[..., 1:].any()
    unclipped = np.where(before[..., 0] > 200, np.nan, change[..., 0])
    steps = max(float(np.nanmax(np.abs(np.diff(unclipped, axis=axis)))) for axis in (0, 1))
    assert 2 <= steps <= 6  # of 51: the change fades out over a dozen pixels
    rows, columns = np.nonzero(change[..., 0])
    side = SIDE / np.hypot(*square_of(points)[0, :2])
    assert max(np.ptp(rows), np.ptp(columns)) < 1.15 * side and 0.7 * side**2 < len(rows) < side**2


def test_a_cut_out_picture_is_refined_alike_and_keeps_its_opacity(tmp_path: Path) -> None:
    generator, points = refined(tmp_path, RED), open_mouth()
    whole = drawn(generator, points)[1]
    before, after = drawn(generator, points, transparent=True)
    assert np.array_equal(after[..., 3], before[..., 3])
    opaque = after[..., 3] == 255
    assert np.array_equal(after[opaque, :3], whole[opaque])


def test_the_square_turns_and_grows_with_the_face() -> None:
    turn = cv2.getRotationMatrix2D((256, 256), 20, 1.2)
    picture = np.asarray(cv2.warpAffine(PORTRAIT.image, turn, (512, 512)), np.uint8)
    points = REST.copy()
    points[:, :2] = (REST[:, :2] * (1, -1) @ turn[:, :2].T + turn[:, 2]) * (1, -1)
    points[:, 2] *= 1.2
    one, other = mouth_square(PORTRAIT.image, square_of(REST)), mouth_square(picture, square_of(points))
    assert np.abs(one.astype(int) - other)[8:-8, 8:-8].mean() < 3


def test_live_equals_baked(tmp_path: Path) -> None:
    bundle = load_bundle(refiner=write_refiner(tmp_path, RED))
    sound = speechlike(0.5)[:, 0]

    def shown(bundle: Bundle, piece: int) -> list[Pixels]:
        session = Session(bundle, PORTRAIT, Controls(seed=1), fps=10, pictures=True)
        frames = [frame for at in range(0, len(sound), piece) for frame in session.push(sound[at : at + piece])]
        return [frame.rgb for frame in (*frames, *session.finish()) if frame.rgb is not None]

    whole, pieces, plain = shown(bundle, len(sound)), shown(bundle, 777), shown(PLAIN, len(sound))
    assert len(whole) > 3 and np.array_equal(whole, pieces) and not np.array_equal(whole, plain)


def test_a_clip_and_its_record_know_their_refiner(tmp_path: Path, line: Path) -> None:
    bundle, job = load_bundle(refiner=write_refiner(tmp_path / "refiner")), BakeJob(line, tmp_path / "line")
    assert bundle.refiner
    plain, known = origin_of(job, "0" * 64, PLAIN), origin_of(job, "0" * 64, bundle)
    assert plain.differences(known) == "another bundle, refiner or device"
    told = {}
    for name, used in (("plain", PLAIN), ("refined", bundle)):
        (path,) = bake(line, tmp_path / name, bundle=used, formats="json")
        told[name] = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert told["refined"].pop("refiner")["sha256"] == {
        entry.file: entry.sha256 for entry in bundle.refiner.manifest.entries
    }
    assert told["refined"] == told["plain"]


def test_processes_are_told_the_refiner(tmp_path: Path) -> None:
    for refiner in (None, write_refiner(tmp_path)):
        opened = _Setup.of(Task(load_bundle(refiner=refiner), False, False)).task().bundle
        assert (opened.refiner and opened.refiner.folder) == refiner


def test_a_bundle_of_other_networks_is_no_refiner() -> None:
    with pytest.raises(BundleError, match="has no refiner; name a folder that python -m export refiner made"):
        load_bundle(refiner=EMBEDDED)


@pytest.mark.parametrize("revision", [None, 0, 99, "1"])
def test_one_of_another_revision_is_refused(tmp_path: Path, revision: int | str | None) -> None:
    write_refiner(tmp_path, settings={} if revision is None else {"revision": revision})
    with pytest.raises(BundleError, match=r"is of revision .*, this runtime takes 1; make it again"):
        open_generator(load_bundle(refiner=tmp_path))


def test_one_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"'drawn' of the refiner in .* has shape .*64, 64.*expected"):
        open_generator(load_bundle(refiner=write_refiner(tmp_path, shape=(3, 64, 64))))


@pytest.mark.parametrize(
    "data",
    [b"", b"no network", (EMBEDDED / "person_matte.onnx").read_bytes()],
    ids=["empty", "text", "another network"],
)
def test_a_file_that_is_no_refiner_is_refused(tmp_path: Path, data: bytes) -> None:
    write_refiner(tmp_path)
    with pytest.raises(BundleError, match=r"refiner\.onnx has"):  # another length or another hash than the manifest's
        (tmp_path / "refiner.onnx").write_bytes(data)
        load_bundle(refiner=tmp_path)
    describe(tmp_path)
    with pytest.raises(BundleError, match="network 'refiner'"):
        open_generator(load_bundle(refiner=tmp_path))


def test_one_whose_change_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="gives no change of shape"):
        open_generator(load_bundle(refiner=write_refiner(tmp_path, (float("nan"), 0, 0))))


def test_bake_refuses_a_refiner_in_one_sentence(tmp_path: Path, line: Path, call: Call) -> None:
    write_refiner(tmp_path / "refiner", settings={"revision": 0})
    done = call("bake", line, "--refiner", tmp_path / "refiner", "--out", tmp_path / "out", "--formats", "npz")
    assert done.code == 1 and "is of revision 0" in done.complaint
    assert not (tmp_path / "out").exists()
    done = call("serve", "--refiner", tmp_path / "nowhere")
    assert done.code == 1 and "manifest.json is missing" in done.complaint


def test_a_refined_generator_is_pure(tmp_path: Path) -> None:
    generator = refined(tmp_path, RED)
    appearance = generator.prepare(replace(PORTRAIT))
    points = np.stack([REST, open_mouth(), REST])
    together = generator.render(appearance, points)
    alone = [generator.render(appearance, one[None])[0] for one in points]
    assert np.array_equal(together, alone)
