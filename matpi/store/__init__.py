"""What the device remembers, in one SQLite file: `db.Store`; export and import are in `transfer`."""
