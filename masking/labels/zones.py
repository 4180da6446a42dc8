"""How each kind of zone is filled: what stands in it, at which size, and what gives way when it is narrow."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from masking.labels import fonts
from masking.labels.codes import QUIET_BARS
from masking.labels.layout import BarsItem, MatrixItem, PictureItem, Sheet, TextItem, bars_module, ticket_module
from masking.labels.template import Zone, ZoneKind
from masking.labels.texts import FLAGS, WORDS, carrier_name
from masking.personal import MaskedParty, PostalAddress

SMALLEST = 2.5
"""mm of em below which the strokes of Han letters merge at 203 dpi."""
PADDING = 1.0
STEPS = 0.25
CITY = 3.5
"""mm of em of the destination below a sorting code."""


def _words(sheet: Sheet) -> dict[str, str]:
    return WORDS[sheet.label.language]


def _clean(sheet: Sheet, text: str, path: str) -> str:
    shown, missing = fonts.printable(text, sheet.template.faces)
    if missing:
        sheet.find("glyph_missing", path)
    return shown


def _width(sheet: Sheet, text: str, size: int) -> int:
    return fonts.width(text, size, faces=sheet.template.faces)


def _measured(sheet: Sheet, text: str) -> list[tuple[str, int]]:
    """What a text may be broken between, each piece with its width in thousandths of an em."""
    return [(piece, fonts.units(piece, sheet.template.faces)) for piece in fonts.tokens(text)]


def _wrap(pieces: list[tuple[str, int]], room: int) -> list[str]:
    """Break into lines: Latin between words, everything else anywhere. `room` in thousandths of an em."""
    lines, line, used = [], "", 0
    for piece, wide in pieces:
        if used + wide > room and line.strip():
            lines.append(line.rstrip())
            line, used = "", 0
            if piece == " ":
                continue
        line, used = line + piece, used + wide
    return [*lines, line.rstrip()] if line.strip() else lines


def _split_words(sheet: Sheet, pieces: list[tuple[str, int]], room: int) -> list[tuple[str, int]]:
    """The same with every word that is wider than a line taken apart."""
    out: list[tuple[str, int]] = []
    for piece, wide in pieces:
        if wide > room and len(piece) > 1:
            out += [(ch, fonts.units(ch, sheet.template.faces)) for ch in piece]
        else:
            out.append((piece, wide))
    return out


def block(
    sheet: Sheet,
    box: tuple[float, float, float, float],
    text: str,
    path: str,
    *,
    largest: float,
    lines: int = 1,
    bold: bool = False,
    centre: bool = False,
) -> float:
    """Set a text into a box (mm) as large as fits in so many lines; give the height used. Cut short with a finding."""
    x, y, width, height = box
    shown = _clean(sheet, text, path)
    if not shown:
        return 0.0
    room, tall = sheet.dots(width), sheet.dots(height)
    sizes = range(sheet.dots(largest), sheet.dots(SMALLEST) - 1, -max(1, sheet.dots(STEPS)))
    size, broken, pieces = 0, [shown], _measured(sheet, shown)
    for size in sizes:
        across = room * fonts.UNITS // size
        broken = _wrap(_split_words(sheet, pieces, across), across)
        if len(broken) <= lines and len(broken) * round(size * fonts.LINE) <= tall:
            break
    fitting = max(1, min(lines, tall // round(size * fonts.LINE)))
    if len(broken) > fitting:
        sheet.find("text_cut", path)
        broken = [*broken[: fitting - 1], _shortened(sheet, broken[fitting - 1], size, room)]
    for at, line in enumerate(broken):
        indent = (room - _width(sheet, line, size)) // 2 if centre else 0
        sheet.items.append(
            TextItem(sheet.dots(x) + max(0, indent), sheet.dots(y) + at * round(size * fonts.LINE), size, line, bold)
        )
    return len(broken) * round(size * fonts.LINE) / sheet.dots(1)


def _shortened(sheet: Sheet, line: str, size: int, room: int) -> str:
    while line and _width(sheet, line + "…", size) > room:
        line = line[:-1]
    return line + "…"


def head(sheet: Sheet, zone: Zone) -> None:
    """Carrier at the left, or the shop's logo; flags at the right in boxes."""
    label = sheet.label
    flags = [FLAGS[flag][label.language] for flag in label.flags if flag in FLAGS]
    left = zone.width * (0.5 if flags else 1)
    if sheet.template.logo is not None and not any(z.kind is ZoneKind.LOGO for z in sheet.template.zones):
        picture(sheet, Zone(ZoneKind.LOGO, zone.x, zone.y, left, zone.height - 0.5))
    else:
        name = carrier_name(label.carrier)
        block(
            sheet,
            (zone.x, zone.y + 1, left, zone.height - 1),
            name,
            "carrier",
            largest=min(5.0, zone.height * 0.6),
            bold=True,
        )
    if flags:
        text = " · ".join(flags)
        box = (zone.x + left, zone.y + 1, zone.width - left, zone.height - 1)
        block(sheet, box, text, "flags", largest=4.5, lines=2, bold=True)


def code(sheet: Sheet, zone: Zone) -> None:
    """The waybill as bars, centred, and in letters below."""
    module = bars_module(sheet, zone)
    text = 4.0 if zone.height >= 18 else 3.25
    height = sheet.dots(zone.height - PADDING - text * fonts.LINE - 0.5)
    width = len(sheet.bars.modules) * module
    spare = sheet.dots(zone.width) - width - 2 * QUIET_BARS * module
    x = sheet.dots(zone.x) + QUIET_BARS * module + spare // 2
    sheet.items.append(BarsItem(x, sheet.dots(zone.y + PADDING), module, height, sheet.bars))
    top = zone.y + zone.height - text * fonts.LINE - 0.25
    box = (zone.x, top, zone.width, text * fonts.LINE)
    block(sheet, box, sheet.bars.content, "waybill", largest=text, bold=True, centre=True)


def routing(sheet: Sheet, zone: Zone) -> None:
    """The sorting code as large as it goes, the destination below it; without a code the destination in its place."""
    label = sheet.label
    address = label.recipient.address
    city = address.city or address.state
    text, below = (label.routing_code, city) if label.routing_code else (city, "")
    under = CITY * fonts.LINE if below else 0.0
    room = zone.height - PADDING - under
    box = (zone.x, zone.y + PADDING, zone.width, room)
    used = block(sheet, box, text, "routing_code", largest=min(11.0, room / fonts.LINE), bold=True, centre=True)
    box = (zone.x, zone.y + PADDING + used, zone.width, under)
    block(sheet, box, below, "recipient.address", largest=CITY, centre=True)


def recipient(sheet: Sheet, zone: Zone) -> None:
    _party(sheet, zone, sheet.label.recipient, "recipient", name=5.0, address=4.0)


def sender(sheet: Sheet, zone: Zone) -> None:
    _party(sheet, zone, sheet.label.sender, "sender", name=3.5, address=3.25)


def _party(sheet: Sheet, zone: Zone, party: MaskedParty, role: str, *, name: float, address: float) -> None:
    """The role's sign at the left, then name and phone, then the address."""
    sign = _words(sheet)[role]
    wide = 8.0 if sheet.label.language == "zh" else 11.0
    block(sheet, (zone.x + 0.5, zone.y + 1.5, wide - 1, 8), sign, role, largest=name * 1.3, bold=True)
    x, y, width = zone.x + wide, zone.y + 1.5, zone.width - wide
    who = "  ".join(part for part in (party.name, party.phone) if part)
    bottom = zone.y + zone.height - 0.25
    small = min(name, zone.height / 4)
    y += block(sheet, (x, y, width, small * fonts.LINE), who, role, largest=small, bold=True)
    where = address_line(party.address, sheet.label.language)
    block(sheet, (x, y, width, bottom - y), where, f"{role}.address", largest=address, lines=6)


def address_line(address: PostalAddress, language: str) -> str:
    """One line in the country's own order: Chinese from large to small, others from small to large."""
    han = any("\u3400" <= ch <= "\u9fff" for ch in address.city + address.street + address.state)
    if han or (not address.street and language == "zh"):
        parts = dict.fromkeys(part for part in (address.state, address.city, address.district) if part)
        area = "".join(part for part in parts if not address.street.startswith(part))
        return f"{area} {address.street}".replace("\n", " ").strip()
    town = " ".join(part for part in (address.district, address.city, address.state, address.postcode) if part)
    return ", ".join(part for part in (address.street.replace("\n", ", "), town, address.country) if part)


def contents(sheet: Sheet, zone: Zone) -> None:
    """Parcel n of m, product, batch; goods only where a shop opted in."""
    label, words = sheet.label, _words(sheet)
    rows = [(f"{words['parcel']} {label.parcel[0]}/{label.parcel[1]}", "parcel", 4.0, 1)]
    if label.product:
        rows.append((f"{words['product']} {label.product}", "product", 3.5, 1))
    if label.batch:
        rows.append((f"{words['batch']} {label.batch}", "batch", 3.0, 1))
    if label.goods:
        rows.append((f"{words['goods']} {'; '.join(label.goods)}", "goods", 3.0, 3))
    _rows(sheet, zone, rows)


def signoff(sheet: Sheet, zone: Zone) -> None:
    """Lines to sign on, and when the label was printed (UTC offset included, to the minute)."""
    words = _words(sheet)
    printed = sheet.label.printed_at.isoformat(sep=" ", timespec="minutes")
    rows = [(f"{words[key]}:", "signoff", 3.25, 1) for key in ("signed_by", "signed_at")]
    _rows(sheet, zone, [*rows, (f"{words['printed']} {printed}", "printed_at", 2.75, 1)], spread=True)


def _rows(sheet: Sheet, zone: Zone, rows: list[tuple[str, str, float, int]], *, spread: bool = False) -> None:
    y, bottom = zone.y + 1.25, zone.y + zone.height
    gap = max(0.0, (zone.height - 1.25 - sum(row[2] * fonts.LINE for row in rows)) / len(rows)) if spread else 0.5
    for text, path, largest, lines in rows:
        if bottom - y < SMALLEST * fonts.LINE:
            sheet.find("text_cut", path)
            continue
        y += gap + block(sheet, (zone.x + 0.5, y, zone.width - 1, bottom - y), text, path, largest=largest, lines=lines)


def ticket(sheet: Sheet, zone: Zone) -> None:
    """The ticket's QR in the middle of its zone."""
    module = ticket_module(sheet, zone)
    side = len(sheet.matrix.rows) * module
    x = sheet.dots(zone.x) + (sheet.dots(zone.width) - side) // 2
    y = sheet.dots(zone.y) + (sheet.dots(zone.height) - side) // 2
    sheet.items.append(MatrixItem(x, y, module, sheet.matrix))


def text(sheet: Sheet, zone: Zone) -> None:
    block(sheet, (zone.x, zone.y, zone.width, zone.height), zone.text, "text", largest=4.0, lines=20)


def picture(sheet: Sheet, zone: Zone) -> None:
    """The shop's logo, scaled into the zone and made black or white."""
    logo = sheet.template.logo
    if logo is None:
        return
    scale = min(sheet.dots(zone.width) / logo.width, sheet.dots(zone.height) / logo.height)
    small = logo.resize((max(1, int(logo.width * scale)), max(1, int(logo.height * scale))), Image.Resampling.LANCZOS)
    flat = Image.new("L", small.size, 255)
    flat.paste(small.convert("L"), (0, 0), small.getchannel("A"))
    sheet.items.append(PictureItem(sheet.dots(zone.x), sheet.dots(zone.y), flat.point(lambda level: level < 128, "1")))


FILL: dict[ZoneKind, Callable[[Sheet, Zone], None]] = {
    ZoneKind.HEAD: head,
    ZoneKind.CODE: code,
    ZoneKind.ROUTING: routing,
    ZoneKind.RECIPIENT: recipient,
    ZoneKind.SENDER: sender,
    ZoneKind.CONTENTS: contents,
    ZoneKind.SIGNOFF: signoff,
    ZoneKind.TICKET: ticket,
    ZoneKind.TEXT: text,
    ZoneKind.LOGO: picture,
}
