#include "space/msgpack.hpp"

#include <algorithm>

namespace space::msgpack {

namespace {

std::uint64_t bits_of(double value) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

std::uint32_t bits_of(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/// Bytes of the code point that begins at `p`; 0 where there is none.
std::size_t code_point(const std::uint8_t* p, std::size_t left) {
    const unsigned lead = p[0];
    const std::size_t n = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (n == 0 || n > left) return 0;
    for (std::size_t i = 1; i < n; ++i) {
        if ((p[i] & 0xC0U) != 0x80U) return 0;
    }
    if ((lead == 0xE0 && p[1] < 0xA0) || (lead == 0xED && p[1] > 0x9F)) return 0;  // overlong; surrogates
    if ((lead == 0xF0 && p[1] < 0x90) || (lead == 0xF4 && p[1] > 0x8F)) return 0;  // overlong; beyond U+10FFFF
    return n;
}

}  // namespace

bool valid_utf8(Bytes text) {
    for (std::size_t at = 0; at < text.size;) {
        if (text.data[at] < 0x80) {
            ++at;
            continue;
        }
        const std::size_t n = code_point(text.data + at, text.size - at);
        if (n == 0) return false;
        at += n;
    }
    return true;
}

Item Reader::fail(const char* why) {
    if (!why_) why_ = why;
    at_ = bytes_.size;
    return {};
}

Item Reader::next() {
    if (why_) return {};
    if (left() == 0) return fail("it ends too early");
    const std::uint8_t lead = bytes_.data[at_++];
    Item item;
    if (lead < 0x80) {
        item.kind = Kind::whole, item.whole = lead;
        return item;
    }
    if (lead < 0x90) return entries(Kind::map, lead & 0x0FU);
    if (lead < 0xA0) return entries(Kind::array, lead & 0x0FU);
    if (lead < 0xC0) return take(Kind::text, lead & 0x1FU);
    if (lead >= 0xE0) {
        item.kind = Kind::negative, item.negative = static_cast<std::int8_t>(lead);
        return item;
    }
    switch (lead) {
        case 0xC0: item.kind = Kind::nil; return item;
        case 0xC2:
        case 0xC3: item.kind = Kind::boolean, item.whole = lead & 1U; return item;
        case 0xC4: return body(Kind::bytes, 1);
        case 0xC5: return body(Kind::bytes, 2);
        case 0xC6: return body(Kind::bytes, 4);
        case 0xCA: return real_of(4);
        case 0xCB: return real_of(8);
        case 0xCC: return unsigned_of(1);
        case 0xCD: return unsigned_of(2);
        case 0xCE: return unsigned_of(4);
        case 0xCF: return unsigned_of(8);
        case 0xD0: return signed_of(1);
        case 0xD1: return signed_of(2);
        case 0xD2: return signed_of(4);
        case 0xD3: return signed_of(8);
        case 0xD9: return body(Kind::text, 1);
        case 0xDA: return body(Kind::text, 2);
        case 0xDB: return body(Kind::text, 4);
        case 0xDC: return container(Kind::array, 2);
        case 0xDD: return container(Kind::array, 4);
        case 0xDE: return container(Kind::map, 2);
        case 0xDF: return container(Kind::map, 4);
        default: return fail(lead == 0xC1 ? "it contains a byte that MessagePack never uses" : "it has an extension");
    }
}

Item Reader::body(Kind kind, std::size_t length_bytes) {
    if (left() < length_bytes) return fail("it ends too early");
    const std::uint64_t n = big_endian(bytes_.data + at_, length_bytes);
    at_ += length_bytes;
    return take(kind, n);
}

Item Reader::take(Kind kind, std::uint64_t n) {
    if (n > left()) return fail("it ends before a text or bytes do");
    if (kind == Kind::text && n > kMaxText) return fail("a text is longer than 4,096 bytes");
    Item item;
    item.kind = kind;
    item.body = {bytes_.data + at_, static_cast<std::size_t>(n)};
    at_ += item.body.size;
    if (kind == Kind::text && !valid_utf8(item.body)) return fail("a text is no UTF-8");
    return item;
}

Item Reader::container(Kind kind, std::size_t length_bytes) {
    if (left() < length_bytes) return fail("it ends too early");
    const std::uint64_t n = big_endian(bytes_.data + at_, length_bytes);
    at_ += length_bytes;
    return entries(kind, n);
}

Item Reader::entries(Kind kind, std::uint64_t n) {
    if (n > kMaxItems) return fail("an array or map has more than 256 entries");
    if (n * (kind == Kind::map ? 2 : 1) > left()) return fail("it ends before an array or map does");
    Item item;
    item.kind = kind, item.whole = n;
    return item;
}

Item Reader::unsigned_of(std::size_t n) {
    if (left() < n) return fail("it ends too early");
    Item item;
    item.kind = Kind::whole, item.whole = big_endian(bytes_.data + at_, n);
    at_ += n;
    return item;
}

Item Reader::signed_of(std::size_t n) {
    Item item = unsigned_of(n);
    if (item.kind == Kind::bad) return item;
    const unsigned unused = static_cast<unsigned>(64 - 8 * n);
    item.negative = static_cast<std::int64_t>(item.whole << unused) >> unused;
    if (item.negative < 0) item.kind = Kind::negative;
    return item;
}

Item Reader::real_of(std::size_t n) {
    Item item = unsigned_of(n);
    if (item.kind == Kind::bad) return item;
    item.kind = Kind::real;
    if (n == 4) {
        const auto bits = static_cast<std::uint32_t>(item.whole);
        float value = 0;
        std::memcpy(&value, &bits, sizeof value);
        item.real = static_cast<double>(value);
    } else {
        std::memcpy(&item.real, &item.whole, sizeof item.real);
    }
    return item;
}

bool Reader::skip(int depth) {
    const Item item = next();
    if (item.kind != Kind::array && item.kind != Kind::map) return item.kind != Kind::bad;
    if (depth <= 0) return fail("more than 4 nested arrays or maps").kind != Kind::bad;
    if (item.kind == Kind::map) return skip_map(item.whole, depth - 1);
    for (std::uint64_t i = 0; i < item.whole; ++i) {
        if (!skip(depth - 1)) return false;
    }
    return true;
}

bool Reader::skip_map(std::uint64_t n, int depth) {
    if (n == 0) return true;
    std::string_view keys[kMaxItems];
    for (std::uint64_t i = 0; i < n; ++i) {
        const Item key = next();
        if (key.kind != Kind::text) return fail("a key is no text").kind != Kind::bad;
        keys[i] = key.body.text();
        if (!skip(depth)) return false;
    }
    return !has_equal_keys(keys, static_cast<std::size_t>(n)) || fail("the same key twice").kind != Kind::bad;
}

bool has_equal_keys(const std::string_view* keys, std::size_t n) {
    if (n > 16) {
        std::string_view sorted[kMaxItems];
        std::copy(keys, keys + n, sorted);
        std::sort(sorted, sorted + n);
        return std::adjacent_find(sorted, sorted + n) != sorted + n;
    }
    for (std::size_t i = 1; i < n; ++i) {
        if (std::find(keys, keys + i, keys[i]) != keys + i) return true;
    }
    return false;
}

void Writer::head(unsigned fix, std::uint8_t wide, std::size_t n) {
    if (n < 16) return out_.push_back(static_cast<std::uint8_t>(fix | n));
    out_.push_back(wide);
    append_big_endian(out_, n, 2);
}

void Writer::text(std::string_view text) {
    if (text.size() < 32) {
        out_.push_back(static_cast<std::uint8_t>(0xA0U | text.size()));
    } else {
        const bool small = text.size() < 256;
        out_.push_back(small ? 0xD9 : 0xDA);
        append_big_endian(out_, text.size(), small ? 1 : 2);
    }
    append(out_, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void Writer::bytes_head(std::size_t n) {
    const unsigned size = n < 256 ? 0 : n < 65536 ? 1 : 2;
    out_.push_back(static_cast<std::uint8_t>(0xC4U + size));
    append_big_endian(out_, n, std::size_t{1} << size);
}

void Writer::bytes(Bytes bytes) {
    bytes_head(bytes.size);
    append(out_, bytes);
}

void Writer::u32(std::uint32_t value) {
    out_.push_back(0xCE);
    append_big_endian(out_, value, 4);
}

void Writer::u64(std::uint64_t value) {
    out_.push_back(0xCF);
    append_big_endian(out_, value, 8);
}

void Writer::f32(float value) {
    out_.push_back(0xCA);
    append_big_endian(out_, bits_of(value), 4);
}

void Writer::f64(double value) {
    out_.push_back(0xCB);
    append_big_endian(out_, bits_of(value), 8);
}

void Writer::floats(const float* values, std::size_t n) {
    bytes_head(4 * n);
    const std::size_t before = out_.size();
    out_.resize(before + 4 * n);
    std::uint8_t* to = out_.data() + before;
    for (std::size_t i = 0; i < n; ++i, to += 4) {
        const std::uint32_t bits = bits_of(values[i]);
        for (unsigned k = 0; k < 4; ++k) to[k] = static_cast<std::uint8_t>(bits >> (8 * k));
    }
}

}  // namespace space::msgpack
