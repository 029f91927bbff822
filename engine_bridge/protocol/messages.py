"""Every message of the protocol as a value, those of clients from `client_messages`, those of servers from
`server_messages`; `schema` lists their fields for `wire` and the golden vectors.

Their annotations (`field_types`) say how a value travels; ``None`` means absent. Fields are written in the order in
which they stand here, those of a base class last: the controls and outputs, which `field_table` lists. Meaning, units
and rules of every field: ``engine_bridge/PROTOCOL.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine_bridge.protocol.client_messages import Audio as Audio
from engine_bridge.protocol.client_messages import Close as Close
from engine_bridge.protocol.client_messages import Credit as Credit
from engine_bridge.protocol.client_messages import End as End
from engine_bridge.protocol.client_messages import Hello as Hello
from engine_bridge.protocol.client_messages import Idle as Idle
from engine_bridge.protocol.client_messages import Interrupt as Interrupt
from engine_bridge.protocol.client_messages import Motion as Motion
from engine_bridge.protocol.client_messages import Open as Open
from engine_bridge.protocol.client_messages import Resume as Resume
from engine_bridge.protocol.client_messages import Set as Set
from engine_bridge.protocol.client_messages import Speak as Speak
from engine_bridge.protocol.client_messages import Start as Start
from engine_bridge.protocol.control_fields import Controlled as Controlled
from engine_bridge.protocol.control_fields import Seeded as Seeded
from engine_bridge.protocol.enums import ErrorCode as ErrorCode
from engine_bridge.protocol.enums import Pace as Pace
from engine_bridge.protocol.enums import Reason as Reason
from engine_bridge.protocol.enums import SampleFormat as SampleFormat
from engine_bridge.protocol.enums import TextureFormat as TextureFormat
from engine_bridge.protocol.field_table import N_LANDMARKS as N_LANDMARKS
from engine_bridge.protocol.field_table import N_WEIGHTS as N_WEIGHTS
from engine_bridge.protocol.field_types import U64
from engine_bridge.protocol.field_types import Floats as Floats
from engine_bridge.protocol.output_fields import Output as Output
from engine_bridge.protocol.server_messages import Bye as Bye
from engine_bridge.protocol.server_messages import Closed as Closed
from engine_bridge.protocol.server_messages import Error as Error
from engine_bridge.protocol.server_messages import Finished as Finished
from engine_bridge.protocol.server_messages import Frame as Frame
from engine_bridge.protocol.server_messages import Notice as Notice
from engine_bridge.protocol.server_messages import Opened as Opened
from engine_bridge.protocol.server_messages import Resumed as Resumed
from engine_bridge.protocol.server_messages import Started as Started
from engine_bridge.protocol.server_messages import Texture as Texture
from engine_bridge.protocol.server_messages import Underrun as Underrun
from engine_bridge.protocol.server_messages import Welcome as Welcome

VERSION: Final = 1
"""Version of the protocol that this package speaks."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ping:
    """Either side: are you there?"""

    nonce: U64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pong:
    """Either side: the answer to `Ping`."""

    nonce: U64


ClientMessage = (
    Hello | Open | Resume | Start | Audio | Speak | Idle | Set | Motion | End | Interrupt | Credit | Close | Ping | Pong
)
ServerMessage = (
    Welcome
    | Opened
    | Resumed
    | Started
    | Frame
    | Texture
    | Underrun
    | Notice
    | Finished
    | Closed
    | Error
    | Bye
    | Ping
    | Pong
)
Message = ClientMessage | ServerMessage
