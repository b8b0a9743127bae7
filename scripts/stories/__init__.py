"""The main job, told against a running demo server."""
