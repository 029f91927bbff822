"""Cameras of this machine, and video files in their place: pictures at the pace of the clock, with their times."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final, Protocol

import numpy as np

from space_runtime.arrays import Pixels
from space_runtime.errors import MediaError, UsageError, one_line
from space_runtime.extras import av
from space_runtime.media.quiet_stderr import quiet_stderr
from space_runtime.media.video_reader import VideoReader, open_video

REOPEN_S: Final = 1.0
"""Between two attempts to open a camera that is gone."""
SIZE: Final = "1280x720"
"""Asked of a camera first; one that has no such pictures is asked for its own."""
EXPOSURE_S: Final = 0.03
"""From the middle of a picture's exposure to its coming: about a picture's time at 30 a second."""
SYSTEMS: Final = {"linux": "v4l2", "darwin": "avfoundation", "win32": "dshow"}
"""FFmpeg's names of the cameras of a system."""


@dataclass(frozen=True, slots=True, eq=False)
class CameraPicture:
    """A picture. time_s: of its exposure, seconds of the monotonic clock. rgb: (h, w, 3); None: the camera is gone."""

    time_s: float
    rgb: Pixels | None


class Camera(Protocol):
    """A source of pictures."""

    @property
    def name(self) -> str: ...

    def pictures(self, begun_at: float, stopped: Event) -> Iterator[CameraPicture]:
        """Yield pictures as they come, until ``stopped``. begun_at: monotonic time of a recording's beginning."""
        ...


@dataclass(frozen=True, slots=True)
class FileCamera:
    """A video file, whose pictures come when their time does. A gap in them is a gap."""

    video: VideoReader

    @property
    def name(self) -> str:
        """The file's name."""
        return self.video.path.name

    def pictures(self, begun_at: float, stopped: Event) -> Iterator[CameraPicture]:
        """See `Camera`. Raises `MediaError` when none can be decoded."""
        for picture in self.video.pictures():
            due = begun_at + float(picture.time)
            if stopped.wait(max(0.0, due - time.monotonic())):
                return
            yield CameraPicture(due, picture.rgb)


@dataclass(frozen=True, slots=True)
class DeviceCamera:
    """A camera. device: as the system calls it. It is opened again and again while it is gone."""

    device: str

    @property
    def name(self) -> str:
        """The name in sentences for the user."""
        return f"camera {self.device}"

    def check(self) -> None:
        """Raise `MediaError` unless it can be opened now."""
        with quiet_stderr():
            _open(self.device).close()

    def pictures(self, begun_at: float, stopped: Event) -> Iterator[CameraPicture]:
        """See `Camera`; one without a picture says that the camera is gone."""
        while not stopped.is_set():
            try:
                with quiet_stderr(), _open(self.device) as container:
                    for frame in container.decode(video=0):
                        if stopped.is_set():
                            return
                        rgb: Pixels = np.ascontiguousarray(frame.to_ndarray(format="rgb24"))
                        yield CameraPicture(time.monotonic() - EXPOSURE_S, rgb)
            except (av.FFmpegError, OSError, MediaError):
                pass
            yield CameraPicture(time.monotonic(), None)
            stopped.wait(REOPEN_S)


def open_camera(text: str) -> Camera:
    """Return the camera that a number, a name or a device's path names, or the video file of that name.

    Raises `UsageError` without PyAV and where a system has no cameras that FFmpeg knows, `MediaError` for a camera that
    cannot be opened and a file that is no video.
    """
    path = Path(text)
    if path.is_file() or (path.suffix and not text.startswith("/dev/")):
        return FileCamera(open_video(path))
    camera = DeviceCamera(_device(text))
    camera.check()
    return camera


def _device(text: str) -> str:
    """Return FFmpeg's name of a camera."""
    if sys.platform not in SYSTEMS:
        raise UsageError(f"--camera cannot reach cameras on {sys.platform}; give a video file")
    if sys.platform == "linux" and text.isdigit():
        return f"/dev/video{text}"
    if sys.platform == "win32" and not text.startswith("video="):
        return f"video={text}"
    return text


def _open(device: str) -> av.container.InputContainer:
    """Return an open camera. Raises `MediaError`."""
    fault: Exception | None = None
    for options in ({"video_size": SIZE, "framerate": "30"}, {"framerate": "30"}, {}):
        try:
            return av.open(device, format=SYSTEMS[sys.platform], options=options)
        except (av.FFmpegError, OSError, ValueError) as error:
            fault = error
    reason = one_line(str(getattr(fault, "strerror", None) or fault))
    raise MediaError(
        f"the camera {device} cannot be opened ({reason}); check that it is there and in no other program's use, or "
        "name another with --camera"
    ) from None
