"""What a WSGI server loads: `gunicorn wsgi:app`."""

from dotenv import load_dotenv

from storefront import create_app

load_dotenv()
app = create_app()
