"""Renderers: pure functions of one report."""
