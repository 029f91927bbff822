"""The wire protocol of SPACE runtime, its clients and the adapters to other programs."""
