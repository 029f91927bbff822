#include "space/drive_store.hpp"

#include <algorithm>
#include <cmath>

#include "space/last_error.hpp"

namespace space {

namespace {

constexpr double kLatestRow = 9007199254740992.0, kLongestOffset = 16777216.0;  // 2^53, 2^24

bool all_within(const float* values, std::size_t n, float most) {
    return std::all_of(values, values + n, [most](float value) { return std::fabs(value) <= most; });  // false for NaN
}

/// The numbers of a row whose range is exceeded; null where none is.
const char* fault_of(const MotionRow& row) {
    if (!(row.confidence >= 0 && row.confidence <= 1)) return "confidence is outside 0 to 1";
    if (!all_within(row.blendshapes.data(), row.blendshapes.size(), 1)) return "blendshapes are outside -1 to 1";
    if (!all_within(row.head.data(), 3, 3.2F)) return "angles of the head are outside -3.2 to 3.2";
    if (!all_within(row.head.data() + 3, 3, 1000)) return "places of the head are outside -1000 to 1000";
    if (!all_within(row.eyes.data(), row.eyes.size(), 1.6F)) return "angles of the eyes are outside -1.6 to 1.6";
    return nullptr;
}

void append_float(Buffer& out, float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(bits >> (8 * i)));
}

void append_row(Buffer& out, const MotionRow& row, double offset) {
    append_float(out, static_cast<float>(offset));
    append_float(out, row.confidence);
    for (const float value : row.blendshapes) append_float(out, value);
    for (const float value : row.head) append_float(out, value);
    for (const float value : row.eyes) append_float(out, value);
}

}  // namespace

Status DriveStore::give(const MotionRow* rows, std::size_t n) {
    double last = newest_;
    for (std::size_t i = 0; i < n; ++i) {
        const double sample = rows[i].sample;
        if (!(sample > last && sample <= kLatestRow)) {
            return fail(Status::bad_argument, "row %zu is at sample %g; expected more than %g, at most 2^53", i, sample, last);
        }
        if (const char* fault = fault_of(rows[i])) return fail(Status::bad_argument, "row %zu: %s", i, fault);
        last = sample;
    }
    if (rows_.size() - next_ + n > kCapacity) return fail(Status::full, "%zu rows of motion wait already", rows_.size() - next_);
    rows_.insert(rows_.end(), rows, rows + n);
    newest_ = last;
    return Status::ok;
}

std::size_t DriveStore::ahead_of(double animated) const {
    std::size_t n = 0;
    while (n < next_ && rows_[next_ - 1 - n].sample > animated) ++n;
    return n;
}

void DriveStore::post(u32 session, u32 stream, double animated, double until, double shift, Outbox& out) {
    std::size_t room = kAhead - std::min(kAhead, ahead_of(animated));
    while (next_ < rows_.size() && rows_[next_].sample < shift) ++next_;
    Buffer bytes;
    while (room > 0 && next_ < rows_.size() && rows_[next_].sample <= until) {
        const double first = std::floor(rows_[next_].sample);
        std::size_t after = next_;
        bytes.clear();
        for (; after < rows_.size() && after - next_ < std::min(kMostRows, room); ++after) {
            const double offset = rows_[after].sample - first;
            if (rows_[after].sample > until || offset > kLongestOffset) break;
            append_row(bytes, rows_[after], offset);
        }
        const double at = std::max(0.0, first - shift);
        if (!out.post(Motion{session, stream, static_cast<u64>(at), {Bytes(bytes)}})) return;
        room -= after - next_;
        next_ = after;
    }
}

void DriveStore::rewind(double sample) {
    while (next_ > 0 && rows_[next_ - 1].sample > sample) --next_;
}

void DriveStore::forget(double before) {
    while (next_ > 0 && rows_.front().sample < before) rows_.pop_front(), --next_;
}

}  // namespace space
