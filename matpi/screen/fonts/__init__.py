"""Bitmap fonts, one bit a pixel, made by docs/make_fonts.py; see README.md for their sources."""
