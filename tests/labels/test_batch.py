from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from masking.labels.batch import bundle, render_each
from masking.labels.errors import LabelRefused
from masking.labels.sinks import read
from tests.labels.conftest import PEOPLE, RECIPIENT


@pytest.fixture
def outcomes(make_label):
    """Five orders: one that is no order, one whose waybill is no waybill."""

    def run(**options):
        def label_of(order):
            if order is None:
                raise LabelRefused("no order", code="order_shape", path="carrier")
            return make_label(waybill=order)

        orders = ["SF0000000000001", None, "SF0000000000002", "!", "SF0000000000003"]
        return list(render_each(orders, label_of, size="76x130", **options))

    return run


def test_each_label_has_its_own_result_and_none_stops_the_others(outcomes) -> None:
    told = [(item.number, item.waybill, item.code) for item in outcomes()]
    assert told == [
        (1, "SF0000000000001", "ok"),
        (2, "", "order_shape"),
        (3, "SF0000000000002", "ok"),
        (4, "!", "waybill_shape"),
        (5, "SF0000000000003", "ok"),
    ]


def test_pdfs_become_one_document(outcomes) -> None:
    data, media_type = bundle(outcomes(format="pdf"))
    assert media_type == "application/pdf" and len(read(data).pictures) == 3


@pytest.mark.parametrize("format", ["png", "zpl", "tspl"])
def test_others_become_a_zip_with_results(outcomes, format) -> None:
    done = outcomes(format=format)
    data, media_type = bundle(done)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert names[:-1] == [f"{n:04d}-SF000000000000{m}.{format}" for n, m in ((1, 1), (3, 2), (5, 3))]
        assert archive.read(names[0]) == done[0].rendered.data
        assert [entry["code"] for entry in json.loads(archive.read("results.json"))] == [item.code for item in done]
    assert media_type == "application/zip" and bundle(done)[0] == data


def test_labels_come_one_by_one_so_that_progress_can_be_shown(make_label) -> None:
    made: list[int] = []

    def label_of(number: int):
        made.append(number)
        return make_label()

    run = render_each(range(1000), label_of)
    assert next(run).number == 1 and made == [0]


def test_names_of_all_scripts_do_not_break_a_batch(make_label) -> None:
    from masking.personal import Party

    people = [
        *PEOPLE.values(),
        Party("สมชาย ใจดี", "+66 81 234 5678"),
        Party("محمد علي", "+971 50 123 4567"),
        Party("😀", "x"),
        Party("", ""),
    ]
    done = list(render_each(people, make_label, size="76x130"))
    assert [item.code for item in done] == ["ok"] * len(people)
    assert {finding.code for item in done[4:6] for finding in item.rendered.findings} == {"glyph_missing"}


def test_no_label_stays_on_disk(outcomes, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    bundle(outcomes(format="pdf"))
    bundle(outcomes(format="zpl"))
    assert list(tmp_path.iterdir()) == []


def test_results_hold_no_personal_value(outcomes) -> None:
    shown = json.dumps([item.as_dict() for item in outcomes()], ensure_ascii=False)
    assert RECIPIENT.name not in shown and RECIPIENT.phone not in shown
