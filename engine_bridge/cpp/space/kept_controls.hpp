// Controls that outlive the call that gave them, so that a stream can be taken up again.
#pragma once

#include <map>
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
    using OwnedMix = std::vector<std::pair<std::string, float>>;

    Controls plain_;  ///< its texts and mixes are not used
    std::map<std::string_view, std::string> texts_;  ///< by the control's name on the wire
    std::map<std::string_view, OwnedMix> mixes_;
};

}  // namespace space
