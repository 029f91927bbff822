"""The face model of the NPC heads, and where the tracker's points lie on it."""
