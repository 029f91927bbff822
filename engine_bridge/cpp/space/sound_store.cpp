#include "space/sound_store.hpp"

#include <algorithm>

namespace space {

void SoundStore::begin(std::uint64_t first, std::uint32_t rate, std::size_t sample_bytes) {
    blocks_.clear();
    next_ = first, rate_ = rate, sample_bytes_ = sample_bytes;
}

void SoundStore::append(Bytes pcm) {
    while (!pcm.empty()) {
        if (blocks_.empty() || blocks_.back().bytes.size() >= block_bytes()) {
            blocks_.push_back({next_, {}});
            blocks_.back().bytes.reserve(block_bytes());
        }
        Buffer& block = blocks_.back().bytes;
        const std::size_t n = std::min(pcm.size, block_bytes() - block.size());
        space::append(block, {pcm.data, n});
        next_ += n / sample_bytes_;
        pcm = pcm.from(n);
    }
    while (blocks_.size() > 1 && next_ - blocks_[1].first >= longest()) blocks_.pop_front();
}

Bytes SoundStore::piece(std::uint64_t from, std::size_t longest) const {
    const auto after = [](std::uint64_t sample, const Block& block) { return sample < block.first; };
    auto block = std::upper_bound(blocks_.begin(), blocks_.end(), from, after);
    if (block == blocks_.begin() || from >= next_) return {};
    --block;
    const Bytes rest = Bytes(block->bytes).from(static_cast<std::size_t>(from - block->first) * sample_bytes_);
    return {rest.data, std::min(rest.size, longest / sample_bytes_ * sample_bytes_)};
}

}  // namespace space
