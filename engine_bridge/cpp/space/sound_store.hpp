// The last 30 s of a stream's sound, so that it can be sent late or again.
#pragma once

#include <cstdint>
#include <deque>

#include "space/bytes.hpp"

namespace space {

class SoundStore {
public:
    static constexpr std::uint64_t kSeconds = 30;

    /// Forgets everything; sound begins at `first`. sample_bytes: of all channels together.
    void begin(std::uint64_t first, std::uint32_t rate, std::size_t sample_bytes);
    /// Appends whole samples and forgets what is more than 30 s before the newest.
    void append(Bytes pcm);
    /// A contiguous piece from sample `from` on, at most `longest` bytes; empty where nothing is kept.
    Bytes piece(std::uint64_t from, std::size_t longest) const;

    std::uint64_t first() const { return blocks_.empty() ? next_ : blocks_.front().first; }
    std::uint64_t next() const { return next_; }
    std::uint64_t longest() const { return kSeconds * rate_; }  ///< samples
    std::size_t sample_bytes() const { return sample_bytes_; }

private:
    struct Block {
        std::uint64_t first = 0;
        Buffer bytes;
    };
    std::size_t block_bytes() const { return sample_bytes_ * (rate_ / 2 + 1); }

    std::deque<Block> blocks_;
    std::uint64_t next_ = 0;
    std::uint32_t rate_ = 1;
    std::size_t sample_bytes_ = 1;
};

}  // namespace space
