// Controls that outlive the call that gave them, so that a stream can be taken up again.
#pragma once

#include <string>

#include "space/messages.hpp"

namespace space {

class KeptControls {
public:
    /// Replaces what `given` has; the seed only if there was none.
    void merge(const Controls& given);
    /// Views of what is kept.
    Controls view() const;

private:
    Controls scalars_;  ///< its texts are not used
    Maybe<std::vector<std::pair<std::string, float>>> emotion_;
    Maybe<std::string> head_;
};

}  // namespace space
