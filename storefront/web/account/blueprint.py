"""The Blueprint itself: each file of views hangs its own on it."""

from flask import Blueprint

account = Blueprint("account", __name__, url_prefix="/account")
