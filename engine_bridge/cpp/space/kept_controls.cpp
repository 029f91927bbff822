#include "space/kept_controls.hpp"

namespace space {

namespace {

template <class T> void replace(Maybe<T>& kept, const Maybe<T>& given) {
    if (given) kept = given;
}

}  // namespace

void KeptControls::merge(const Controls& given) {
    if (!scalars_.seed) scalars_.seed = given.seed;
    replace(scalars_.mouth, given.mouth);
    replace(scalars_.expression, given.expression);
    replace(scalars_.blinks, given.blinks);
    replace(scalars_.gaze, given.gaze);
    replace(scalars_.look_at, given.look_at);
    replace(scalars_.head_strength, given.head_strength);
    replace(scalars_.brows, given.brows);
    replace(scalars_.saccades, given.saccades);
    if (given.head) head_ = std::string(*given.head);
    if (!given.emotion) return;
    emotion_.emplace();
    for (const auto& [label, amount] : *given.emotion) emotion_->emplace_back(label, amount);
}

Controls KeptControls::view() const {
    Controls controls = scalars_;
    if (head_) controls.head = *head_;
    if (!emotion_) return controls;
    controls.emotion.emplace();
    for (const auto& [label, amount] : *emotion_) controls.emotion->emplace_back(label, amount);
    return controls;
}

}  // namespace space
