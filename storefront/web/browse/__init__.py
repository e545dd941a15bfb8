"""The door to the shelves: everybody's pages, the same for all who are not known."""
