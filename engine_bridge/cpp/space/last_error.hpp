// The reason of a refusal, in words, for the thread that made the call.
#pragma once

#include "space/client_values.hpp"

namespace space {

/// The reason why the newest call of this thread that did not return `Status::ok` failed, in one sentence: the argument
/// concerned, its value, the expected one. Empty before the first. Valid until this thread's next failing call.
const char* last_error() noexcept;

/// Notes the reason of a failing call (`format` as of `printf`, cut to 255 bytes). Returns `status`.
#if defined(__GNUC__) && !defined(_WIN32)  // there, `printf` means an older one that knows no %zu
__attribute__((format(printf, 2, 3)))
#endif
Status fail(Status status, const char* format, ...) noexcept;

}  // namespace space
