"""What each kind of news does to the books of its order; the way in is `record`."""
