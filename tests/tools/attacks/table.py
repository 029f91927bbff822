"""The attacks by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.tools.attacks import abuses, floods

Attack = Callable[[str, float], None]
"""Takes the server's address and the time (monotonic) at which to end."""

ATTACKS: Final[dict[str, Attack]] = {
    attack.__name__.replace("_", "-"): attack
    for attack in (
        floods.endless_big_parts_before_hello,
        floods.endless_empty_parts_before_hello,
        floods.endless_big_parts,
        floods.endless_empty_parts,
        floods.slow_messages_without_end,
        floods.junk_in_64_parts,
        floods.junk_in_64_parts_before_hello,
        floods.pings,
        floods.pings_of_the_transport,
        floods.early_messages,
        floods.large_messages,
        floods.large_junk,
        floods.too_large_parts,
        floods.bombs,
        floods.mutated_messages,
        floods.garbage_connections,
        floods.half_open_connections,
        floods.slow_handshakes,
        floods.connections_that_hang_up,
        abuses.all_sessions,
        abuses.sessions_by_reconnecting,
        abuses.open_and_close,
        abuses.extreme_gaze,
        abuses.long_silence,
        abuses.early_sound,
        abuses.silence_by_number,
        abuses.controls_without_end,
        abuses.a_reader_that_never_reads,
        abuses.a_playlist_that_opens_itself,
        abuses.junk_files,
    )
}
