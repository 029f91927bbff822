#include "space/controls_check.hpp"

#include <cmath>

#include "space/last_error.hpp"
#include "space/wire.hpp"

namespace space {

namespace {

/// Finds the first control with a number that is not finite.
struct NotFinite {
    const char* name = nullptr;
    void operator()(const char* key, const Maybe<float>& value) { note(key, !value || std::isfinite(*value)); }
    template <std::size_t N> void operator()(const char* key, const Maybe<FloatsOrNone<N>>& value) {
        for (std::size_t i = 0; value && i < N; ++i) note(key, value->none || std::isfinite(value->values[i]));
    }
    template <class T> void operator()(const char*, const T&) {}
    void note(const char* key, bool finite) {
        if (!finite && !name) name = name_of(key);
    }
    /// The member of `Controls` with this name on the wire.
    static const char* name_of(std::string_view key) {
        for (const ControlField& field : kControlFields) {
            if (key == field.key) return field.name;
        }
        return "a value";
    }
};

}  // namespace

Status check_controls(const Controls& controls) {
    Idle idle;
    static_cast<Controls&>(idle) = controls;
    Buffer bytes;
    if (encode_as(idle, bytes)) return Status::ok;
    NotFinite found;
    Controls::fields(controls, found);
    if (found.name) return fail(Status::bad_argument, "controls: %s is not finite", found.name);
    return fail(Status::bad_argument, "controls: seed is 2^63 or more, or a text is no UTF-8 or too long, or a value of "
                                      "emotion or style is not finite or given twice");
}

}  // namespace space
