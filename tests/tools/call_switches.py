"""Largest steps of a face when the camera of a call is lost and comes back, against those of speech alone.

``python -m tests.tools.call_switches`` makes a video of the sample portrait that is black for 3 s and has no pictures
for another 3 s, calls with it and the sample line, and prints both. It takes as long as two calls.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from engine_bridge.adapters.live_link_face import NAMES
from space_runtime.assets import LINE
from tests.support.call_videos import ROLL_RAD, call_video
from tests.support.frame_speeds import seen_speeds
from tests.support.udp_receiver import Seen, UdpReceiver

SECONDS = 12.0
BLACK, GAP = (4.0, 7.0), (8.5, 11.5)
GROUPS = {"weights": range(52), "head, degrees": range(52, 55), "eyes, degrees": range(55, 61)}


def called(line: Path, *words: str) -> list[Seen]:
    """Return the packets of a call."""
    with UdpReceiver() as receiver:
        program = [sys.executable, "-m", "space_runtime", "live", str(line), "--to", receiver.url("Face")]
        subprocess.run([*program, "--seed", "3", "--no-wait", *words], check=True)
        return receiver.wait_for_rest("Face")


def main() -> None:
    """Call twice and print."""
    with TemporaryDirectory() as folder:
        sound, rate = soundfile.read(LINE)
        line = Path(folder) / "line.wav"
        soundfile.write(line, np.resize(sound, round(SECONDS * rate)), rate)
        video = call_video(Path(folder) / "call.mp4", SECONDS, black=[BLACK], gaps=[GAP])
        camera, at = seen_speeds(called(line, "--camera", str(video)))
        speech, spoken_at = seen_speeds(called(line))
    switches = np.zeros(len(at), bool)
    for edge in (*BLACK, *GAP):
        switches |= (at > edge - 0.05) & (at < edge + 0.8)
    alone = (spoken_at > 0.3) & (spoken_at < SECONDS - 0.3)
    print(f"largest step in 1/30 s; the driver's head rolls by {np.degrees(ROLL_RAD):.0f}°")
    for name, columns in GROUPS.items():
        unit = np.degrees(1 / 30) if "degrees" in name else 1 / 30
        at_switch, of_speech = camera[switches][:, columns].max(0), speech[alone][:, columns].max(0)
        where = NAMES[columns[int(at_switch.argmax())]]
        most, spoken = at_switch.max() * unit, of_speech.max() * unit
        print(f"{name}: {most:.3f} at the switches ({where}), {spoken:.3f} of speech alone")


if __name__ == "__main__":
    main()
