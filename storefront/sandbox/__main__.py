"""`python -m storefront.sandbox run --port N`."""

from storefront.sandbox.command import sandbox

if __name__ == "__main__":
    sandbox(prog_name="python -m storefront.sandbox")
