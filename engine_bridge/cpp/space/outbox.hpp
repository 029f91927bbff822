// The way of messages to the server.
#pragma once

#include <string>

#include "space/wire.hpp"

namespace space {

class Outbox {
public:
    /// Queues a message. False if it has no wire form or is longer than the server takes.
    template <class T> bool post(const T& message) {
        scratch_.clear();
        return encode_as(message, scratch_) && put(scratch_);
    }
    /// True if so much is queued that sound should wait.
    virtual bool is_crowded() const = 0;
    /// The server is what it should be; its parts may have this many bytes.
    virtual void settle(u64 part_bytes) = 0;
    /// The connection is of no more use: end it soon and make another one.
    virtual void give_up(const std::string& why) = 0;

protected:
    ~Outbox() = default;

private:
    /// Queues the bytes of a message. False if they are too many.
    virtual bool put(Bytes message) = 0;

    Buffer scratch_;
};

}  // namespace space
