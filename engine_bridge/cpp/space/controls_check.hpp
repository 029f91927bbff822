// Controls that the server could not even read are refused where they are given.
#pragma once

#include "space/client_values.hpp"

namespace space {

/// Returns ok if these controls have a wire form; their ranges are the server's business. Otherwise `bad_argument`, and
/// `last_error()` names the control.
Status check_controls(const Controls& controls);

}  // namespace space
