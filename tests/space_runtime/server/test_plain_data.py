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
from space_runtime.server.answers import Answers, State
from space_runtime.server.commands import Command, ReportStatus
from space_runtime.server.limits import Folders
from space_runtime.server.worker.background import Task
from space_runtime.server.worker.sink_output import SinkFrame
from space_runtime.server.worker.texture_renderer import TextureJob, render_job
from space_runtime.timebase import SAMPLE_RATE
from tests.support.inline_server import CHARACTERS, InlineServer
from tests.support.wire_client import WireClient


def sound(seconds: float) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(round(seconds * SAMPLE_RATE), np.float32), SAMPLE_RATE, format="WAV")
    return buffer.getvalue()


def open_with(client: WireClient, **fields: object) -> None:
    wanted: dict[str, object] = {
        "request": 1, "outputs": ("weights", "texture"), "fps": (30, 1), "playout_ms": 500, "until": 1_000
    }  # fmt: skip
    client.say(m.Open(**{**wanted, **fields}))  # type: ignore[arg-type]  # the caller's fields fit


def render(server: InlineServer) -> None:
    """Render the first picture that is to be rendered, as the thread would do it."""
    job = server.textures.jobs[0]
    character = CHARACTERS.find(job.character)
    assert character
    _, rendered = render_job(job, character, initial_latents(character))
    server.port.post(rendered)
    server.run()


def test_every_command_task_and_answer_of_a_run_goes_through_a_pipe(photo: Path) -> None:
    server = InlineServer(folders=Folders(portraits=photo.parent), playout=create_autospec(Playout, instance=True))
    client = server.client()
    open_with(client, character=photo.name)
    session = client.last(m.Opened).session
    client.say(m.Start(session=session, stream=1, rate=SAMPLE_RATE, format="s16", emotion={"happy": 0.5}))
    client.say(m.Set(session=session, stream=1, at_sample=0, mouth=0.5, gaze=np.array([0.1, 0.0], np.float32)))
    client.say(m.Audio(session=session, stream=1, first_sample=0, pcm=bytes(6_400)))
    render(server)
    assert client.last(m.Texture).width == 512
    client.say(m.Resume(request=2, token=bytes(client.last(m.Opened).token)))
    assert client.last(m.Resumed).next_sample == 3_200
    client.say(m.End(session=session, stream=1, n_samples=3_200))
    client.say(m.Speak(session=session, stream=2, sound=sound(0.3), pace="clip"))
    server.run()
    assert client.last(m.Finished).frames == 9
    client.say(m.Speak(session=session, stream=3, sound=b"none"))
    open_with(client, request=4, portrait=b"none")
    assert {error.code for error in client.take(m.Error)} == {"bad_sound", "bad_picture"}
    server.port.post(ReportStatus(7))
    server.run()
    (report,) = server.reports
    assert (report.request, report.refused, len(report.sessions)) == (7, 2, 1)
    assert (report.sessions[0].number, report.sessions[0].stream, report.sessions[0].state) == (session, 3, State.IDLE)
    client.say(m.Close(session=session))
    assert client.last(m.Closed).session == session
    assert {*get_args(Command), *get_args(Task), TextureJob, SinkFrame, Answers} == server.pipe.kinds
