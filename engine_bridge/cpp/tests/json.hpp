// Messages as JSON text, the twin of vectors/*.json; for the tests alone.
#pragma once

#include <cstdio>
#include <string>

#include "space/messages.hpp"

namespace check {

inline void json(std::string& out, double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    out += text;
}
inline void json(std::string& out, float value) { json(out, static_cast<double>(value)); }
inline void json(std::string& out, space::u32 value) { out += std::to_string(value); }
inline void json(std::string& out, space::u64 value) { out += std::to_string(value); }

inline void json(std::string& out, space::Text value) {
    out += '"';
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", byte);
        if (byte < 0x20 || c == '"' || c == '\\' || byte == 0x7F) {
            out += escape;
        } else {
            out += c;
        }
    }
    out += '"';
}

inline void json(std::string& out, space::Bytes value) {
    out += "{\"hex\": \"";
    for (const std::uint8_t byte : value) {
        char text[4];
        std::snprintf(text, sizeof text, "%02x", byte);
        out += text;
    }
    out += "\"}";
}

template <class Values> void json_list(std::string& out, const Values& values) {
    out += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i) out += ", ";
        json(out, values[i]);
    }
    out += ']';
}

template <std::size_t N> void json(std::string& out, const space::Floats<N>& values) { json_list(out, values); }
template <std::size_t N> void json(std::string& out, const space::FloatGroups<N>& values) { json_list(out, values); }
template <class T> void json(std::string& out, const std::vector<T>& values) { json_list(out, values); }

template <std::size_t N> void json(std::string& out, const space::FloatsOrNone<N>& value) {
    if (value.none) {
        out += "[]";
    } else {
        json_list(out, value.values);
    }
}

template <class T> void json(std::string& out, const std::vector<std::pair<space::Text, T>>& entries) {
    out += '{';
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (i) out += ", ";
        json(out, entries[i].first);
        out += ": ";
        json(out, entries[i].second);
    }
    out += '}';
}

struct JsonFields {
    std::string& out;
    template <class T> void operator()(space::Text name, const T& value) {
        out += ", ";
        json(out, name);
        out += ": ";
        json(out, value);
    }
    template <class T> void operator()(space::Text name, const std::optional<T>& value) {
        if (value) (*this)(name, *value);
    }
};

inline std::string json_of(const space::Message& message) {
    std::string out;
    const auto write = [&out](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        out += "{\"type\": ";
        json(out, space::Text(T::type));
        JsonFields fields{out};
        T::fields(value, fields);
        out += '}';
    };
    std::visit(write, message);
    return out;
}

}  // namespace check
