// Pictures that wait for their time, and the memory they come back to.
#pragma once

#include <deque>
#include <mutex>

#include "space/client_values.hpp"

namespace space {

/// Copies pictures into buffers that are used again once nobody holds them; any thread may be the last to let go.
class TexturePool {
public:
    /// The picture as a value of its own; null if its size is not what it says.
    std::shared_ptr<TextureImage> take(const Texture& texture);

private:
    struct Shelf {
        std::mutex mutex;
        std::vector<std::unique_ptr<TextureImage>> free;
    };
    std::unique_ptr<TextureImage> image();

    std::shared_ptr<Shelf> shelf_ = std::make_shared<Shelf>();
};

/// The pictures of a session's current stream.
class TextureQueue {
public:
    static constexpr std::size_t kCapacity = 32;
    static constexpr std::size_t kBytes = 64U << 20;

    /// Takes a picture. Returns how many were dropped for it.
    u64 put(TexturePointer texture);
    /// The newest one at or before `position`, which stays what is shown until another one is due; null before.
    TexturePointer due(double position);
    /// Another stream follows. The picture shown stays.
    void begin() { waiting_.clear(); }

private:
    std::size_t bytes() const;

    std::deque<TexturePointer> waiting_;  ///< by index
    TexturePointer shown_;
};

}  // namespace space
