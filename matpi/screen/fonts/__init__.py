"""Bitmap fonts, one bit a pixel. The .pil and .pbm files are made by make_fonts.py; see README.md for their sources."""
