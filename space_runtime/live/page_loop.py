"""Lines spoken for the pages of a viewer, one after the other, until the program is asked to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine_bridge.adapters import Sink
from engine_bridge.adapters.page_requests import PageMicrophone, Replay, Request, SoundFile
from engine_bridge.adapters.web_player import WebPlayer
from engine_bridge.client import ClientSession
from engine_bridge.client.jitter import Pose
from space_runtime.errors import MediaError, SpaceError
from space_runtime.live.player import FrameSender, PlaybackResult
from space_runtime.live.speech import Speech, SpeechSettings
from space_runtime.live.upload import uploaded_source
from space_runtime.timebase import SAMPLE_RATE

FILE_DELAY_S: Final = 0.25
"""From a frame's coming to its being shown, for a sound whose delay nobody feels."""
LIVE_DELAY_S: Final = 0.12
"""The same for a microphone."""
IDLE_FPS: Final = 30.0
POLL_S: Final = 0.05


class PageLoop:
    """Speaks lines to the pages of a player and to other sinks. watch: called with every pose, see `Player.speak`."""

    def __init__(
        self,
        session: ClientSession,
        page: WebPlayer,
        others: Sequence[Sink],
        settings: SpeechSettings,
        watch: Callable[[float, Pose], None],
    ) -> None:
        self._session = session
        self._page = page
        self._sinks = (page, *others)
        self._settings = settings
        self._watch = watch
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End, from any thread and from a signal's handler."""
        self._stopped.set()

    def run(self, speech: Speech) -> Iterator[PlaybackResult]:
        """Wait until somebody looks, speak, and then whatever pages ask for; yield the result of every line.

        A page that asks for something before is given that instead. Raises what the first line raises; what is wrong
        with a later one is told to the pages.
        """
        self._idle_until(lambda: self._page.is_awaited or not self._page.requests.empty())
        if not self._is_interrupted():
            yield self.speak(speech)
        while (request := self._next_request()) is not None:
            wanted = self._speech_of(request, speech)
            if wanted:
                speech = wanted
                yield from self._speak_again(speech)

    def speak(self, speech: Speech) -> PlaybackResult:
        """Speak a line to its end, or until something else is asked for. Raises what its source raises."""
        settings, page, source = self._settings, self._page, speech.source()
        player = settings.player(self._session, self._sinks, speech, page)
        page.begin(speech.title, source.rate, speech.is_audible, LIVE_DELAY_S if speech.is_live else FILE_DELAY_S)
        cut = True
        try:
            result = player.speak(source, settings.controls, settings.direction, self._watch, self._is_interrupted)
            cut = self._is_interrupted()
        finally:
            page.over(cut)
        return result

    def _is_interrupted(self) -> bool:
        return self._stopped.is_set() or not self._page.requests.empty()

    def _next_request(self) -> Request | None:
        """Let the face live until a page asks for something; None at the end."""
        self._idle_until(lambda: not self._page.requests.empty())
        return None if self._stopped.is_set() else self._page.requests.get()

    def _speech_of(self, request: Request, last: Speech) -> Speech | None:
        """Return what is to be spoken now; None for nothing."""
        if isinstance(request, Replay) and not last.can_be_repeated:
            self._page.note(f"{last.title} cannot be repeated: nothing of it is kept")
        elif isinstance(request, Replay):
            return last
        elif isinstance(request, PageMicrophone):
            return Speech("the microphone", lambda: request, True, False, False)
        elif isinstance(request, SoundFile):
            return self._uploaded(request)
        return None

    def _uploaded(self, file: SoundFile) -> Speech | None:
        try:
            source = uploaded_source(file.title, file.content, self._stopped.is_set)
        except MediaError as error:
            self._page.note(str(error))
            return None
        for sentence in source.notes:
            self._page.note(sentence)
        return Speech(file.title, lambda: source)

    def _speak_again(self, speech: Speech) -> Iterator[PlaybackResult]:
        try:
            yield self.speak(speech)
        except SpaceError as error:
            self._page.note(str(error))

    def _idle_until(self, done: Callable[[], bool]) -> None:
        """Show a face that lives, for as long as somebody looks."""
        while not (done() or self._stopped.is_set()):
            if self._page.n_pages:
                self._idle_while(lambda: not done() and self._page.n_pages > 0)
            else:
                self._stopped.wait(POLL_S)

    def _idle_while(self, wanted: Callable[[], bool]) -> None:
        self._session.idle(self._settings.controls)
        sender = FrameSender(self._session, [self._page], self._settings.name)
        self._page.begin("", 0, False, 0.0)
        begun_at = time.monotonic() + self._settings.playout_s
        while wanted() and not self._stopped.wait(1 / IDLE_FPS):
            seconds = time.monotonic() - begun_at
            if seconds >= 0:
                sender.send(self._session.evaluate(seconds * SAMPLE_RATE), seconds, SAMPLE_RATE)
        self._session.interrupt()
