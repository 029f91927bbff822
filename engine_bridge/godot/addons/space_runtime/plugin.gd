@tool
extends EditorPlugin
## The add-on in the list of plugins. SpaceFace is a global class: it is there with or without it.
