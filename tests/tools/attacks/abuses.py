"""Attacks by messages that are valid: sessions, streams, sounds and controls beyond all measure."""

from __future__ import annotations

import io
import time
from contextlib import suppress
from dataclasses import replace
from itertools import count

import numpy as np
import soundfile

from engine_bridge.protocol import messages as m
from tests.support.wire_client import OPENING, WireClient, connect_client
from tests.tools.attacks.raw_peer import RawPeer

FAR = float(np.finfo(np.float32).max)
KEPT_S = 0.5


def _until(client: WireClient, end: float, pause_s: float = 0.0) -> bool:
    """Read what has come; return whether there is time left."""
    client.listen()
    client.heard.clear()
    client.heard_at.clear()
    if pause_s:
        time.sleep(pause_s)
    return time.monotonic() < end


def all_sessions(address: str, end: float) -> None:
    """One connection opens all sessions that it gets, and keeps them with pings."""
    with connect_client(address) as client:
        for _ in range(2_000):
            client.say(replace(OPENING, outputs=("weights",)))
        while _until(client, end, KEPT_S):
            client.say(m.Ping(nonce=1))


def sessions_by_reconnecting(address: str, end: float) -> None:
    """Connections that open sessions and hang up."""
    while time.monotonic() < end:
        with suppress(OSError), RawPeer(address) as peer:
            peer.say(*[replace(OPENING, outputs=("weights",), fps=(240, 1))] * 4)


def open_and_close(address: str, end: float) -> None:
    """Sessions opened and closed, as fast as the rate allows."""
    with connect_client(address) as client:
        for session in count(1):
            client.say(replace(OPENING, outputs=("weights",)), m.Close(session=session))
            if not _until(client, end, 0.003):
                return


def extreme_gaze(address: str, end: float) -> None:
    """A gaze at the edge of float32 that turns to the other edge, in eight idle sessions."""
    with connect_client(address) as client:
        sessions = [client.open() for _ in range(8)]
        for stream in count(1):
            for session in sessions:
                far = np.array([FAR, -FAR], np.float32)
                client.say(m.Idle(session=session, stream=stream, gaze=far))
                client.say(m.Set(session=session, stream=stream, at_sample=0, fade_ms=5_000, gaze=-far))
            if not _until(client, end, 0.2):
                return


def long_silence(address: str, end: float) -> None:
    """Ten minutes of silence in a small FLAC, and just under five, in ten sessions."""
    files = []
    for seconds in (599, 290):
        file = io.BytesIO()
        soundfile.write(file, np.zeros(seconds * 8_000, np.int16), 8_000, format="FLAC")
        files.append(file.getvalue())
    with connect_client(address) as client:
        sessions = [client.open(until=0) for _ in range(10)]
        for stream in count(1):
            for session in sessions:
                client.say(m.Speak(session=session, stream=stream, sound=files[stream % 2], pace="clip"))
            if not _until(client, end, 1.0):
                return


def early_sound(address: str, end: float) -> None:
    """Sound at 192 kHz in eight channels, all of it ahead and out of order, in eight sessions."""
    with connect_client(address) as client:
        sessions = [client.open(until=0) for _ in range(8)]
        pcm = bytes(4 * 8 * 19_200)
        for stream in count(1):
            for session in sessions:
                client.say(m.Start(session=session, stream=stream, rate=192_000, format="f32", channels=8))
                for chunk in range(99, 0, -3):
                    client.say(m.Audio(session=session, stream=stream, first_sample=chunk * 19_200, pcm=pcm))
            if not _until(client, end):
                return


def silence_by_number(address: str, end: float) -> None:
    """Gaps and ends at the edges of their types, in few bytes."""
    with connect_client(address) as client:
        session = client.open()
        for stream in count(1):
            client.say(m.Start(session=session, stream=stream, rate=4_000, format="s16"))
            client.say(m.Audio(session=session, stream=stream, first_sample=38_000, pcm=bytes(2)))
            client.say(m.Audio(session=session, stream=stream, first_sample=2**62, pcm=bytes(2)))
            client.say(m.End(session=session, stream=stream, n_samples=2**62))
            client.say(m.End(session=session, stream=stream, n_samples=39_900))
            if not _until(client, end, 0.02):
                return


def controls_without_end(address: str, end: float) -> None:
    """Changes of all controls, as fast as the rate allows, in ten sessions."""
    with connect_client(address) as client:
        sessions = [client.open() for _ in range(10)]
        client.say(*[m.Idle(session=session, stream=1) for session in sessions])
        for n in count():
            for session in sessions:
                client.say(m.Set(session=session, stream=1, at_sample=0, mouth=n % 2, emotion={"happy": n % 2}))
            if not _until(client, end, 0.002):
                return


def a_reader_that_never_reads(address: str, end: float) -> None:
    """Lines at 240 frames a second with all curves, whose frames nobody reads."""
    with RawPeer(address) as peer:
        outputs = ("weights", "head", "eyes", "landmarks")
        peer.say(*[replace(OPENING, outputs=outputs, fps=(240, 1))] * 4)
        for stream in count(1):
            for session in range(1, 60):  # whichever are its own
                peer.say(m.Start(session=session, stream=stream, rate=16_000, format="s16", pace="clip"))
                peer.say(m.Audio(session=session, stream=stream, first_sample=0, pcm=bytes(2 * 16_000)))
            time.sleep(0.5)
            if time.monotonic() >= end:
                return


def a_playlist_that_opens_itself(address: str, end: float) -> None:
    """Thirty-two bytes of concat text as a sound."""
    with connect_client(address) as client:
        session = client.open()
        for stream in count(1):
            client.say(m.Speak(session=session, stream=stream, sound=b"ffconcat version 1.0\nfile sound\n"))
            if not _until(client, end, 0.05):
                return


def junk_files(address: str, end: float) -> None:
    """Sounds and portraits of junk, as fast as the queue takes them."""
    with connect_client(address) as client:
        session = client.open()
        for stream in count(1):
            client.say(m.Speak(session=session, stream=stream, sound=bytes(200_000)))
            client.say(replace(OPENING, outputs=("weights",), portrait=b"\x89PNG\r\n\x1a\n" + bytes(200_000)))
            if not _until(client, end, 0.05):
                return
