"""Moving a whole shop from SQLite to Postgres, or back: `flask shop move`."""
