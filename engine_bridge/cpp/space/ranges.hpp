// A server's messages held against the table of ranges, PROTOCOL.md section 6.
#pragma once

#include <string>

#include "space/messages.hpp"

namespace space {

/// Clamps numbers to their ranges. Returns what lies outside, in words; empty where nothing does.
std::string check_ranges(Message& message);

/// The reason why a client cannot work with a server, one sentence; empty if it can.
std::string problem_with(const Welcome& welcome);

/// A limit that a server states, within its range; `otherwise` where it states none.
u64 limit_of(const Counts& limits, Text name, u64 otherwise);

/// True if a picture is what it says: its bytes begin as its format does, and are as many as its size wants.
bool is_picture(const Texture& texture);

}  // namespace space
