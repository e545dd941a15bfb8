"""Digital goods: the files and links of a variant, who may have them, and how often they were fetched."""
