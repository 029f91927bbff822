// Names of weights onto those of a rig. Nothing is guessed.
#pragma once

#include <string>
#include <vector>

namespace space {

/// Returns for each name the index of the one target that it drives, -1: none. Four rules, one after the other: the same
/// name; the same letters in any case; `_L` and `_R` written out; all this with the text after the last dot alone.
std::vector<int> match_shapes(const std::vector<std::string>& names, const std::vector<std::string>& targets);

}  // namespace space
