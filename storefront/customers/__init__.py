"""Who buys: users, their addresses, joining and proving who they are."""
