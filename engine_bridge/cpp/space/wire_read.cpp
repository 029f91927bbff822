#include "space/wire.hpp"

#include <cmath>
#include <limits>

#include "space/msgpack.hpp"

namespace space {

namespace {

using msgpack::Item;
using msgpack::Kind;
using msgpack::Reader;

// One function per kind of value.

bool read(Reader& reader, u64& value) {
    const Item item = reader.next();
    value = item.whole;
    return item.kind == Kind::whole && item.whole <= kLargestU64;
}

bool read(Reader& reader, u32& value) {
    u64 wide = 0;
    const bool fits = read(reader, wide) && wide <= std::numeric_limits<u32>::max();
    value = static_cast<u32>(wide);
    return fits;
}

bool read(Reader& reader, double& value) {
    const Item item = reader.next();
    if (item.kind == Kind::whole) return value = static_cast<double>(item.whole), true;
    if (item.kind == Kind::negative) return value = static_cast<double>(item.negative), true;
    return value = item.real, item.kind == Kind::real && std::isfinite(value);
}

bool read(Reader& reader, float& value) {
    double wide = 0;
    if (!read(reader, wide) || std::abs(wide) > static_cast<double>(std::numeric_limits<float>::max())) return false;
    return value = static_cast<float>(wide), true;
}

bool read(Reader& reader, Text& value) {
    const Item item = reader.next();
    return value = item.body.text(), item.kind == Kind::text;
}

bool read(Reader& reader, Bytes& value) {
    const Item item = reader.next();
    return value = item.body, item.kind == Kind::bytes;
}

/// True if little-endian float32 values hold neither NaN nor infinity.
bool is_finite(Bytes values) {
    float sum = 0;  // see copy_floats
    for (std::size_t at = 0; at + 4 <= values.size; at += 4) sum += float_at(values.data + at) * 0.0F;
    return sum == 0.0F;
}

template <std::size_t N> bool copy_floats(Bytes from, Floats<N>& values) {
    if (from.size != 4 * N) return false;
    float sum = 0;  // x · 0 is NaN for NaN and infinity alone: one check at the end instead of N branches
    for (std::size_t i = 0; i < N; ++i) {
        values[i] = float_at(from.data + 4 * i);
        sum += values[i] * 0.0F;
    }
    return sum == 0.0F;
}

template <std::size_t N> bool read(Reader& reader, Floats<N>& values) {
    const Item item = reader.next();
    return item.kind == Kind::bytes && copy_floats(item.body, values);
}

template <std::size_t N> bool read(Reader& reader, FloatGroups<N>& value) {
    const Item item = reader.next();
    value.bytes = item.body;
    return item.kind == Kind::bytes && item.body.size % (4 * N) == 0 && is_finite(item.body);
}

template <std::size_t N> bool read(Reader& reader, FloatsOrNone<N>& value) {
    const Item item = reader.next();
    value.none = item.body.empty();
    return item.kind == Kind::bytes && (value.none || copy_floats(item.body, value.values));
}

template <class T> bool read(Reader& reader, std::vector<T>& values) {
    const Item head = reader.next();
    if (head.kind != Kind::array) return false;
    values.resize(static_cast<std::size_t>(head.whole));  // at most 256, as the reader has checked
    for (T& value : values) {
        if (!read(reader, value)) return false;
    }
    return true;
}

template <class T> bool read(Reader& reader, std::vector<std::pair<Text, T>>& entries) {
    const Item head = reader.next();
    if (head.kind != Kind::map) return false;
    entries.resize(static_cast<std::size_t>(head.whole));
    for (auto& [key, value] : entries) {
        if (!read(reader, key) || !read(reader, value)) return false;
    }
    return true;
}

/// Offsets of the values of a message's own map.
struct Index {
    std::size_t n = 0;
    std::string_view keys[msgpack::kMaxItems];
    std::size_t values[msgpack::kMaxItems];

    /// Checks the whole message once. Returns what is wrong with it, or null.
    const char* fill(Bytes bytes) {
        Reader reader(bytes);
        const Item head = reader.next();
        if (head.kind != Kind::map) return reader.why() ? reader.why() : "it is no map";
        for (; n < head.whole; ++n) {
            const Item key = reader.next();
            if (key.kind != Kind::text) return reader.why() ? reader.why() : "a key is no text";
            keys[n] = key.body.text();
            values[n] = reader.at();
            if (!reader.skip(msgpack::kMaxDepth - 1)) return reader.why();
        }
        if (reader.left() != 0) return "bytes follow the message";
        return msgpack::has_equal_keys(keys, n) ? "the same key twice" : nullptr;
    }

    /// The place of a key, looked for from `hint` on, where canonical messages have it; `n` if there is none.
    std::size_t find(std::string_view key, std::size_t hint) const {
        for (std::size_t i = hint; i < n; ++i) {
            if (keys[i] == key) return i;
        }
        for (std::size_t i = 0; i < hint && i < n; ++i) {
            if (keys[i] == key) return i;
        }
        return n;
    }
};

class FieldReader {
public:
    FieldReader(Bytes bytes, const Index& index) : bytes_(bytes), index_(index) {}

    template <class T> void operator()(std::string_view name, T& value) {
        if (!why_ && !present(name, value) && !why_) why_ = "a field is missing";
    }
    template <class T> void operator()(std::string_view name, std::optional<T>& value) {
        if (why_) return;
        if (!present(name, value.emplace())) value.reset();
    }
    const char* why() const { return why_; }

private:
    template <class T> bool present(std::string_view name, T& value) {
        const std::size_t at = index_.find(name, hint_);
        if (at == index_.n) return false;
        hint_ = at + 1;
        if (bytes_.data[index_.values[at]] == 0xC0) return false;  // nil counts as absent
        Reader reader(bytes_.from(index_.values[at]));
        if (!read(reader, value)) why_ = "a field has a value of another kind, length or range";
        return true;
    }

    Bytes bytes_;
    const Index& index_;
    std::size_t hint_ = 1;
    const char* why_ = nullptr;
};

template <class T> const char* read_fields(Bytes bytes, const Index& index, Message& message) {
    FieldReader reader(bytes, index);
    T& value = message.emplace<T>();
    T::fields(value, reader);
    return reader.why();
}

struct Type {
    std::string_view name;
    const char* (*read)(Bytes, const Index&, Message&);
};

template <class> struct Types;
template <class... T> struct Types<std::variant<T...>> {
    static constexpr Type all[] = {{T::type, &read_fields<T>}...};
};

}  // namespace

Verdict decode(Bytes bytes, Message& message) {
    Index index;
    if (const char* why = index.fill(bytes)) return {Decoded::refused, why};
    const std::size_t at = index.find("type", 0);
    Text name;
    Reader reader(at < index.n ? bytes.from(index.values[at]) : Bytes());
    if (!read(reader, name)) return {Decoded::refused, "it has no type"};
    for (const Type& type : Types<Message>::all) {
        if (type.name != name) continue;
        const char* why = type.read(bytes, index, message);
        return {why ? Decoded::refused : Decoded::ok, why ? why : ""};
    }
    return {Decoded::unknown_type, "a message of an unknown type"};
}

}  // namespace space
