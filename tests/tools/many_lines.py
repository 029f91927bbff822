"""Bakes very many lines and says how long that takes and whether memory stays flat.

``python -m tests.tools.many_lines FOLDER N SECONDS`` writes N sounds of that length into the folder and bakes them in
this process, json and npz, then again, when nothing is to be done.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from time import perf_counter

import soundfile

from space_runtime import BakeJob, BakeResult, bake_many
from space_runtime.baking.report import totals_of
from tests.support.sounds import speechlike


def main() -> None:
    """Measure, and print one line for each of both runs."""
    folder, n, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    folder.mkdir(parents=True, exist_ok=True)
    sounds = [folder / f"{k:05}.wav" for k in range(n)]
    for k, path in enumerate(sounds):
        soundfile.write(path, speechlike(seconds, seed=k % 100), 16_000)
    jobs = [BakeJob(path, folder / "out" / path.stem, formats="json,npz") for path in sounds]
    for _ in range(2):
        _run(jobs)


def _run(jobs: list[BakeJob]) -> None:
    peaks_kib: list[int] = []
    begun = perf_counter()

    def measure(_: BakeResult) -> None:
        peaks_kib.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    results = bake_many(jobs, on_result=measure)
    took_s, grown_mib = perf_counter() - begun, (peaks_kib[-1] - peaks_kib[len(peaks_kib) // 3]) / 1024
    print(
        f"{totals_of(results)} in {took_s:.1f} s, {1e3 * took_s / len(jobs):.1f} ms a line; "
        f"peak {peaks_kib[-1] / 1024:.0f} MiB, grown {grown_mib:.1f} MiB since a third"
    )


if __name__ == "__main__":
    main()
