"""Work in the background: rows enqueued in the transaction that wants them, and a worker."""
