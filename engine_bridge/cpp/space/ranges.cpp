#include "space/ranges.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "space/generated/server_ranges.hpp"

namespace space {

namespace {

/// Visits the fields of a message; those without a row are fine.
class RangeCheck {
public:
    explicit RangeCheck(Text message) : message_(message) {}

    template <class T> void operator()(Text, T&) {}
    void operator()(Text field, double& value) { number(field, value); }
    void operator()(Text field, float& value) { number(field, value); }
    void operator()(Text field, u32& value) { number(field, value); }
    template <std::size_t N> void operator()(Text field, Maybe<Floats<N>>& values) {
        const ServerRange* row = values ? row_of(field) : nullptr;
        if (!row) return;
        for (float& value : *values) hold(*row, value);
    }
    template <std::size_t N> void operator()(Text field, Maybe<FloatGroups<N>>& values) {
        const ServerRange* row = values ? row_of(field) : nullptr;
        for (std::size_t i = 0; row && i < values->size(); ++i) {
            float value = (*values)[i];
            hold(*row, value);
        }
    }

    std::string what() const {
        if (!wrong_) return {};
        return std::string(wrong_->field) + " of " + wrong_->message + " is " + std::to_string(value_) + "; expected " +
               std::to_string(wrong_->low) + " to " + std::to_string(wrong_->high);
    }

private:
    const ServerRange* row_of(Text field) const {
        const auto fits = [&](const ServerRange& row) { return row.message == message_ && row.field == field; };
        const auto found = std::find_if(std::begin(kServerRanges), std::end(kServerRanges), fits);
        return found == std::end(kServerRanges) ? nullptr : found;
    }
    template <class T> void number(Text field, T& value) {
        if (const ServerRange* row = row_of(field)) hold(*row, value);
    }
    template <class T> void hold(const ServerRange& row, T& value) {
        const auto wide = static_cast<double>(value);
        if (wide >= row.least && wide <= row.most) return;
        if (wide < row.low || wide > row.high) wrong_ = &row, value_ = wide;
        value = static_cast<T>(std::min(std::max(wide, row.least), row.most));
    }

    Text message_;
    const ServerRange* wrong_ = nullptr;
    double value_ = 0;
};

bool begins_with(Bytes bytes, std::string_view begin) { return bytes.text().substr(0, begin.size()) == begin; }

/// False if a JPEG's frame header (ITU T.81, B.2.2) states another size than the message.
bool has_its_size(const Texture& texture) {
    const std::uint8_t* data = texture.pixels.data;
    for (std::size_t at = 2; at + 9 <= texture.pixels.size && data[at] == 0xFF;) {
        const std::uint8_t marker = data[at + 1];
        if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
            return big_endian(data + at + 5, 2) == texture.height && big_endian(data + at + 7, 2) == texture.width;
        }
        at += 2 + static_cast<std::size_t>(big_endian(data + at + 2, 2));
    }
    return true;
}

}  // namespace

std::string check_ranges(Message& message) {
    return std::visit(
        [](auto& one) {
            using T = std::decay_t<decltype(one)>;
            RangeCheck check(T::type);
            T::fields(one, check);
            return check.what();
        },
        message);
}

std::string problem_with(const Welcome& welcome) {
    const std::size_t n_weights = std::set<Text>(welcome.weights.begin(), welcome.weights.end()).size();
    if (welcome.version != kVersion) {
        return "the server speaks version " + std::to_string(welcome.version) + " of the protocol, this client " +
               std::to_string(kVersion) + "; update the older";
    }
    if (n_weights != kWeights) {
        return "the server names " + std::to_string(n_weights) + " weights, frames have " + std::to_string(kWeights) +
               "; is it a SPACE server?";
    }
    Message copy = welcome;
    const std::string what = check_ranges(copy);
    return what.empty() ? what : "the server's welcome cannot be: " + what;
}

u64 limit_of(const Counts& limits, Text name, u64 otherwise) {
    const auto named = [name](const auto& limit) { return limit.first == name; };
    const auto found = std::find_if(limits.begin(), limits.end(), named);
    const u64 value = found == limits.end() ? otherwise : found->second;
    for (const LimitRange& range : kLimitRanges) {
        if (range.name == name) return std::min(std::max(value, range.least), range.most);
    }
    return value;
}

bool is_picture(const Texture& texture) {
    if (texture.format == "rgb") return texture.pixels.size == u64{3} * texture.width * texture.height;
    if (texture.format == "jpeg") return begins_with(texture.pixels, "\xFF\xD8\xFF") && has_its_size(texture);
    return texture.format == "webp" && begins_with(texture.pixels, "RIFF");
}

}  // namespace space
