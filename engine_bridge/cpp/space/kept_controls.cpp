#include "space/kept_controls.hpp"

namespace space {

namespace {

template <class Texts, class Mixes> struct Keep {
    Texts& texts;
    Mixes& mixes;

    void operator()(std::string_view key, const Maybe<Text>&, const Maybe<Text>& given) {
        if (given) texts[key] = std::string(*given);
    }
    void operator()(std::string_view key, const Maybe<Mix>&, const Maybe<Mix>& given) {
        if (!given) return;
        auto& mix = mixes[key];
        mix.clear();
        for (const auto& [label, amount] : *given) mix.emplace_back(label, amount);
    }
    template <class T> void operator()(std::string_view, Maybe<T>& kept, const Maybe<T>& given) {
        if (given) kept = given;
    }
};

template <class Texts, class Mixes> struct View {
    const Texts& texts;
    const Mixes& mixes;

    void operator()(std::string_view key, Maybe<Text>& value) {
        const auto found = texts.find(key);
        if (found != texts.end()) value = found->second;
    }
    void operator()(std::string_view key, Maybe<Mix>& value) {
        const auto found = mixes.find(key);
        if (found == mixes.end()) return;
        value.emplace();
        for (const auto& [label, amount] : found->second) value->emplace_back(label, amount);
    }
    template <class T> void operator()(std::string_view, const Maybe<T>&) {}
};

}  // namespace

void KeptControls::merge(const Controls& given) {
    if (!plain_.seed) plain_.seed = given.seed;
    Keep<decltype(texts_), decltype(mixes_)> keep{texts_, mixes_};
    Controls::pairs(plain_, given, keep);
}

Controls KeptControls::view() const {
    Controls controls = plain_;
    View<decltype(texts_), decltype(mixes_)> view{texts_, mixes_};
    Controls::without_seed(controls, view);
    return controls;
}

}  // namespace space
