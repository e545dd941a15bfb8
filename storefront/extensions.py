"""The Flask extensions, each made once and bound in `create_app`."""

from flask import Flask
from flask_compress import Compress
from flask_limiter import Limiter
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from htmx_flask import Htmx

from storefront.core.database import Base


class QuietLimiter(Limiter):
    """Tries are counted where they are made, by `throttle()`: no request is looked at before and after."""

    def init_app(self, app: Flask) -> None:
        app.extensions["limiter"] = {self}  # known already, so it does not register its hooks
        super().init_app(app)


def _nobody() -> str:
    # Every limit names whom it counts: see `throttle()`.
    return ""


db = SQLAlchemy(model_class=Base, disable_autonaming=True)
migrate = Migrate()
login_manager = LoginManager()
htmx = Htmx()
limiter = QuietLimiter(key_func=_nobody)
compress = Compress()
