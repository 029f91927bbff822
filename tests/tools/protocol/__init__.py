"""Writers of the files that follow from `engine_bridge.protocol.field_table`, one module a language."""
