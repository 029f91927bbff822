"""A sound file opens no other file: playlists and descriptions are refused at once, whatever they are called."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from space_runtime.errors import MediaError
from space_runtime.file_reader.requests import ReadSound
from space_runtime.file_reader.sounds import SoundFiles, TooLong
from space_runtime.media.audio_file import open_sound
from tests.support.sounds import speechlike

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{other}\n#EXT-X-ENDLIST\n"
LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile {other}\n",
    "ffconcat_url": "ffconcat version 1.0\nfile 'file://{other}'\n",
    "hls": HLS,
    "hls_url": HLS.replace("{other}", "file://{other}"),
    "m3u": "{other}\n",
    "pls": "[playlist]\nFile1={other}\nNumberOfEntries=1\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT7S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet '
    'mimeType="audio/wav"><Representation id="1" bandwidth="1"><BaseURL>{other}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "imf": '<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"/>',
    "xspf": '<?xml version="1.0"?><playlist version="1"><trackList><track><location>{other}</location></track>'
    "</trackList></playlist>",
    "cue": 'FILE "{other}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "vapoursynth": "import vapoursynth\n",
}


@pytest.mark.parametrize("ending", ["wav", "m3u8", "mpd", "txt", "sdp", "mp4", "ffconcat"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_files_is_refused(tmp_path: Path, kind: str, ending: str) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, speechlike(0.2), 16_000)
    path = tmp_path / f"list.{ending}"
    path.write_text(LISTS[kind].replace("{other}", str(other)))
    with pytest.raises(MediaError, match="not a sound"):
        open_sound(path)


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_names_itself_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "sound.m3u8"
    path.write_text(LISTS[kind].replace("{other}", "sound.m3u8"))
    with pytest.raises(MediaError, match="not a sound"):
        open_sound(path)


@pytest.mark.parametrize("kind", LISTS)
def test_an_upload_that_names_files_is_refused_without_a_path(kind: str) -> None:
    with pytest.raises(MediaError, match=r"^the sound is not a sound") as refused:
        SoundFiles().read(ReadSound(1, LISTS[kind].replace("{other}", "sound").encode(), "", 0, 9, 10))
    assert "/" not in str(refused.value).replace("MP3 or m4a", "")


@pytest.mark.parametrize("name", ["concat:a.wav|a.wav", "subfile,,start,0,end,9,,:a.wav", "data:,x", "a%03d.wav"])
def test_the_name_of_a_file_is_no_address(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no sound at all " * 9)
    soundfile.write(tmp_path / "a.wav", speechlike(0.2), 16_000)
    with pytest.raises(MediaError, match="not a sound"):
        open_sound(tmp_path / name)


def test_an_upload_longer_than_the_limit_is_refused_early(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    soundfile.write(path, speechlike(30), 16_000)
    with pytest.raises(TooLong):
        SoundFiles().read(ReadSound(1, path.read_bytes(), "", 0, 9, 10))
