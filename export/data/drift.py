"""Squared error in which slow errors count little.

A filmed jaw sinks and rises with posture and tracking, slower than anything that is said. A network that is asked for
it learns the film by heart. So a difference is split into its moving mean of 2 s and the rest; what the mean keeps of
its weight holds the face at its rest.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor
from torch.nn.functional import avg_pool1d

DRIFT_STEPS: Final = 101
"""2 s in steps of 20 ms."""
DRIFT_WEIGHT: Final = 0.2


def drift_free(difference: Tensor) -> Tensor:
    """Return the squares of (B, T, n) differences, those of their moving mean over 2 s weighted `DRIFT_WEIGHT`."""
    slow = avg_pool1d(
        difference.transpose(1, 2), DRIFT_STEPS, stride=1, padding=DRIFT_STEPS // 2, count_include_pad=False
    ).transpose(1, 2)
    return (difference - slow).square() + DRIFT_WEIGHT * slow.square()
