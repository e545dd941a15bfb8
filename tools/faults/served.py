"""The shop as gunicorn and the worker load it here: `wsgi:app`, with its templates compiled once for all processes.

`FAULTS_SABOTAGE` names a rule of the shop to be broken: to see that the machine sees it.
"""

import os

import jinja2

from tools.faults import sabotage
from wsgi import app

app.jinja_env.bytecode_cache = jinja2.FileSystemBytecodeCache(os.environ["FAULTS_TEMPLATES"])
sabotage.commit(os.environ.get("FAULTS_SABOTAGE", ""))
