// What the client's callers give and get: options, results, events, counters.
#pragma once

#include <memory>
#include <string>

#include "space/jitter_buffer.hpp"

namespace space {

/// What a call came to.
enum class Status : std::uint8_t {
    ok,
    bad_argument,  ///< outside its range, or bytes that are no whole samples
    closed,        ///< the session, or its client, is closed
    no_stream,     ///< there is no stream that takes this
    full,          ///< 30 s of sound, or 1,024 sessions: nothing was taken, try again later
};

enum class SampleFormat : std::uint8_t { s16, f32 };
enum class Pace : std::uint8_t { live, clip };

struct ClientOptions {
    std::string endpoint = "tcp://127.0.0.1:5570";
    std::string name = "space-cpp";             ///< the caller's name and version, for the server's log
    bool allow_remote = false;                  ///< not only loopback; the connection is neither encrypted nor checked
    std::size_t message_bytes = 16U << 20;      ///< longest part taken from the server
    double handshake_s = 2.0;
    double silence_s = 4.0;                     ///< without any message the server is gone
};

struct SessionOptions {
    bool weights = true, head = true, eyes = true, landmarks = false;
    std::string texture{};                      ///< `rgb`, `jpeg`, `webp`; empty: none
    u32 fps_numerator = 30, fps_denominator = 1;
    u32 playout_ms = 250;                       ///< how long after pushing a sound it is played
    std::string character{};                    ///< name of a picture on the server
    Buffer portrait{};                          ///< a picture file
    u32 lease_ms = 0;                           ///< 0: the server's default
};

/// A stream of pushed sound. Texts in `controls` need to live for the call alone.
struct StreamOptions {
    u32 rate = 16000;                           ///< hertz
    SampleFormat format = SampleFormat::s16;
    u32 channels = 1;                           ///< 1 … 8, interleaved
    u64 first_sample = 0;
    Pace pace = Pace::live;
    Controls controls{};
};

/// A stream whose sound is a file: its bytes, or its name on the server. Positions count the file's samples.
struct SpeakOptions {
    Bytes sound{};
    Text asset{};
    Pace pace = Pace::live;
    Controls controls{};
};

enum class EventKind : std::uint8_t {
    connected,     ///< text: the server
    disconnected,  ///< text: why
    opened,        ///< the session exists on the server (again)
    lost,          ///< the server ended the session; it is opened again. text: reason
    closed,        ///< for good. text: reason
    started,       ///< sample
    underrun,      ///< sample, late_ms
    finished,      ///< text: reason; sample, frames, dropped
    error,         ///< code, text
    bye,           ///< text: reason
};

struct Event {
    EventKind kind = EventKind::error;
    u32 session = 0;  ///< `Session::id()`; 0: none in particular
    u32 stream = 0;   ///< 0: none in particular
    double sample = 0;
    u32 late_ms = 0, frames = 0, dropped = 0;
    std::string code, text;
};

/// A picture; `pixels` as `format` says.
struct TextureImage {
    u32 stream = 0, index = 0;
    double sample = 0;
    std::string format;
    u32 width = 0, height = 0;
    Buffer pixels;
};
using TexturePointer = std::shared_ptr<const TextureImage>;

/// Counts since the client was made.
struct ClientCounts {
    u64 connections = 0;       ///< welcomed by a server
    u64 messages_sent = 0;
    u64 messages_received = 0;
    u64 bad_messages = 0;      ///< bytes that are none, or values that cannot be
    u64 unknown_messages = 0;  ///< of a type that this version does not know: ignored
    u64 events_dropped = 0;    ///< the oldest ones, when nobody takes them
};

/// Counts since the session was opened.
struct SessionCounts {
    FrameCounts frames;
    u64 underruns = 0;
    u64 textures = 0;
    u64 textures_dropped = 0;  ///< late, or too many
    u64 sound_dropped = 0;     ///< samples that were played before they could be sent
};

/// What the server said about itself; empty before the first `welcome`.
struct ServerInfo {
    std::string server, bundle;
    double look_ahead_s = 0;
    std::vector<std::string> weights, emotions;
    u64 message_bytes = 65536;
    u64 audio_ms = 10000;
    u64 messages_per_s = 1000;
    double chunk_pause_s = 0.01;  ///< between two chunks of a session's sound, so that small pushes become few messages
};

}  // namespace space
