"""The modules of browsers and the npm package."""
