"""What every test may ask for."""

pytest_plugins = (
    "tests.databases",
    "tests.sockets",
    "tests.strictness",
    "tests.doors",
    "tests.stack",
    "tests.people",
    "tests.browsers",
)
