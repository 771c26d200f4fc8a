"""matpi: the mat-side device for an acupressure mat."""

__version__ = "0.3.0"
