"""The session log in one SQLite file: `db.Store`; of a running device it is `writer.PatientStore`."""
