// Rows of motion of one stream: kept until they are posted, and as long as they may be needed again.
#pragma once

#include <deque>

#include "space/client_values.hpp"
#include "space/outbox.hpp"

namespace space {

class DriveStore {
public:
    static constexpr std::size_t kNumbers = 64;      ///< of a row on the wire
    static constexpr std::size_t kMostRows = 250;    ///< in one message
    static constexpr std::size_t kAhead = 512;       ///< beyond the newest frame, half of what a server keeps
    static constexpr std::size_t kCapacity = 65536;  ///< waiting

    /// Appends rows whose times rise. Nothing is taken where one of them is none that a server takes.
    Status give(const MotionRow* rows, std::size_t n);
    /// Posts what is due. `animated`: media time of the newest frame; `until`: no later row; `shift`: samples that the
    /// server counts too few.
    void post(u32 session, u32 stream, double animated, double until, double shift, Outbox& out);
    /// Posts what is later than a sample again.
    void rewind(double sample);
    /// Drops rows that were posted and are older than a sample.
    void forget(double before);

private:
    std::size_t ahead_of(double animated) const;

    std::deque<MotionRow> rows_;
    std::size_t next_ = 0;  ///< the first row that has not been posted
    double newest_ = -1;    ///< time of the last row ever given
};

}  // namespace space
