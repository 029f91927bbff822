"""Clip formats: a baked clip as the files that engines and tools import.

One `Clip` of columns; a format is a writer and, for text formats, a reader; `table.FORMATS` lists them. May import
adapters (names and axes of what they send) and the protocol; knows nothing of the runtime.
"""

from engine_bridge.formats.clip import Channel as Channel
from engine_bridge.formats.clip import Clip as Clip
from engine_bridge.formats.clip import ClipError as ClipError
from engine_bridge.formats.options import FormatOptions as FormatOptions
from engine_bridge.formats.rig_file import read_rig as read_rig
from engine_bridge.formats.table import FORMATS as FORMATS
from engine_bridge.formats.table import ClipFormat as ClipFormat
