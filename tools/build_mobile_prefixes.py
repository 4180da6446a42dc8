"""Writes masking/data/mobile_prefixes.tsv: for each city of mainland China, how many seven-digit mobile prefixes it has.

The source is libphonenumber's geocoding data as `phonenumbers` ships it; the service itself never loads that data.
usage: python tools/build_mobile_prefixes.py
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from phonenumbers import __version__
from phonenumbers.geodata import GEOCODE_DATA

OUT = Path(__file__).parents[1] / "masking" / "data" / "mobile_prefixes.tsv"
SEGMENT_DIGITS = 7  # a segment of ten thousand numbers is what the carriers assign to a city
# A shorter entry gives a city ten million numbers or more at once: a default of the data, and counting it would flatter the mask.
SHORTEST_KEY = 5
SPELLINGS = {"天津": "天津市"}  # one city under two names


def segments() -> dict[str, tuple[str, str]]:
    """Each seven-digit prefix with its city in Chinese and in English; a longer entry overrides a shorter one."""
    found: dict[str, tuple[str, str]] = {}
    mobile = [
        key for key in GEOCODE_DATA if key[:3] == "861" and key[3:4] in set("3456789") and len(key) - 2 >= SHORTEST_KEY
    ]
    for key in sorted(mobile, key=len):
        names = GEOCODE_DATA[key]
        missing = SEGMENT_DIGITS - (len(key) - 2)
        for tail in range(10**missing):
            found[key[2:] + (f"{tail:0{missing}d}" if missing else "")] = (
                SPELLINGS.get(names["zh"], names["zh"]),
                names["en"],
            )
    return found


def main() -> None:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for segment, city in segments().items():
        counts[city][segment[:3]] += 1
    operators = sorted({operator for city in counts.values() for operator in city})
    lines = [
        f"# libphonenumber geocoding data, phonenumbers {__version__} (Apache-2.0); written by tools/build_mobile_prefixes.py"
    ]
    lines.append("\t".join(["zh", "en", *operators]))
    for (zh, en), city in sorted(counts.items()):
        lines.append("\t".join([zh, en, *(str(city[operator] or "") for operator in operators)]))
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
