// Every message of the protocol as a value; `fields` is the table that wire.cpp follows, in the order of PROTOCOL.md.
//
// Texts and bytes are views: of the caller's memory in a message to be encoded, of the input in a decoded one.
#pragma once

#include <variant>

#include "space/generated/control_fields.hpp"
#include "space/generated/output_fields.hpp"
#include "space/message_values.hpp"

namespace space {

struct Hello {
    static constexpr const char* type = "hello";
    Numbers versions;
    Text client;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("versions", m.versions), visit("client", m.client);
    }
};

struct Welcome : OutputCounts {
    static constexpr const char* type = "welcome";
    u32 version = 0;
    Text server, bundle;
    double look_ahead_s = 0;
    Texts weights, emotions, outputs, textures;
    Counts limits;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("version", m.version), visit("server", m.server), visit("bundle", m.bundle);
        visit("look_ahead_s", m.look_ahead_s), visit("weights", m.weights), visit("emotions", m.emotions);
        visit("outputs", m.outputs), visit("textures", m.textures), visit("limits", m.limits);
        OutputCounts::fields(m, visit);
    }
};

struct Open {
    static constexpr const char* type = "open";
    u32 request = 0;
    Texts outputs;
    Numbers fps;  ///< numerator, denominator
    u32 playout_ms = 0, until = 0;
    Maybe<Text> character;
    Maybe<Bytes> portrait;
    Maybe<Text> texture;
    Maybe<u32> lease_ms;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("request", m.request), visit("outputs", m.outputs), visit("fps", m.fps);
        visit("playout_ms", m.playout_ms), visit("until", m.until), visit("character", m.character);
        visit("portrait", m.portrait), visit("texture", m.texture), visit("lease_ms", m.lease_ms);
    }
};

struct Opened {
    static constexpr const char* type = "opened";
    u32 request = 0, session = 0;
    Bytes token;
    double look_ahead_s = 0;
    u32 lease_ms = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("request", m.request), visit("session", m.session), visit("token", m.token);
        visit("look_ahead_s", m.look_ahead_s), visit("lease_ms", m.lease_ms);
    }
};

struct Resume {
    static constexpr const char* type = "resume";
    u32 request = 0;
    Bytes token;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("request", m.request), visit("token", m.token);
    }
};

struct Resumed {
    static constexpr const char* type = "resumed";
    u32 request = 0, session = 0, stream = 0;
    u64 next_sample = 0;
    u32 seq = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("request", m.request), visit("session", m.session), visit("stream", m.stream);
        visit("next_sample", m.next_sample), visit("seq", m.seq);
    }
};

struct Start : Controls {
    static constexpr const char* type = "start";
    u32 session = 0, stream = 0, rate = 0;
    Text format;
    Maybe<u32> channels;
    Maybe<u64> first_sample;
    Maybe<Text> pace;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("rate", m.rate), visit("format", m.format);
        visit("channels", m.channels), visit("first_sample", m.first_sample), visit("pace", m.pace);
        Controls::fields(m, visit);
    }
};

struct Audio {
    static constexpr const char* type = "audio";
    u32 session = 0, stream = 0;
    u64 first_sample = 0;
    Bytes pcm;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("first_sample", m.first_sample);
        visit("pcm", m.pcm);
    }
};

struct Speak : Controls {
    static constexpr const char* type = "speak";
    u32 session = 0, stream = 0;
    Maybe<Bytes> sound;
    Maybe<Text> asset, pace;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("sound", m.sound);
        visit("asset", m.asset), visit("pace", m.pace);
        Controls::fields(m, visit);
    }
};

struct Idle : Controls {
    static constexpr const char* type = "idle";
    u32 session = 0, stream = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream);
        Controls::fields(m, visit);
    }
};

struct Set : Controls {  // its seed is never written
    static constexpr const char* type = "set";
    u32 session = 0, stream = 0;
    u64 at_sample = 0;
    Maybe<u32> fade_ms;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("at_sample", m.at_sample);
        visit("fade_ms", m.fade_ms);
        Controls::without_seed(m, visit);
    }
};

struct Motion {
    static constexpr const char* type = "motion";
    u32 session = 0, stream = 0;
    u64 at_sample = 0;
    FloatGroups<64> rows;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("at_sample", m.at_sample);
        visit("rows", m.rows);
    }
};

struct End {
    static constexpr const char* type = "end";
    u32 session = 0, stream = 0;
    u64 n_samples = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("n_samples", m.n_samples);
    }
};

struct Interrupt {
    static constexpr const char* type = "interrupt";
    u32 session = 0, stream = 0;
    u64 at_sample = 0;
    u32 fade_ms = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("at_sample", m.at_sample);
        visit("fade_ms", m.fade_ms);
    }
};

struct Credit {
    static constexpr const char* type = "credit";
    u32 session = 0, until = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("until", m.until);
    }
};

struct Close {
    static constexpr const char* type = "close";
    u32 session = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) { visit("session", m.session); }
};

struct Ping {
    static constexpr const char* type = "ping";
    u64 nonce = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) { visit("nonce", m.nonce); }
};

struct Pong {
    static constexpr const char* type = "pong";
    u64 nonce = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) { visit("nonce", m.nonce); }
};

struct Started {
    static constexpr const char* type = "started";
    u32 session = 0, stream = 0;
    double sample = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("sample", m.sample);
    }
};

struct Frame : FrameOutputs {
    static constexpr const char* type = "frame";
    u32 session = 0, stream = 0, seq = 0, index = 0;
    double sample = 0;
    float speech = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("seq", m.seq), visit("index", m.index);
        visit("sample", m.sample), visit("speech", m.speech);
        FrameOutputs::fields(m, visit);
    }
};

struct Texture {
    static constexpr const char* type = "texture";
    u32 session = 0, stream = 0, index = 0;
    double sample = 0;
    Text format;
    u32 width = 0, height = 0;
    Bytes pixels;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("index", m.index), visit("sample", m.sample);
        visit("format", m.format), visit("width", m.width), visit("height", m.height), visit("pixels", m.pixels);
    }
};

struct Underrun {
    static constexpr const char* type = "underrun";
    u32 session = 0, stream = 0;
    double sample = 0;
    u32 late_ms = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("sample", m.sample);
        visit("late_ms", m.late_ms);
    }
};

struct Notice {
    static constexpr const char* type = "notice";
    u32 session = 0, stream = 0;
    Text message;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("message", m.message);
    }
};

struct Finished {
    static constexpr const char* type = "finished";
    u32 session = 0, stream = 0;
    Text reason;
    double sample = 0;
    u32 frames = 0, dropped = 0;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("stream", m.stream), visit("reason", m.reason);
        visit("sample", m.sample), visit("frames", m.frames), visit("dropped", m.dropped);
    }
};

struct Closed {
    static constexpr const char* type = "closed";
    u32 session = 0;
    Text reason;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("session", m.session), visit("reason", m.reason);
    }
};

struct Error {
    static constexpr const char* type = "error";
    Text code, message;
    Maybe<u32> request, session, stream;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) {
        visit("code", m.code), visit("message", m.message), visit("request", m.request);
        visit("session", m.session), visit("stream", m.stream);
    }
};

struct Bye {
    static constexpr const char* type = "bye";
    Text reason;
    template <class Self, class Visit> static void fields(Self& m, Visit& visit) { visit("reason", m.reason); }
};

using Message = std::variant<Ping, Frame, Texture, Pong, Started, Underrun, Notice, Finished, Closed, Error, Bye,
                             Welcome, Opened, Resumed, Hello, Open, Resume, Start, Audio, Speak, Idle, Set, Motion, End,
                             Interrupt, Credit, Close>;

}  // namespace space
