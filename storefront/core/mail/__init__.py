"""The outbox: a mail is a row first, then a job sends it."""
