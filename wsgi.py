"""What a WSGI server loads: `gunicorn wsgi:app`."""

import gc

from dotenv import load_dotenv

from storefront import create_app

load_dotenv()
app = create_app()
# What stands from here on is never garbage: not looking through it saves a tenth of a page.
gc.collect()
gc.freeze()
