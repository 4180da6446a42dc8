from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from masking.labels.errors import LabelRefused
from masking.labels.template import SIZES, ZoneKind, builtin, load

OURS = [("76x130", 1), ("100x150", 1), ("100x150", 2), ("100x180", 1), ("100x180", 2), ("4x6", 1), ("a6", 1)]
GOOD = """
size = "76x130"
logo = "logo.png"
[[zone]]
kind = "logo"
x = 2
y = 2
width = 30
height = 8
[[zone]]
kind = "text"
x = 34
y = 2
width = 38
height = 8
text = "七天无理由退货"
[[zone]]
kind = "code"
x = 2
y = 12
width = 72
height = 18
[[zone]]
kind = "routing"
x = 2
y = 31
width = 72
height = 14
[[zone]]
kind = "recipient"
x = 2
y = 46
width = 72
height = 24
[[zone]]
kind = "sender"
x = 2
y = 71
width = 40
height = 24
[[zone]]
kind = "ticket"
x = 46
y = 72
width = 26
height = 26
"""


def write(folder: Path, text: str) -> Path:
    Image.new("RGBA", (40, 20), (0, 0, 0, 255)).save(folder / "logo.png")
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("size", "parts"), OURS)
def test_our_own_templates_are_valid(size: str, parts: int) -> None:
    template = builtin(size, parts)
    assert template.size == size and template.paper == SIZES[size] and len(template.cuts) == parts - 1


@pytest.mark.parametrize("size", SIZES)
def test_one_part_is_the_default(size: str) -> None:
    assert builtin(size).cuts == ()


def test_the_ticket_stays_on_the_parcel_when_the_form_is_torn() -> None:
    for size in ("100x150", "100x180"):
        template = builtin(size, 2)
        ticket = next(zone for zone in template.zones if zone.kind is ZoneKind.TICKET)
        assert ticket.y + ticket.height <= template.cuts[0]


def test_a_shops_own_template_with_logo_and_words(tmp_path: Path, make_label) -> None:
    from masking.labels.layout import PictureItem, TextItem, layout

    placed = layout(make_label(), load(write(tmp_path, GOOD)))
    assert any(isinstance(item, PictureItem) for item in placed.items)
    assert any(isinstance(item, TextItem) and "退货" in item.text for item in placed.items)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('size = "76x130"', 'size = "80x80"', "size"),
        ('size = "76x130"', 'size = "76x130"\ncolour = "red"', "colour"),
        ('kind = "routing"', 'kind = "advert"', "zone[3].kind"),
        ("width = 72\nheight = 18", "width = 75\nheight = 18", "zone[2]"),  # leaves the paper
        ("y = 31", "y = 20", "zone[2]"),  # overlaps the code
        ('kind = "ticket"', 'kind = "text"', "zone"),  # no ticket left
        ('kind = "sender"', 'kind = "sender"\ntext = "hello"', "zone[5].text"),
        ("height = 14", 'height = "14"', "zone[3].height"),
        ("height = 14", "height = -1", "zone[3].height"),
        ('size = "76x130"', 'size = "76x130"\ncuts = [50]', "zone[4]"),
        ('logo = "logo.png"', 'logo = "../logo.png"', "logo"),
        ('logo = "logo.png"', 'logo = "shop.toml"', "logo"),
        ('logo = "logo.png"', 'fonts = ["logo.png"]', "fonts"),
        ('size = "76x130"', "size = ", None),
    ],
)
def test_a_bad_template_is_refused_with_the_place(tmp_path: Path, old: str, new: str, path: str | None) -> None:
    assert old in GOOD
    with pytest.raises(LabelRefused) as refusal:
        load(write(tmp_path, GOOD.replace(old, new, 1)))
    assert (refusal.value.code, refusal.value.path) == ("template_invalid", path)


def test_unknown_papers_and_parts_are_refused() -> None:
    for size, parts, code in (("a5", 1, "size_unknown"), ("76x130", 2, "parts_unknown")):
        with pytest.raises(LabelRefused) as refusal:
            builtin(size, parts)
        assert refusal.value.code == code
