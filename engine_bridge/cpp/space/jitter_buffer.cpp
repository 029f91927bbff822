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
    floor_ = 0;
    end_ = std::numeric_limits<double>::infinity();
    position_ = -end_;
    came_ = false;
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
    const std::size_t at = place_of(frame.index);
    if (at < order_.size() && kept_[order_[at]].index == frame.index) {
        keep(frame, order_[at]);
        ++counts_.replaced;
    } else if (free_.empty()) {
        ++counts_.refused;
    } else {
        order_.insert(order_.begin() + static_cast<std::ptrdiff_t>(at), free_.back());
        free_.pop_back();
        keep(frame, order_[at]);
        ++counts_.taken;
    }
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
}

const Pose& JitterBuffer::evaluate(double position, double dt) {
    if (std::isfinite(position) && position > position_) position_ = position;
    const bool is_due = due(target_);
    if (follows_ != is_due) turn_to(is_due);
    if (dt > 0 && std::isfinite(dt)) blend_.elapsed += dt;
    if (!is_due) rest(shown_, idle_state(), target_);
    const double x = blend_.elapsed / blend_.length;
    if (x < 1) {
        between(blend_.source, target_, smooth(x), shown_);
    } else {
        shown_ = target_;
    }
    return shown_;
}

/// Writes what the frames say about the position. Returns whether they say anything.
bool JitterBuffer::due(Pose& pose) {
    std::size_t n_before = 0;
    while (n_before < order_.size() && kept_[order_[n_before]].sample <= position_) ++n_before;
    if (n_before == 0) return false;
    forget(0, n_before - 1);
    const Kept& first = kept_[order_[0]];
    floor_ = first.index;
    came_ = true;
    if (position_ > end_) return false;
    const bool exact = first.sample >= position_;
    if (!exact && order_.size() == 1) {
        pose_of(order_[0], State::holding, pose);
        return position_ - first.sample <= kHold_s * rate_;
    }
    pose_of(order_[0], State::playing, pose);
    if (exact) return true;
    const double gap = kept_[order_[1]].sample - first.sample;  // positive: one is at or before the position, one after
    const double x = std::isfinite(gap) ? (position_ - first.sample) / gap : 0;
    pose_of(order_[1], State::playing, next_);
    between(pose, next_, x, pose);
    return true;
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
    if (blend_.elapsed < blend_.length) return State::releasing;
    return came_ ? State::resting : State::waiting;
}

void JitterBuffer::turn_to(bool follows) {
    follows_ = follows;
    blend_.source = shown_;
    blend_.length = follows ? kEnter_s : kRelease_s;
    blend_.elapsed = 0;
}

}  // namespace space
