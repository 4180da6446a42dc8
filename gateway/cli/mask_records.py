"""Reads orders from a CSV or JSON Lines file and writes their de-identified copy. Knows files; `masking/copies.py` decides.

The copy appears under its name only when it is whole. A record that is broken or refused is left out and counted.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import click

from masking.copies import Copier
from masking.errors import VeilwayError

Record = dict[str, Any] | None
"""None where the line does not hold one."""

TOLD = 20  # refusals that are told one by one; the rest only counted
STEP = 256  # records between two looks at how far the file is read


class Count(NamedTuple):
    """What became of the records of a file."""

    copied: int
    left_out: int


def copy_file(orders: Path, output: Path, copier: Copier, *, say: Callable[[str], None]) -> Count:
    """Copy all records of a file; raises click.UsageError for a suffix that is neither .csv nor .jsonl."""
    part = output.with_name(output.name + ".part")
    try:
        with orders.open("rb") as source, part.open("w", encoding="utf-8", errors="replace", newline="") as sink:
            records, write = _format(orders.suffix.lower(), source, sink)
            size = orders.stat().st_size
            with click.progressbar(length=size, label="masking", file=sys.stderr) as bar:
                count = _copy(_with_progress(records, source, size, bar.update), write, copier, say)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    return count


def _copy(
    records: Iterator[Record], write: Callable[[dict[str, Any]], None], copier: Copier, say: Callable[[str], None]
) -> Count:
    copied = left_out = 0
    for number, record in enumerate(records, 1):
        try:
            if record is not None:
                write(copier.copy(record))
                copied += 1
                continue
            why = "not a record"
        except VeilwayError as error:
            why = f"{error.code}: {error} (at {error.path})"
        except Exception as error:  # noqa: BLE001  a record that breaks a rule is left out, never copied plain
            why = f"unreadable ({type(error).__name__})"
        left_out += 1
        if left_out <= TOLD:
            say(f"record {number} left out: {why}")
    return Count(copied, left_out)


def _with_progress(
    records: Iterator[Record], source: IO[bytes], size: int, step: Callable[[int], None]
) -> Iterator[Record]:
    seen = 0
    for number, record in enumerate(records):
        yield record
        if number % STEP == 0:
            at = source.tell()
            step(at - seen)
            seen = at
    step(size - seen)


def _format(suffix: str, source: IO[bytes], sink: IO[str]) -> tuple[Iterator[Record], Callable[[dict[str, Any]], None]]:
    match suffix:
        case ".csv":
            return _csv(source, sink)
        case ".jsonl" | ".ndjson":
            return _json_lines(source), lambda record: _write_json(sink, record)
    raise click.UsageError("orders are read from .csv and .jsonl files")


def _write_json(sink: IO[str], record: dict[str, Any]) -> None:
    sink.write(json.dumps(record, ensure_ascii=False) + "\n")


def _json_lines(source: IO[bytes]) -> Iterator[Record]:
    for line in source:
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            yield record if isinstance(record, dict) else None


def _csv(source: IO[bytes], sink: IO[str]) -> tuple[Iterator[Record], Callable[[dict[str, Any]], None]]:
    text = io.TextIOWrapper(source, encoding="utf-8-sig", errors="replace", newline="")
    header_line = text.readline()
    delimiter = max(",;\t", key=header_line.count)
    header = next(csv.reader([header_line], delimiter=delimiter), [])
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
    written: list[list[str]] = []

    def write(record: dict[str, Any]) -> None:
        if not written:
            written.append(list(record))
            writer.writerow(written[0])
        writer.writerow([record[column] for column in written[0]])

    return _csv_records(text, delimiter, header), write


def _csv_records(text: io.TextIOWrapper, delimiter: str, header: list[str]) -> Iterator[Record]:
    rows = csv.reader(text, delimiter=delimiter)
    try:
        while True:
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error:
                yield None
                continue
            if row:
                yield dict(zip(header, row)) if len(row) == len(header) == len(set(header)) else None
    finally:
        text.detach()  # the file is its opener's to close
