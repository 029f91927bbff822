"""The pure steps between sound and frames, one module each: `step(state, value) -> (state, value)`.

May import the control batch, track, schedules and glances beside this folder, rig, inference and the ground floor;
never one another.
"""
