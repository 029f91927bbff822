"""The time stamps of the picture beside a sound: where they begin anew, another file is glued on, its sound with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

BACK_S: Final = Fraction(1, 10)
AHEAD_S: Final = 10
"""FFmpeg's rule for formats whose time may jump: so far back, or so far ahead, is another file."""
NO_TIME_S: Final = 1e11
"""A time stamp further off than three thousand years is none: muxers wrap what is below 0."""


@dataclass(slots=True)
class PictureTime:
    """Follows a picture packet by packet. shift: seconds to add to time stamps, of the sound too."""

    shift: Fraction = field(default_factory=Fraction)
    _end: Fraction | None = None

    def take(self, packet: Packet[Stream]) -> None:
        """Take the next packet of the picture."""
        if packet.dts is None or abs(packet.dts * packet.time_base) > NO_TIME_S:
            return
        at = packet.dts * packet.time_base + self.shift
        if self._end is not None and not self._end - BACK_S <= at <= self._end + AHEAD_S:
            self.shift += self._end - at
            at = self._end
        self._end = at + (packet.duration or 0) * packet.time_base
