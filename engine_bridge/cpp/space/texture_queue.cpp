#include "space/texture_queue.hpp"

#include <algorithm>

#include "space/ranges.hpp"

namespace space {

namespace {

constexpr std::size_t kKept = 8;  ///< unused buffers

}  // namespace

std::shared_ptr<TextureImage> TexturePool::take(const Texture& texture) {
    if (!is_picture(texture)) return nullptr;
    const auto give_back = [shelf = shelf_](TextureImage* image) {
        std::unique_ptr<TextureImage> owned(image);
        const std::lock_guard<std::mutex> lock(shelf->mutex);
        if (shelf->free.size() < kKept) shelf->free.push_back(std::move(owned));
    };
    std::shared_ptr<TextureImage> image(this->image().release(), give_back);
    image->stream = texture.stream, image->index = texture.index, image->sample = texture.sample;
    image->format.assign(texture.format.begin(), texture.format.end());
    image->width = texture.width, image->height = texture.height;
    image->pixels.assign(texture.pixels.begin(), texture.pixels.end());
    return image;
}

std::unique_ptr<TextureImage> TexturePool::image() {
    const std::lock_guard<std::mutex> lock(shelf_->mutex);
    if (shelf_->free.empty()) return std::make_unique<TextureImage>();
    std::unique_ptr<TextureImage> image = std::move(shelf_->free.back());
    shelf_->free.pop_back();
    return image;
}

std::size_t TextureQueue::bytes() const {
    std::size_t n = 0;
    for (const TexturePointer& texture : waiting_) n += texture->pixels.size();
    return n;
}

u64 TextureQueue::put(TexturePointer texture) {
    const auto before = [](const TexturePointer& a, u32 index) { return a->index < index; };
    const auto at = std::lower_bound(waiting_.begin(), waiting_.end(), texture->index, before);
    if (at != waiting_.end() && (*at)->index == texture->index) {
        *at = std::move(texture);
        return 1;
    }
    waiting_.insert(at, std::move(texture));
    u64 dropped = 0;
    for (; waiting_.size() > kCapacity || (waiting_.size() > 1 && bytes() > kBytes); ++dropped) waiting_.pop_front();
    return dropped;
}

TexturePointer TextureQueue::due(double position) {
    while (!waiting_.empty() && waiting_.front()->sample <= position) {
        shown_ = std::move(waiting_.front());
        waiting_.pop_front();
    }
    return shown_;
}

}  // namespace space
