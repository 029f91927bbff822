"""Speech as training hears it: recordings, synthetic voices, phones, other voices in the same timing."""
