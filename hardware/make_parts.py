# ruff: noqa: INP001, T201  a script, no package
"""Makes STEP and STL, checks every part, draws: `make hardware`, or `python hardware/make_parts.py` with build123d.

Files go to build/hardware/. `--write` also writes what the repository keeps: hardware/measures.json and the pictures,
each with the digest of its sources; tests/hardware/test_mechanics.py fails when those have changed. Without it, the
measures are compared with the kept ones. `--quick` leaves out the pictures and the files.
"""

from __future__ import annotations

import hashlib
import json
import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

HERE: Final = Path(__file__).resolve().parent
OUT: Final = HERE.parent / "build" / "hardware"
KEPT: Final = HERE / "measures.json"
SOURCES: Final = ("figures.toml", "loads.py", "solids.py", "drawings.py", "make_parts.py")
VOLUME_OFF, SIZE_OFF_MM = 0.005, 0.05
"""How far measures may be from the kept ones: other versions of the kernel round differently (chosen)."""
TOUCH_MM3: Final = 0.01

if TYPE_CHECKING:
    from build123d import Part


def digest() -> str:
    """Of everything the parts and pictures are made from."""
    total = hashlib.sha256()
    for name in SOURCES:
        total.update((HERE / name).read_bytes())
    return total.hexdigest()


def volume(found: Any) -> float:
    """Return the volume of what an intersection gave: None, one solid or several."""
    if found is None:
        return 0.0
    return float(sum(one.volume for one in (found if isinstance(found, list) else [found])))


def clashes(parts: dict[str, Part]) -> dict[str, float]:
    """Return which parts of an assembly are inside each other, and by how many mm3."""
    boxes = {name: part.bounding_box() for name, part in parts.items()}
    found = {}
    for one, other in combinations(parts, 2):
        if one[-1].isdigit() and one[-2] == " " and one[-1] == other[-1] and "strip" not in one:
            continue  # of the same mount, which is checked by itself
        a, b = boxes[one], boxes[other]
        if all(
            getattr(a.min, axis) < getattr(b.max, axis) and getattr(b.min, axis) < getattr(a.max, axis)
            for axis in "XYZ"
        ):
            inside = volume(parts[one] & parts[other])
            if inside > TOUCH_MM3:
                found[f"{one}, {other}"] = round(inside, 3)
    return found


def thinnest_mm(part: Part) -> float:
    """Return the least thickness found by rays from points of each face into the part.

    Where a ray leaves through a face that is no opposite side (a wedge, an edge), it counts for no wall.
    """
    from build123d import Axis

    least = 1e9
    for face in part.faces():
        if face.area < 12.0:
            continue  # edges of engraved letters and countersinks
        for u in (0.1, 0.45, 0.9):
            for v in (0.1, 0.45, 0.9):
                point = face.position_at(u, v)
                if not face.is_inside(point):
                    continue
                inward = -face.normal_at(point)
                start = point + inward * 0.01
                hits = part.find_intersection_points(Axis(start, inward))
                away = [((hit - start).dot(inward), out.dot(inward)) for hit, out in hits]
                ahead = [one for one in away if one[0] > 0.0]
                if ahead and min(ahead)[1] > 0.8:
                    least = min(least, min(ahead)[0] + 0.01)
    return round(least, 2)


def measures() -> dict[str, Any]:
    """Measure every printed part and every assembly."""
    import solids
    from loads import FIGURES, height_mm, largest_gap_mm, sizes

    made: dict[str, Any] = {"made from": digest(), "parts": {}, "clashes": {}, "mm": {}}
    for name, (make, count) in solids.PRINTED.items():
        part = make()
        box = part.bounding_box()
        made["parts"][name] = {
            "count": count,
            "volume_mm3": round(part.volume),
            "size_mm": [round(x, 2) for x in box.size],
            "bottom_mm": round(box.min.Z, 3) + 0.0,
            "solids": len(part.solids()),
            "valid": bool(part.is_valid),
            "thinnest_mm": thinnest_mm(part),
        }
    mount, bar, box = solids.mount_placed(), solids.bar_placed(), solids.box_placed()
    made["clashes"] = {"mount": clashes(mount), "bar": clashes(bar), "box": clashes(box)}
    smallest, largest = sizes()[1], sizes()[-1]  # what fits these fits those between
    for board in (smallest, largest):
        for cell in ("half50", "bar100"):
            name = f"{cell} {board.length:.0f} x {board.width:.0f}"
            made["clashes"][name] = clashes(solids.device(board, cell))
    lifted = {**mount, **moved(mount, FIGURES["mount"]["gap_mm"])}
    lifted.pop("pad")  # it is squeezed
    apart = largest_gap_mm()
    lowered = {**mount, **moved(mount, FIGURES["mount"]["gap_mm"] - apart)}
    made["clashes"]["mount, stop closed"] = clashes(lifted)
    made["mm"] = {
        "stop of half50": round(mount["foot"].distance_to(mount["holder"]), 3),
        "stop of half50, closed": round(lifted["foot"].distance_to(lifted["holder"]), 3),
        "stop of bar100": round(bar["stop"].distance_to(bar["cell"]), 3),
        "foot in its keeper": round(lifted["foot"].distance_to(lifted["keeper"]), 3),
        "foot in its keeper, the largest gap": round(lowered["foot"].distance_to(lowered["keeper"]), 3),
        "disc over the foot, stop closed": round(
            lifted["disc"].bounding_box().min.Z - lifted["foot"].bounding_box().max.Z, 3
        ),
        "cell in its pocket, each side": solids.MOUNT["pocket_clear_mm"],
        "keeper over the floor, stop closed": round(
            mount["keeper"].bounding_box().min.Z - FIGURES["mount"]["gap_mm"], 3
        ),
        "Pi to the box": round(box["pi"].distance_to(box["shell"]), 3),
        "panel to the header of the Pi": round(box["panel"].distance_to(box["header"]), 3),
        "button to what is below": round(
            min(box["button"].distance_to(box[name]) for name in ("head", "foot", "pi", "header", "lever 0")), 3
        ),
        "levers to what is beside": round(
            min(box[f"lever {n}"].distance_to(box[name]) for n in (0, 1) for name in ("shell", "pi", "header", "foot")),
            3,
        ),
        "board of half50 over the floor": height_mm("half50"),
        "board of bar100 over the floor": height_mm("bar100"),
    }
    return made


def moved(mount: dict[str, Part], up: float) -> dict[str, Part]:
    """Return foot and sole moved up, by the gap until the stop is closed; or down."""
    from build123d import Pos

    return {name: Pos(0, 0, up) * mount[name] for name in ("foot", "sole")}


def wrong(found: dict[str, Any]) -> list[str]:
    """Return what a part or an assembly does not fulfil."""
    from loads import FIGURES

    told = []
    least = FIGURES["box"]["least_wall_mm"]
    for name, part in found["parts"].items():
        if part["solids"] != 1 or not part["valid"]:
            told.append(f"{name} is not one sound solid")
        if abs(part["bottom_mm"]) > 0.001:
            told.append(f"{name} does not lie on the print bed")
        if part["thinnest_mm"] < least - 0.02:
            told.append(f"{name} is {part['thinnest_mm']} mm thin, {least} is the least")
    told += [f"{name}: {pairs} are inside each other" for name, pairs in found["clashes"].items() if pairs]
    mm = found["mm"]
    for name, figure in (("half50", "mount"), ("bar100", "bar_mount")):
        if abs(mm[f"stop of {name}"] - FIGURES[figure]["gap_mm"]) > 0.005:
            told.append(f"the stop of {name} has a gap of {mm[f'stop of {name}']} mm")
    if mm["stop of half50, closed"] > 0.005:
        told.append("the stop of half50 does not close")
    told += [
        f"{name}: {mm[name]} mm"
        for name, bound in (("foot in its keeper", 0.4), ("foot in its keeper, the largest gap", 0.1),
                            ("disc over the foot, stop closed", 0.5), ("levers to what is beside", 0.5),
                            ("keeper over the floor, stop closed", 5.0),
                            ("Pi to the box", 0.3), ("panel to the header of the Pi", 2.0),
                            ("button to what is below", 2.0))
        if mm[name] < bound
    ]  # fmt: skip
    return told


def differences(found: dict[str, Any], kept: dict[str, Any]) -> list[str]:
    """Return which measures are not the kept ones."""
    told = []
    if found["parts"].keys() != kept["parts"].keys():
        return ["other parts than in measures.json"]
    for name, part in found["parts"].items():
        other = kept["parts"][name]
        if abs(part["volume_mm3"] / other["volume_mm3"] - 1) > VOLUME_OFF:
            told.append(f"{name}: {part['volume_mm3']} mm3, kept {other['volume_mm3']}")
        if any(abs(a - b) > SIZE_OFF_MM for a, b in zip(part["size_mm"], other["size_mm"], strict=True)):
            told.append(f"{name}: {part['size_mm']} mm, kept {other['size_mm']}")
    told += [f"{name}: {mm} mm, kept {kept['mm'].get(name)}" for name, mm in found["mm"].items()
             if abs(mm - kept["mm"].get(name, -99.0)) > SIZE_OFF_MM]  # fmt: skip
    return told


def export() -> None:
    """Write STEP and STL of each printed part, as it is printed, and STEP of the assemblies."""
    import solids
    from build123d import Compound, export_step, export_stl
    from loads import sizes

    OUT.mkdir(parents=True, exist_ok=True)
    for name, (make, _) in solids.PRINTED.items():
        part = make()
        export_step(part, str(OUT / f"{name}.step"))
        export_stl(part, str(OUT / f"{name}.stl"), tolerance=0.02, angular_tolerance=0.2)
    whole = {"mount": solids.mount_placed(), "bar-mount": solids.bar_placed(), "box": solids.box_placed()}
    for cell in ("half50", "bar100"):
        whole[f"device-{cell}"] = solids.device(sizes()[0], cell)
    for name, parts in whole.items():
        export_step(Compound(children=list(parts.values())), str(OUT / f"{name}.step"))


def main(arguments: list[str]) -> int:
    found = measures()
    told = wrong(found)
    if "--write" not in arguments:
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
        told += differences(found, kept)
        if kept["made from"] != found["made from"]:
            told.append("measures.json is of other sources: run with --write and look at the pictures")
    for line in told:
        print(line)
    if told:
        return 1
    if "--write" in arguments:
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if "--quick" not in arguments:
        export()
        print(f"STEP and STL are in {OUT}")
    if "--write" in arguments:
        import drawings

        drawings.write(HERE / "pictures", found["made from"])
    print(f"{len(found['parts'])} parts, {len(found['clashes'])} assemblies checked")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
