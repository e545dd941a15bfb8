"""Tests of templates and static files."""
