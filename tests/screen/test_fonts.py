"""The fonts are what their script makes, and loading them needs no FreeType."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from matpi.screen.glyphs import FONTS, Face

MAKER = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "make_fonts.py"))


@pytest.mark.skipif(not MAKER["SPLEEN"].exists(), reason="needs Debian's fonts-spleen")
@pytest.mark.skipif(not MAKER["HEAVY"].exists(), reason="needs Debian's fonts-dejavu-extra")
def test_the_script_makes_the_very_files(tmp_path: Path) -> None:
    MAKER["main"](tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in FONTS.iterdir() if path.suffix in {".pil", ".pbm"}}
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []


def test_every_font_file_is_a_face_and_the_licences_lie_beside_them() -> None:
    assert {path.stem for path in FONTS.glob("*.pil")} == {face.value[0] for face in Face}
    assert "Frederic Cambus" in (FONTS / "LICENSE-spleen").read_text(encoding="utf-8")
    assert "Bitstream" in (FONTS / "LICENSE-dejavu").read_text(encoding="utf-8")


def test_drawing_needs_neither_freetype_nor_anything_but_the_core_its_words_and_pillow() -> None:
    probe = (
        "import sys; sys.modules['PIL._imagingft'] = None\n"
        "from matpi.screen.render import render\n"
        "from matpi.core.views import Fault, Timer\n"
        "render(Fault('t', 'w', 'd')); render(Timer(60, 2, 5, 'x', False))\n"
        "print(sorted(n for n in sys.modules if n.split('.')[0] in ('numpy', 'luma', 'gpiozero', 'starlette') "
        "or n.startswith('matpi.') and n.split('.')[1] not in ('core', 'screen', 'words')))"
    )
    done = subprocess.run([sys.executable, "-c", probe], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
