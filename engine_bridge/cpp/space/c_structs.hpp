// Structures of the C interface that carry their size: read from, and written to, callers of other versions.
#pragma once

#include <cstring>

#include "space/client.hpp"
#include "space/space.h"

struct space_pose {
    space::Pose pose;
};

namespace space::c {

inline space_status status_of(Status status) { return static_cast<space_status>(status); }

/// Notes that a pointer is null.
space_status null(const char* argument);

/// Copies what fits, cut between characters, with a zero at the end.
void copy_text(const std::string& from, char* to, std::size_t room);

constexpr std::size_t kSmallest = 2 * sizeof(std::size_t);  ///< bytes: the size and a first member

/// Returns ok if a caller may have this size of a structure, which `name` calls in the reason why not.
template <class T> Status check_size(const char* name, std::size_t size) {
    if (size >= kSmallest && size <= sizeof(T) && size % sizeof(std::uint32_t) == 0) return Status::ok;
    return fail(Status::bad_argument, "%s.size is %zu; expected %zu to %zu, sizeof of the structure", name, size, kSmallest,
                sizeof(T));
}

/// Copies what the caller has of a structure; the members it lacks keep their value in `to`.
template <class T> Status read(const char* name, const T& from, T& to) {
    const Status status = check_size<T>(name, from.size);
    if (status == Status::ok) std::memcpy(static_cast<void*>(&to), &from, from.size);
    return status;
}

/// Writes the members that a caller's structure of `size` bytes has, that size among them.
template <class T> Status write(const char* name, T from, T* to, std::size_t size) {
    const Status status = check_size<T>(name, size);
    from.size = size;
    if (status == Status::ok) std::memcpy(static_cast<void*>(to), &from, size);
    return status;
}

space_client_options client_defaults();
space_session_options session_defaults();
space_stream_options stream_defaults();
space_speak_options speak_defaults();
space_controls controls_defaults();

/// Conversions to the options of the C++ client. Null gives the defaults; what cannot be is a `bad_argument`.
Status convert(const space_client_options* from, ClientOptions& to);
Status convert(const space_session_options* from, SessionOptions& to);
Status convert(const space_stream_options* from, StreamOptions& to);
Status convert(const space_speak_options* from, SpeakOptions& to);
Status convert(const space_controls* from, Controls& to);

}  // namespace space::c
