"""The golden runs of the jitter buffer in which an audio player does not play on steadily."""

from __future__ import annotations

import math

from tests.tools.jitter_steps import STEP, Step, ask, begin, counts, finished, frame, frames, play, slow


def clock_runs() -> dict[str, list[Step]]:
    """The runs in which the position stands still, falls back, jumps or goes at another speed."""
    return {
        "stands_still_past_the_newest": [
            begin(),
            *frames(0, 5),
            *play(0, 4 * STEP),
            *[ask(4.5 * STEP) for _ in range(20)],
            *frames(5, 6),  # they come in its absence
            *[ask(4.5 * STEP) for _ in range(3)],
            *play(4.75 * STEP, 10 * STEP),
            counts(),
        ],
        "stands_still_among_frames": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            *[ask(4.25 * STEP) for _ in range(20)],
            *play(4.5 * STEP, 9 * STEP),
        ],
        "stands_still_on_a_frame": [begin(), *frames(0, 3), ask(STEP, 0.2), *[ask(STEP) for _ in range(20)]],
        "stands_still_from_the_first": [
            begin(),
            *[ask(0.0, 0.07) for _ in range(3)],
            *frames(0, 6),
            *[ask(0.0, 0.07) for _ in range(8)],
            *play(100, 5 * STEP),
        ],
        "frames_come_to_where_it_stands": [
            begin(),
            *frames(0, 3),
            *play(0, 3 * STEP),
            *[ask(6 * STEP) for _ in range(20)],
            *frames(3, 3),  # still before the position, but new
            *[ask(6 * STEP) for _ in range(20)],
        ],
        "is_no_number_any_more": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            *[ask(math.nan) for _ in range(8)],
            *[ask(math.inf) for _ in range(8)],
            *[ask(-math.inf) for _ in range(4)],
        ],
        "starved_at_half_speed": [begin(), *frames(0, 5), *play(0, 4 * STEP), *slow(4 * STEP, 0.5, 25)],
        "starved_at_double_speed": [begin(), *frames(0, 5), *slow(0, 2.0, 20)],
        "frames_at_double_speed": [begin(), *frames(0, 30), *slow(0, 2.0, 20)],
        "creeps": [begin(), *frames(0, 12), *play(0, 4 * STEP), *slow(4 * STEP, 0.07, 25)],
        "goes_slowly": [begin(), *frames(0, 12), *play(0, 4 * STEP), *slow(4 * STEP, 0.15, 25)],
        "trembles": [
            begin(),
            *frames(0, 12),
            *play(0, 6 * STEP),
            *[ask((6 + (-1) ** k * 0.25 * (k % 5)) * STEP) for k in range(25)],
        ],
        "seeks_back": [
            begin(),
            *frames(0, 30),
            *play(0, 20 * STEP),
            *play(4 * STEP, 9 * STEP),
            ask(2 * STEP, 0.04),
            frame(30, 0.5),
            frame(1, 0.25),  # late: it would come before the frame at the position
            frame(3, 0.75),
            ask(2 * STEP, 0.05),
            ask(3 * STEP, 0.04),
            *play(21 * STEP, 24 * STEP),
            counts(),
        ],
        "seeks_to_before_everything": [
            begin(),
            *[frame(k, 0.75) for k in range(10, 30)],
            *play(10 * STEP, 20 * STEP),
            *play(2 * STEP, 12 * STEP),
            counts(),
        ],
        "loops": [
            begin(),
            *frames(0, 31),
            finished(30 * STEP),
            *[step for _ in range(3) for step in play(0, 30 * STEP)],
            *[ask(0.0) for _ in range(20)],  # an engine's player that has stopped
            counts(),
        ],
        "loops_over_what_never_came": [
            begin(),
            *frames(0, 12),
            *[step for _ in range(2) for step in play(0, 40 * STEP)],
        ],
        "jumps_ahead_of_all_frames": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            *play(40 * STEP, 44 * STEP),
            *frames(12, 36),
            *play(44 * STEP, 47 * STEP),
            counts(),
        ],
        "is_far_away_for_a_moment": [
            begin(),
            *frames(0, 12),
            *play(0, 4 * STEP),
            ask(1e300),
            frame(12, 0.5),
            *play(4.5 * STEP, 8 * STEP),
            ask(-1e300),
            *play(8.5 * STEP, 11 * STEP),
            counts(),
        ],
        "numbers_beyond_all_bounds": [
            begin(),
            *frames(0, 12),
            ask(STEP, 1e300),
            ask(2 * STEP, math.nan),
            ask(2.5 * STEP, math.inf),
            ask(3 * STEP, -math.inf),
            ask(3 * STEP, 1e300),
            ask(-1e300, 1e-300),
            ask(1e300, 5.0),
            counts(),
        ],
        "a_long_gap": [
            begin(),
            *frames(0, 5),
            *frames(30, 6),
            *play(0, 34 * STEP),
        ],
        "one_frame_a_second": [
            begin(),
            *[frame(k, round(0.2 * k, 1), sample=16_000.0 * k) for k in range(4)],
            frame(5, 1.0, sample=80_000.0),
            *play(0, 80_000, dt=0.234),
        ],
        "finished_while_it_stands": [
            begin(),
            *[frame(k, 0.75) for k in range(12)],
            *play(0, 8 * STEP),
            finished(6 * STEP),
            *[ask(8 * STEP) for _ in range(16)],
            *play(2 * STEP, 5 * STEP),
            counts(),
        ],
        "times_that_contradict": [
            begin(),
            *frames(0, 6),
            frame(6, 0.9, sample=2.0 * STEP),
            frame(8, 0.9, sample=1e300),
            frame(7, 0.9, sample=7.0 * STEP),
            frame(9, 0.9, sample=9.0 * STEP),
            frame(3, 0.9, sample=4.5 * STEP),
            *play(0, 8 * STEP),
            counts(),
        ],
        "keeps_what_has_passed": [
            begin(),
            {"frames": {"stream": 1, "first_index": 0, "n_frames": 3000, "interval": 100.0, "weights": [0.5]}},
            ask(299_950.0, 0.2),
            {"frames": {"stream": 1, "first_index": 3000, "n_frames": 2047, "interval": 100.0, "weights": [0.25]}},
            {"frames": {"stream": 1, "first_index": 5047, "n_frames": 2050, "interval": 100.0, "weights": [0.75]}},
            counts(),
            ask(250_000.0, 0.2),
            ask(299_800.0, 0.2),
            ask(299_900.0, 0.04),
            ask(509_500.0, 0.2),
            counts(),
        ],
    }
