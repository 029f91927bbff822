#include "space/last_error.hpp"

#include <cstdarg>
#include <cstdio>

namespace space {

namespace {

thread_local char reason[256] = "";

}  // namespace

const char* last_error() noexcept { return reason; }

Status fail(Status status, const char* format, ...) noexcept {
    std::va_list values;
    va_start(values, format);
    if (std::vsnprintf(reason, sizeof reason, format, values) < 0) reason[0] = '\0';
    va_end(values);
    return status;
}

}  // namespace space
