// The ranges of the numbers in a server's messages; what lies outside is no message.
//
// Written by tests/tools/generate_protocol.py from engine_bridge/protocol/server_ranges.py; change that.
#pragma once

#include "space/message_values.hpp"

namespace space {

/// The range of a number, or of each number of an array: outside it there is no message, within it numbers
/// are clamped to least … most.
struct ServerRange {
    const char *message, *field;
    double low, high, least, most;
};

constexpr ServerRange kServerRanges[] = {
    {"welcome", "look_ahead_s", 0.0, 3600.0, 0.0, 3600.0},
    {"opened", "look_ahead_s", 0.0, 3600.0, 0.0, 3600.0},
    {"started", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0},
    {"underrun", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0},
    {"finished", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0},
    {"frame", "index", 0.0, 2147483647.0, 0.0, 2147483647.0},
    {"frame", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0},
    {"frame", "speech", -100.0, 100.0, 0.0, 1.0},
    {"frame", "weights", -100.0, 100.0, 0.0, 1.0},
    {"frame", "head", -1000.0, 1000.0, -1000.0, 1000.0},
    {"frame", "eyes", -10.0, 10.0, -10.0, 10.0},
    {"frame", "landmarks", -10000.0, 10000.0, -10000.0, 10000.0},
    {"frame", "keypoints", -1000000.0, 1000000.0, -1000000.0, 1000000.0},
    {"texture", "index", 0.0, 2147483647.0, 0.0, 2147483647.0},
    {"texture", "sample", 0.0, 9007199254740992.0, 0.0, 9007199254740992.0},
    {"texture", "width", 1.0, 8192.0, 1.0, 8192.0},
    {"texture", "height", 1.0, 8192.0, 1.0, 8192.0},
};

/// A limit of `welcome` that a client follows; a number outside counts as the nearest end.
struct LimitRange {
    const char* name;
    u64 least, most;
};

constexpr LimitRange kLimitRanges[] = {
    {"message_bytes", 65536, 1073741824},
    {"audio_ms", 100, 600000},
    {"messages_per_s", 1, 1000000},
};

}  // namespace space
