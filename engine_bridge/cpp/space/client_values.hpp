// The values that callers of the client give and get: options, results, events, counters.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "space/jitter_buffer.hpp"

namespace space {

/// The result of a call; `last_error()` gives the reason of any but `ok` in words.
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
    bool blendshapes = true, head = true, eyes = true, landmarks = false, keypoints = false;
    bool texture = false;                       ///< pictures too; they need `character` or `portrait`
    std::string texture_format = "jpeg";        ///< `jpeg`, `rgb` or `webp`; another one than jpeg asks for pictures too
    std::uint32_t fps_numerator = 30, fps_denominator = 1;
    std::uint32_t playout_ms = 200;             ///< from pushing a sound to its playback
    std::string character{};                    ///< name of a picture on the server
    std::vector<std::uint8_t> portrait{};       ///< a picture file
    std::uint32_t lease_ms = 0;                 ///< 0: the server's default
};

/// A stream of pushed sound. Texts in `controls` need to live for the call alone.
struct StreamOptions {
    std::uint32_t rate = 16000;                 ///< hertz, 1 … 768,000
    SampleFormat format = SampleFormat::s16;
    std::uint32_t channels = 1;                 ///< 1 … 8, interleaved
    std::uint64_t first_sample = 0;
    Pace pace = Pace::live;
    Controls controls{};
};

/// A stream whose sound is a file: its bytes, or its name on the server. Positions count the file's samples.
struct SpeakOptions {
    std::vector<std::uint8_t> sound{};          ///< a sound file
    std::string asset{};                        ///< its name on the server
    Pace pace = Pace::live;
    Controls controls{};
};

/// One row of motion that drives a face: an instant of a person in front of a camera, or of a take.
struct MotionRow {
    double sample = 0;                          ///< media time
    float confidence = 1;                       ///< below 0.5 nobody is seen, and speech takes over
    std::array<float, 52> blendshapes{};        ///< offsets from the driver's rest, -1 … 1, in the order of a pose's
    std::array<float, 6> head{};                ///< yaw, pitch, roll, then x, y, z, relative to his rest
    std::array<float, 4> eyes{};                ///< yaw, pitch in the head of the left eye, then of the right
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
    notice,        ///< a sentence about a stream's sound; nothing ends. text
};

struct Event {
    EventKind kind = EventKind::error;
    std::uint32_t session = 0;  ///< `Session::id()`; 0: none in particular
    std::uint32_t stream = 0;   ///< 0: none in particular
    double sample = 0;
    std::uint32_t late_ms = 0, frames = 0, dropped = 0;
    std::string code, text;
};

/// A picture; `pixels` as `format` says.
struct TextureImage {
    std::uint32_t stream = 0, index = 0;
    double sample = 0;
    std::string format;
    std::uint32_t width = 0, height = 0;
    std::vector<std::uint8_t> pixels;
};
using TexturePointer = std::shared_ptr<const TextureImage>;

/// Counts since the client was made.
struct ClientCounts {
    std::uint64_t connections = 0;       ///< welcomed by a server
    std::uint64_t messages_sent = 0;
    std::uint64_t messages_received = 0;
    std::uint64_t bad_messages = 0;      ///< bytes that are none, or values that cannot be
    std::uint64_t unknown_messages = 0;  ///< of a type that this version does not know: ignored
    std::uint64_t events_dropped = 0;    ///< the oldest ones, when nobody takes them
};

/// Counts since the session was opened.
struct SessionCounts {
    FrameCounts frames;
    std::uint64_t underruns = 0;
    std::uint64_t textures = 0;
    std::uint64_t textures_dropped = 0;  ///< late, or too many
    std::uint64_t sound_dropped = 0;     ///< samples that were played before they could be sent
};

/// The server's description of itself; empty before the first `welcome`.
struct ServerInfo {
    std::string server, bundle;
    double look_ahead_s = 0;
    std::vector<std::string> blendshapes, emotions;
    std::uint32_t keypoints = 0;  ///< in a frame, three numbers each; 0: this server offers none
    std::uint64_t message_bytes = 65536;
    std::uint64_t audio_ms = 10000;
    std::uint64_t messages_per_s = 1000;
    double chunk_pause_s = 0.01;  ///< between two chunks of a session's sound, so that small pushes become few messages
};

}  // namespace space
