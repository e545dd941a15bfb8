"""What is sold: products, variants, their stock and pictures, and how they come in."""
