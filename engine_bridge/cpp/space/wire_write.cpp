#include <cmath>

#include "space/msgpack.hpp"
#include "space/wire.hpp"

namespace space {

namespace {

using msgpack::Writer;

// One function per kind of value; false where it has no wire form.

bool fits(Text text) {
    return text.size() <= msgpack::kMaxText &&
           msgpack::valid_utf8({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

bool write(Writer& writer, u32 value) { return writer.u32(value), true; }
bool write(Writer& writer, u64 value) { return writer.u64(value), value <= kLargestU64; }
bool write(Writer& writer, float value) { return writer.f32(value), std::isfinite(value); }
bool write(Writer& writer, double value) { return writer.f64(value), std::isfinite(value); }
bool write(Writer& writer, Text value) { return fits(value) && (writer.text(value), true); }
bool write(Writer& writer, Bytes value) { return value.size < u64{1} << 32 && (writer.bytes(value), true); }

template <std::size_t N> bool write(Writer& writer, const Floats<N>& values) {
    writer.floats(values.data(), N);
    for (const float value : values) {
        if (!std::isfinite(value)) return false;
    }
    return true;
}

template <std::size_t N> bool write(Writer& writer, const FloatGroups<N>& values) {
    if (values.bytes.size % (4 * N) != 0) return false;
    writer.bytes(values.bytes);
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) return false;
    }
    return true;
}

template <std::size_t N> bool write(Writer& writer, const FloatsOrNone<N>& value) {
    return value.none ? (writer.bytes({}), true) : write(writer, value.values);
}

template <class T> bool write(Writer& writer, const std::vector<T>& values) {
    if (values.size() > msgpack::kMaxItems) return false;
    writer.array(values.size());
    for (const T& value : values) {
        if (!write(writer, value)) return false;
    }
    return true;
}

template <class T> bool write(Writer& writer, const std::vector<std::pair<Text, T>>& entries) {
    if (entries.size() > msgpack::kMaxItems) return false;
    std::string_view keys[msgpack::kMaxItems];
    for (std::size_t i = 0; i < entries.size(); ++i) keys[i] = entries[i].first;
    if (msgpack::has_equal_keys(keys, entries.size())) return false;
    writer.map(entries.size());
    for (const auto& [key, value] : entries) {
        if (!write(writer, key) || !write(writer, value)) return false;
    }
    return true;
}

struct FieldCounter {
    std::size_t n = 0;
    template <class T> void operator()(std::string_view, const T&) { ++n; }
    template <class T> void operator()(std::string_view, const std::optional<T>& value) { n += value.has_value(); }
};

struct FieldWriter {
    Writer& writer;
    bool fits = true;
    template <class T> void operator()(std::string_view name, const T& value) {
        if (fits) writer.text(name), fits = write(writer, value);
    }
    template <class T> void operator()(std::string_view name, const std::optional<T>& value) {
        if (value) (*this)(name, *value);
    }
};

}  // namespace

template <class T> bool encode_as(const T& message, Buffer& out) {
    const std::size_t before = out.size();
    Writer writer(out);
    FieldCounter counter;
    T::fields(message, counter);
    writer.map(counter.n + 1);
    writer.text("type");
    writer.text(T::type);
    FieldWriter fields{writer};
    T::fields(message, fields);
    if (!fields.fits) out.resize(before);
    return fields.fits;
}

bool encode(const Message& message, Buffer& out) {
    return std::visit([&out](const auto& value) { return encode_as(value, out); }, message);
}

template bool encode_as(const Hello&, Buffer&);
template bool encode_as(const Welcome&, Buffer&);
template bool encode_as(const Open&, Buffer&);
template bool encode_as(const Opened&, Buffer&);
template bool encode_as(const Resume&, Buffer&);
template bool encode_as(const Resumed&, Buffer&);
template bool encode_as(const Start&, Buffer&);
template bool encode_as(const Audio&, Buffer&);
template bool encode_as(const Speak&, Buffer&);
template bool encode_as(const Idle&, Buffer&);
template bool encode_as(const Set&, Buffer&);
template bool encode_as(const Motion&, Buffer&);
template bool encode_as(const End&, Buffer&);
template bool encode_as(const Interrupt&, Buffer&);
template bool encode_as(const Credit&, Buffer&);
template bool encode_as(const Close&, Buffer&);
template bool encode_as(const Ping&, Buffer&);
template bool encode_as(const Pong&, Buffer&);
template bool encode_as(const Started&, Buffer&);
template bool encode_as(const Frame&, Buffer&);
template bool encode_as(const Texture&, Buffer&);
template bool encode_as(const Underrun&, Buffer&);
template bool encode_as(const Notice&, Buffer&);
template bool encode_as(const Finished&, Buffer&);
template bool encode_as(const Closed&, Buffer&);
template bool encode_as(const Error&, Buffer&);
template bool encode_as(const Bye&, Buffer&);

}  // namespace space
