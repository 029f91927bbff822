#include "space/shape_matching.hpp"

namespace space {

namespace {

std::string as_it_is(const std::string& name) { return name; }

std::string in_lower_case(const std::string& name) {
    std::string text = name;
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}

std::string written_out(const std::string& name) {
    const std::string text = in_lower_case(name);
    const std::string end = text.size() < 2 ? "" : text.substr(text.size() - 2);
    if (end != "_l" && end != "_r") return text;
    return text.substr(0, text.size() - 2) + (end == "_l" ? "left" : "right");
}

std::string after_dot(const std::string& name) { return written_out(name.substr(name.rfind('.') + 1)); }

using NameRule = std::string (*)(const std::string&);
constexpr NameRule kNameRules[] = {as_it_is, in_lower_case, written_out, after_dot};

}  // namespace

std::vector<int> match_shapes(const std::vector<std::string>& names, const std::vector<std::string>& targets) {
    std::vector<int> found(names.size(), -1);
    std::vector<bool> taken(targets.size(), false);
    for (const NameRule rule : kNameRules) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            for (std::size_t k = 0; k < targets.size() && found[i] < 0; ++k) {
                if (taken[k] || rule(names[i]) != rule(targets[k])) continue;
                found[i] = static_cast<int>(k);
                taken[k] = true;
            }
        }
    }
    return found;
}

}  // namespace space
