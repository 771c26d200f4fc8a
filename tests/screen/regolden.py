"""Write the golden screens anew: `python -m tests.screen.regolden`. Then read the diff with your eyes."""

from __future__ import annotations

from matpi.screen.frame import braille
from tests.screen.gallery import GOLDENS, IN_GERMAN, VIEWS, pictures


def main() -> None:
    GOLDENS.mkdir(exist_ok=True)
    for stale in {path.stem for path in GOLDENS.glob("*.txt")} - VIEWS.keys() - IN_GERMAN.keys():
        (GOLDENS / f"{stale}.txt").unlink()
        print(f"removed {stale}")
    for name, image in pictures().items():
        path, reported = GOLDENS / f"{name}.txt", braille(image) + "\n"
        if not path.exists() or path.read_text(encoding="utf-8") != reported:
            path.write_text(reported, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
