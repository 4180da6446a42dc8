"""The README's pictures are made from the demo, and hold what they claim to show."""

from __future__ import annotations

from gateway.demo.pages import LINE, MARGIN, side_by_side
from gateway.demo.story import OrderTold, Row


def test_the_table_has_a_line_for_each_field_that_differs_and_a_head() -> None:
    rows = [
        Row("form:msgData~$.contact", "诸葛文静", "诸葛**"),
        Row("a", "same", "same"),
        Row("b", "x@example.org", ""),
    ]

    image = side_by_side(OrderTold("sf-express", "shp_1", "SF1", 200, [], rows, []))

    assert image.height == 3 * LINE + 2 * MARGIN
    assert len(image.getcolors() or []) > 4, "paper, ink and two colours of text"
