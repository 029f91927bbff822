// The C interface of baked clips.
#include <algorithm>
#include <new>

#include "space/c_structs.hpp"
#include "space/clip.hpp"

struct space_clip {
    space::Clip clip;
};

using space::c::null;

space_status space_clip_read(const void* file, size_t n_bytes, space_clip** clip) {
    if (!clip) return null("clip");
    *clip = nullptr;
    if (!file) return null("file");
    auto* made = new (std::nothrow) space_clip{};
    if (!made) return space::c::status_of(space::fail(space::Status::full, "no memory for a clip"));
    const space::Status status = made->clip.read({static_cast<const std::uint8_t*>(file), n_bytes});
    if (status != space::Status::ok) return delete made, space::c::status_of(status);
    return *clip = made, SPACE_OK;
}

void space_clip_destroy(space_clip* clip) { delete clip; }

size_t space_clip_frames(const space_clip* clip) { return clip ? clip->clip.n_frames() : 0; }

double space_clip_fps(const space_clip* clip) { return clip ? clip->clip.frames_per_second() : 0; }

double space_clip_seconds(const space_clip* clip) { return clip ? clip->clip.seconds() : 0; }

int space_clip_blendshape(const space_clip* clip, const char* name) {
    if (!clip || !name) return -1;
    const std::vector<std::string>& names = clip->clip.blendshapes();
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? -1 : static_cast<int>(found - names.begin());
}

space_status space_clip_blendshape_name(const space_clip* clip, size_t index, char* name, size_t room) {
    if (!clip) return null("clip");
    if (!name) return null("name");
    if (index >= clip->clip.blendshapes().size()) return SPACE_NOTHING;
    space::c::copy_text(clip->clip.blendshapes()[index], name, room);
    return SPACE_OK;
}

space_status space_clip_sample(const space_clip* clip, double seconds, float strength, space_pose* pose) {
    if (!clip) return null("clip");
    if (!pose) return null("pose");
    clip->clip.sample(seconds, pose->pose, strength);
    return SPACE_OK;
}
