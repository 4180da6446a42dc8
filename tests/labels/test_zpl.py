"""ZPL as an independent renderer prints it (zpl-renderer-js, from npm, tests only), compared with the picture dot by dot."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from masking.labels.layout import DOTS_PER_MM, BarsItem, Layout, MatrixItem, layout
from masking.labels.raster import raster
from masking.labels.template import SIZES, builtin
from masking.labels.zpl import zpl
from masking.labels.zpl_reader import commands, fields, picture
from tests.labels.conftest import PEOPLE

PACKAGE = "zpl-renderer-js@3.4.0"
SCRIPT = """
const { ready } = require("zpl-renderer-js");
let text = ""; process.stdin.on("data", (part) => text += part).on("end", async () => {
  const { api } = await ready;
  const out = [];
  for (const [zpl, width, height, dots] of JSON.parse(text)) out.push(await api.zplToBase64Async(zpl, width, height, dots));
  process.stdout.write(JSON.stringify(out), () => process.exit(0));
});
"""


@pytest.fixture(scope="session")
def render_zpl():
    """Render many labels in one Node process. The package is fetched once, through npm, into the temporary folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed: ZPL is not compared with an independent renderer")
    folder = Path(tempfile.gettempdir()) / "veilway-zpl-renderer"
    if not (folder / "node_modules" / "zpl-renderer-js").is_dir():
        folder.mkdir(exist_ok=True)
        install = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--prefix", str(folder), PACKAGE]
        if subprocess.run(install, capture_output=True, timeout=60).returncode != 0:
            pytest.skip(f"npm cannot fetch {PACKAGE}: ZPL is not compared with an independent renderer")

    def render(labels: list[tuple[str, float, float, float]]) -> list[Image.Image]:
        done = subprocess.run(
            [node, "-e", SCRIPT], input=json.dumps(labels), text=True, capture_output=True, timeout=100, cwd=folder
        )
        return [Image.open(io.BytesIO(base64.b64decode(item))).convert("L") for item in json.loads(done.stdout)]

    return render


def same_dots(render_zpl, placed: list[Layout]) -> None:
    # The renderer knows whole dots a millimetre only, so the page is asked for by its dots at 8 a millimetre.
    asked = [(zpl(item).decode(), item.width / 8, item.height / 8, 8) for item in placed]
    for item, printed in zip(placed, render_zpl(asked), strict=True):
        shown = printed.crop((0, 0, item.width, item.height)).point(lambda level: 255 if level > 127 else 0)
        assert ImageChops.difference(shown, raster(item).convert("L")).getbbox() is None


def test_an_independent_printer_prints_the_same_dots(render_zpl, make_label) -> None:
    sscc = make_label(waybill="00376104250021234569", recipient=PEOPLE["hangul"])
    same_dots(render_zpl, [layout(make_label(), builtin("76x130")), layout(sscc, builtin("100x150"))])


@pytest.mark.slow
@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("dpi", [203, 300])
def test_an_independent_printer_prints_the_same_dots_on_every_paper(render_zpl, make_label, dpi, who) -> None:
    same_dots(render_zpl, [layout(make_label(PEOPLE[who]), builtin(size), dpi) for size in SIZES])


@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("size", SIZES)
def test_the_pictures_in_the_zpl_are_the_labels_own_dots(make_label, size, dpi) -> None:
    placed = layout(make_label(), builtin(size), dpi)
    whole = raster(placed).convert("L")
    text = zpl(placed).decode()
    seen = 0
    for field in fields(commands(text)):
        if field.kind == "picture":
            image = picture(field).convert("L")
            x, y = field.origin
            part = Image.new("L", image.size, 255)
            part.paste(
                whole.crop((x, y, min(x + image.width, whole.width), min(y + image.height, whole.height))), (0, 0)
            )
            # Everything black in the field is black on the label; a neighbour may reach into the field's white.
            assert ImageChops.lighter(image, part).tobytes() == image.tobytes()
            seen += 1
    assert seen >= 8


def test_codes_are_native_and_say_what_the_label_says(make_label) -> None:
    label = make_label()
    placed = layout(label, builtin("100x150"))
    text = zpl(placed).decode()
    bars = next(item for item in placed.items if isinstance(item, BarsItem))
    matrix = next(item for item in placed.items if isinstance(item, MatrixItem))
    assert f"^FO{bars.x},{bars.y}^BY{bars.module}^BCN,{bars.height},N,N,N,A^FDSF1234567890123^FS" in text
    assert f"^BQN,2,{matrix.module}^FDMM,A{label.ticket}^FS" in text
    assert text.startswith("^XA^PW800^LL1200") and text.rstrip().endswith("^XZ") and text.isascii()


def test_a_tall_label_stays_below_12_kilobytes(make_label) -> None:
    assert len(zpl(layout(make_label(product="标准快递"), builtin("100x180")))) < 12_000


def test_the_300_dpi_head_has_the_dots_that_labels_are_laid_out_for() -> None:
    assert DOTS_PER_MM[203] == 8 and abs(DOTS_PER_MM[300] - 11.811) < 0.001
