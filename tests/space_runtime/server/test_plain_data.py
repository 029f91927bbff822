"""Everything that passes between gateway, worker and background work is plain data that a pipe can carry.

The pipe of `InlineServer` pickles and unpickles every command, task, texture job, frame for sinks and answer of a real
run; all other tests with that server pass through it too. Here each kind occurs, and says the right thing.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import get_args
from unittest.mock import create_autospec

import numpy as np
import soundfile

from engine_bridge.adapters.playout import Playout
from engine_bridge.protocol import messages as m
from space_runtime.animation.textures import initial_latents
from space_runtime.server.answers import Answers
from space_runtime.server.background import Task
from space_runtime.server.commands import Command, ReportStatus
from space_runtime.server.limits import Folders
from space_runtime.server.observability.snapshot import State
from space_runtime.server.sink_output import SinkFrame
from space_runtime.server.texture_renderer import TextureJob, render_job
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import CHARACTERS, InlineClient, InlineServer


def sound(seconds: float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(round(seconds * SAMPLE_RATE), np.float32), SAMPLE_RATE, format="WAV")
    return buffer.getvalue()


def open_with(guest: InlineClient, **fields: object) -> None:
    wanted: dict[str, object] = {
        "request": 1, "outputs": ("weights", "texture"), "fps": (30, 1), "playout_ms": 500, "until": 1_000
    }  # fmt: skip
    guest.say(m.Open(**{**wanted, **fields}))  # type: ignore[arg-type]  # the caller's fields fit
    guest.hall.run()


def render(hall: InlineServer) -> None:
    """Render the first picture that is to be rendered, as the thread would do it."""
    job = hall.textures.jobs[0]
    character = CHARACTERS.find(job.character)
    assert character
    _, rendered = render_job(job, character, initial_latents(character))
    hall.port.post(rendered)
    hall.run()


def test_every_command_task_and_answer_of_a_run_goes_through_a_pipe(photo: Path) -> None:
    hall = InlineServer(folders=Folders(portraits=photo.parent), playout=create_autospec(Playout, instance=True))
    guest = hall.guest()
    open_with(guest, character=photo.name)
    session = guest.last(m.Opened).session
    guest.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16", emotion={"happy": 0.5}))
    guest.say(m.Set(session=session, stream=1, at_sample=0, mouth=0.5, gaze=np.array([0.1, 0.0], np.float32)))
    guest.say(m.Audio(session=session, stream=1, first_sample=0, pcm=bytes(6_400)))
    render(hall)
    assert guest.last(m.Texture).width == 512
    guest.say(m.Resume(request=2, token=bytes(guest.last(m.Opened).token)))
    assert guest.last(m.Resumed).next_sample == 3_200
    guest.say(m.End(session=session, stream=1, n_samples=3_200))
    guest.say(m.Speak(session=session, stream=2, sound=sound(0.3), pace="clip"))
    hall.run()
    assert guest.last(m.Finished).frames == 9
    guest.say(m.Speak(session=session, stream=3, sound=b"none"))
    open_with(guest, request=4, portrait=b"none")
    assert {error.code for error in guest.take(m.Error)} == {"bad_sound", "bad_picture"}
    hall.port.post(ReportStatus(7))
    hall.run()
    (report,) = hall.reports
    assert (report.request, report.refused, len(report.sessions)) == (7, 2, 1)
    assert (report.sessions[0].number, report.sessions[0].stream, report.sessions[0].state) == (session, 3, State.IDLE)
    guest.say(m.Close(session=session))
    assert guest.last(m.Closed).session == session
    assert {*get_args(Command), *get_args(Task), TextureJob, SinkFrame, Answers} == hall.pipe.kinds
