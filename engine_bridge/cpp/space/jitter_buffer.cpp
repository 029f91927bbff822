#include "space/jitter_buffer.hpp"

#include <algorithm>
#include <cmath>

namespace space {

namespace {

template <std::size_t N> void mix(const Floats<N>& a, const Floats<N>& b, float x, Floats<N>& out) {
    for (std::size_t i = 0; i < N; ++i) out[i] = a[i] + (b[i] - a[i]) * x;
}

/// Keypoints of another number cannot be interpolated: then they are b's.
void mix(const std::vector<float>& a, const std::vector<float>& b, float x, std::vector<float>& out) {
    if (a.size() != b.size()) {
        if (&out != &b) out = b;
        return;
    }
    out.resize(b.size());
    for (std::size_t i = 0; i < b.size(); ++i) out[i] = a[i] + (b[i] - a[i]) * x;
}

/// The pose at x (0 … 1) of the way from a to b, with b's state. `out` may be either.
void between(const Pose& a, const Pose& b, double x, Pose& out) {
    const auto share = static_cast<float>(x);
    mix(a.blendshapes, b.blendshapes, share, out.blendshapes);
    mix(a.head_rotation_rad, b.head_rotation_rad, share, out.head_rotation_rad);
    mix(a.head_translation, b.head_translation, share, out.head_translation);
    mix(a.eye_rotation_rad, b.eye_rotation_rad, share, out.eye_rotation_rad);
    out.speech = a.speech + (b.speech - a.speech) * share;
    if (b.has_landmarks) mix(a.has_landmarks ? a.landmarks : b.landmarks, b.landmarks, share, out.landmarks);
    out.has_landmarks = b.has_landmarks;
    mix(a.keypoints, b.keypoints, share, out.keypoints);
    out.state = b.state;
}

/// Rest, with the landmarks and keypoints of `before`.
void rest(const Pose& before, State state, Pose& out) {
    out.blendshapes.fill(0), out.head_rotation_rad.fill(0), out.head_translation.fill(0), out.eye_rotation_rad.fill(0);
    out.speech = 0, out.state = state;
    out.has_landmarks = before.has_landmarks;
    if (before.has_landmarks) out.landmarks = before.landmarks;
    out.keypoints = before.keypoints;
}

double smooth(double x) { return x * x * x * (10 - 15 * x + 6 * x * x); }

}  // namespace

JitterBuffer::JitterBuffer(bool with_landmarks) : kept_(kCapacity), landmarks_(with_landmarks ? kCapacity : 0) {
    order_.reserve(kCapacity);
    free_.reserve(kCapacity);
    for (std::size_t i = kCapacity; i-- > 0;) free_.push_back(static_cast<Slot>(i));
}

void JitterBuffer::begin(u32 stream, double rate) {
    stream_ = stream, rate_ = rate, begun_ = true;
    forget(0, order_.size());
    n_passed_ = 0, floor_ = 0;
    end_ = std::numeric_limits<double>::infinity();
    position_ = -end_;
    has_current_ = came_ = false;
    still_s_ = 0;
    if (follows_) turn_to(false);
}

void JitterBuffer::put(const Frame& frame) {
    if (!begun_ || frame.stream != stream_ || frame.sample > end_) {
        ++counts_.foreign;
        return;
    }
    if (frame.index < floor_) {
        ++counts_.late;
        return;
    }
    std::size_t at = place_of(frame.index);
    const bool again = at < order_.size() && kept_[order_[at]].index == frame.index;
    if (!fits(frame, at, again ? at + 1 : at) || !(again || make_room(at))) {
        ++counts_.refused;
    } else if (again) {
        keep(frame, order_[at]);
        ++counts_.replaced;
    } else {
        order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(at), free_.back());
        free_.pop_back();
        keep(frame, order_[at]);
        ++counts_.taken;
    }
}

/// True if a frame's time lies between those of its neighbours, the ones before `at` and at `after`.
bool JitterBuffer::fits(const Frame& frame, std::size_t at, std::size_t after) const {
    return (at == 0 || kept_[order_[at - 1]].sample < frame.sample) &&
           (after == order_.size() || frame.sample < kept_[order_[after]].sample);
}

/// Forgets the oldest passed frame where there is no room. Returns whether there is room for a frame at a place.
bool JitterBuffer::make_room(std::size_t& at) {
    if (free_.empty() && n_passed_ > 0) forget(0, 1), --n_passed_, --at;
    return !free_.empty();
}

void JitterBuffer::keep(const Frame& frame, Slot slot) {
    Kept& kept = kept_[slot];
    kept.index = frame.index, kept.sample = frame.sample, kept.speech = frame.speech;
    kept.weights = frame.weights.value_or(Floats<kWeights>{});
    kept.head = frame.head.value_or(Floats<kHead>{});
    kept.eyes = frame.eyes.value_or(Floats<kEyes>{});
    kept.has_landmarks = frame.landmarks.has_value() && !landmarks_.empty();
    if (kept.has_landmarks) landmarks_[slot] = *frame.landmarks;
    keep_keypoints(frame.keypoints.value_or(FloatGroups<3>{}), slot);
}

/// A slot keeps its memory for the next frame: slots are used again soon, so that few ever hold keypoints.
void JitterBuffer::keep_keypoints(FloatGroups<3> values, Slot slot) {
    if (keypoints_.empty() && values.size() == 0) return;
    keypoints_.resize(kCapacity);
    keypoints_[slot].resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) keypoints_[slot][i] = values[i];
}

std::size_t JitterBuffer::place_of(u32 index) const {
    const auto before = [this](Slot slot, u32 wanted) { return kept_[slot].index < wanted; };
    return static_cast<std::size_t>(std::lower_bound(order_.begin(), order_.end(), index, before) - order_.begin());
}

void JitterBuffer::forget(std::size_t first, std::size_t n) {
    const auto from = order_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto to = from + static_cast<std::ptrdiff_t>(n);
    free_.insert(free_.end(), from, to);
    order_.erase(from, to);
}

void JitterBuffer::finish(u32 stream, double sample) {
    if (!begun_ || stream != stream_) return;
    end_ = sample;
    for (std::size_t i = order_.size(); i-- > 0;) {
        if (kept_[order_[i]].sample <= end_) continue;
        ++counts_.foreign;
        forget(i, 1);
    }
    n_passed_ = std::min(n_passed_, order_.empty() ? 0 : order_.size() - 1);
}

const Pose& JitterBuffer::evaluate(double position, double dt) {
    dt = dt > 0 && std::isfinite(dt) ? std::min(dt, kLongestDt_s) : 0;
    const double before = position_;
    const double way = move(position, dt);
    const bool is_due = due(way, dt, target_);
    if (follows_ != is_due || (is_due && position_ < before)) turn_to(is_due);
    blend_.elapsed += dt;
    if (!is_due) rest(shown_, idle_state(), target_);
    if (blend_is_over()) {
        shown_ = target_;
    } else {
        between(blend_.source, target_, smooth(blend_.elapsed / blend_.length), shown_);
    }
    return shown_;
}

/// Takes a position. Returns its way if it moves, infinity for a seek and the first one, 0 if it stands still.
double JitterBuffer::move(double position, double dt) {
    if (!std::isfinite(position)) return 0;
    position = std::min(std::max(position, -kFurthest), kFurthest);
    const double before = position_;
    const bool seeks = position < before - kHold_s * rate_;
    if (position <= before && !seeks) return 0;
    position_ = position;
    const double way = seeks ? std::numeric_limits<double>::infinity() : position - before;
    return way >= kSlowest * std::min(dt, kLongestStep_s) * rate_ ? way : 0;
}

/// Writes what the frames say about the position. Returns whether they say anything.
bool JitterBuffer::due(double way, double dt, Pose& pose) {
    const auto after = [this](double position, Slot slot) { return position < kept_[slot].sample; };
    const auto end = std::upper_bound(order_.begin(), order_.end(), position_, after);
    const auto n_before = static_cast<std::size_t>(end - order_.begin());
    n_passed_ = n_before > 0 ? std::min(n_before - 1, kHistory) : 0;
    if (n_before == 0) {
        floor_ = 0, has_current_ = false, still_s_ = 0;
        return false;
    }
    forget(0, n_before - 1 - n_passed_);
    const Slot slot = order_[n_passed_];
    const Kept& first = kept_[slot];
    const bool has_next = has_neighbour();
    const double past = has_next ? 0 : position_ - first.sample;
    count_still(first.index, past, way, dt);
    floor_ = first.index;
    came_ = true;
    const double longest = kHold_s + kTolerance_s;
    if (position_ > end_ || still_s_ > longest || past > longest * rate_) return false;
    pose_of(slot, past > 0 ? State::holding : State::playing, pose);
    if (!has_next || first.sample >= position_) return true;
    const Slot next = order_[n_passed_ + 1];
    pose_of(next, State::playing, next_);
    between(pose, next_, (position_ - first.sample) / (kept_[next].sample - first.sample), pose);
    return true;
}

/// True if there is a frame after the one at or before the position, and no gap between them.
bool JitterBuffer::has_neighbour() const {
    if (order_.size() < n_passed_ + 2) return false;
    const Kept &first = kept_[order_[n_passed_]], &second = kept_[order_[n_passed_ + 1]];
    return second.sample - first.sample <= (kGap_s + kTolerance_s) * rate_ || second.index - first.index == 1;
}

/// Counts the time in which there was nothing new: PROTOCOL.md, section 9, "Standing still".
void JitterBuffer::count_still(u32 index, double past, double way, double dt) {
    const bool is_same = has_current_ && index == current_;
    if (has_current_ && (way <= 0 || (is_same && past > 0))) {
        still_s_ += dt;
    } else {
        still_s_ = way > 0 ? dt * std::min(past / way, 1.0) : 0;
    }
    has_current_ = true, current_ = index;
}

void JitterBuffer::pose_of(Slot slot, State state, Pose& pose) const {
    const Kept& kept = kept_[slot];
    pose.blendshapes = kept.weights, pose.eye_rotation_rad = kept.eyes;
    std::copy_n(kept.head.begin(), 3, pose.head_rotation_rad.begin());
    std::copy_n(kept.head.begin() + 3, 3, pose.head_translation.begin());
    pose.speech = kept.speech, pose.state = state;
    pose.has_landmarks = kept.has_landmarks;
    if (kept.has_landmarks) pose.landmarks = landmarks_[slot];
    if (keypoints_.empty()) return;
    pose.keypoints = keypoints_[slot];
}

State JitterBuffer::idle_state() const {
    if (!blend_is_over()) return State::releasing;
    return came_ ? State::resting : State::waiting;
}

void JitterBuffer::turn_to(bool follows) {
    follows_ = follows;
    blend_.source = shown_;
    blend_.length = follows ? kEnter_s : kRelease_s;
    blend_.elapsed = 0;
}

}  // namespace space
