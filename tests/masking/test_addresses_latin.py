"""The rules for addresses in letters, each with a line that fails without it."""

from __future__ import annotations

import pytest

from masking.addresses_latin import mask_latin


@pytest.mark.parametrize(
    ("text", "expected", "reason"),
    [
        # Units in many words.
        ("350 5th Ave, Apt 12B, New York, NY 10118", "350 5th Ave, ****, New York, NY 10118", "unit"),
        ("350 5th Ave, apt. 12B, New York", "350 5th Ave, ****, New York", "unit"),
        ("350 5th Ave, Apt #12, New York", "350 5th Ave, ****, New York", "unit"),
        ("350 5th Ave, Unit No. 12, New York", "350 5th Ave, ****, New York", "unit"),
        ("350 5th Ave, Ste A, New York", "350 5th Ave, ****, New York", "unit"),
        ("350 5th Ave, B-12, New York", "**** 5th Ave, B-12, New York", "house_number"),
        ("350 5th Ave, Ste Catherine, New York", "**** 5th Ave, Ste Catherine, New York", "house_number"),
        ("350 5th Ave #12", "350 5th Ave ****", "unit"),
        ("350 5th Ave, Rm1203", "350 5th Ave, ****", "unit"),
        ("350 5th Ave, 41st Floor", "350 5th Ave, ****", "unit"),
        ("350 5th Ave, Second Floor", "350 5th Ave, ****", "unit"),
        ("350 5th Ave, 12/F", "350 5th Ave, ****", "unit"),
        ("350 5th Ave, G/F", "350 5th Ave, ****", "unit"),
        ("350 5th Ave, Penthouse", "350 5th Ave, ****", "unit"),
        ("12 Penthouse Court Street", "**** Penthouse Court Street", "house_number"),
        ("350 5th Ave, Fl 3, Miami, FL 33101", "350 5th Ave, ****, Miami, FL 33101", "unit"),
        ("1159 Highland Ave 9B, Cheshire", "1159 Highland Ave ****, Cheshire", "unit"),
        ("1159 Highland Ave NW 9B, Cheshire", "1159 Highland Ave NW ****, Cheshire", "unit"),
        ("1159 Highland Ave B", "1159 Highland Ave ****", "unit"),
        ("1159 County Road 12, Cheshire", "**** County Road 12, Cheshire", "house_number"),
        ("Flat A, 12/F, Block 3, Mei Foo, 8 Nassau Street", "****, Mei Foo, 8 Nassau Street", "unit"),
        ("12 rue de la Paix, 3ème étage", "12 rue de la Paix, ****", "unit"),
        ("12 rue de la Paix, esc. B", "12 rue de la Paix, ****", "unit"),
        ("Musterstraße 12, 3. OG links", "Musterstraße 12, ****", "unit"),
        ("Musterstraße 12, Hinterhaus", "Musterstraße 12, ****", "unit"),
        ("Calle Mayor 5, 3o B, Madrid", "Calle Mayor 5, ****, Madrid", "unit"),
        ("Calle Mayor 5, 3o izq, Madrid", "Calle Mayor 5, ****, Madrid", "unit"),
        ("Vestergade 5, 2. tv, København", "Vestergade 5, ****, København", "unit"),
        ("Marszałkowska 10 m. 5", "Marszałkowska 10 ****", "unit"),
        ("ул. Ленина, д. 5, кв. 12", "ул. Ленина, д. 5, ****", "unit"),
        ("테헤란로 123, 101동 1502호", "테헤란로 123, ****", "unit"),
        ("테헤란로 123, 지하 1층", "테헤란로 123, ****", "unit"),
        ("테헤란로 123, 가동 502호", "테헤란로 123, ****", "unit"),
        ("74 rue Wellington N bureau 18", "74 rue Wellington N ****", "unit"),
        ("41 Quai aux Tonneliers, 2", "41 Quai aux Tonneliers, ****", "unit"),
        ("Quai aux Tonneliers, 2", "Quai aux Tonneliers, ****", "house_number"),
        ("41 Quai aux Tonneliers, 2345", "**** Quai aux Tonneliers, 2345", "house_number"),
        ("Oudegracht 284 bis", "Oudegracht ****", "unit"),
        ("Shed 11B", "****", "unit"),
        # Unit and house in one.
        ("5/12 Smith St, Fitzroy", "****/12 Smith St, Fitzroy", "unit"),
        ("5-12 Smith St, Fitzroy", "**** Smith St, Fitzroy", "house_number"),
        ("1503-88 Harbour St", "****-88 Harbour St", "unit"),
        ("99/1 ถนนสุขุมวิท", "**** ถนนสุขุมวิท", "house_number"),
        ("101-1502, 123 Teheran-ro, Seoul", "****, 123 Teheran-ro, Seoul", "unit"),
        # Houses.
        ("742 Evergreen Terrace, Springfield", "**** Evergreen Terrace, Springfield", "house_number"),
        ("742B Evergreen Terrace, Springfield", "**** Evergreen Terrace, Springfield", "house_number"),
        ("No. 5 Keji Road, Shenzhen", "**** Keji Road, Shenzhen", "house_number"),
        ("12 bis rue de la Paix", "**** rue de la Paix", "house_number"),
        ("10 - 12 High Street", "**** High Street", "house_number"),
        ("Rose House, 12 Mill Lane", "Rose House, **** Mill Lane", "house_number"),
        ("Rose House, 1234 Mill Lane", "Rose House, **** Mill Lane", "house_number"),
        ("Rose House\n12 Mill Lane", "Rose House\n**** Mill Lane", "house_number"),
        ("Musterdorf, Musterstraße 12, 10115 Berlin", "Musterdorf, Musterstraße ****, 10115 Berlin", "house_number"),
        ("Musterstraße 12\n10115 Berlin\nDeutschland", "Musterstraße ****\n10115 Berlin\nDeutschland", "house_number"),
        ("Musterdorf\n10115 Berlin, Gate 3", "Musterdorf\n10115 Berlin, Gate ****", "house_number"),
        ("Musterdorf, 10115 Berlin\nGate 3", "Musterdorf, 10115 Berlin\nGate ****", "house_number"),
        ("Long Road, 1234 Berlin", "Long Road, 1234 Berlin", "no_unit"),
        ("1234 Berlin, Long Road", "**** Berlin, Long Road", "house_number"),
        ("Long Road\n1234 Berlin", "Long Road\n1234 Berlin", "no_unit"),
        ("Phase 12, Noida", "Phase 12, Noida", "no_unit"),
        ("Phase 12, Sector 7", "Phase 12, Sector 7", "no_unit"),
        ("Sector, 12", "Sector, ****", "house_number"),
        ("Interstate Highway 9", "Interstate Highway 9", "no_unit"),
        ("Oakland CA 94789\nLong Row", "Oakland CA 94789\nLong Row", "no_unit"),
        ("12-12 Smith St", "**** Smith St", "house_number"),
        ("100000000001-100000000000 Smith St", "*** Smith St", "addressee"),
        ("5/12 Österstraße", "****/12 Österstraße", "unit"),
        ("Rose House, 1234 Ambleside", "Rose House, 1234 Ambleside", "no_unit"),
        ("Rose House, 123 Ambleside", "Rose House, **** Ambleside", "house_number"),
        ("Musterstraße 12, Berlin", "Musterstraße ****, Berlin", "house_number"),
        ("Musterstraße 12 A, Berlin", "Musterstraße ****, Berlin", "house_number"),
        ("Musterstraße 12-14, Berlin", "Musterstraße ****, Berlin", "house_number"),
        ("Musterstraße 12 10115 Berlin", "Musterstraße **** 10115 Berlin", "house_number"),
        ("Musterstraße 12, 10115 Berlin", "Musterstraße ****, 10115 Berlin", "house_number"),
        ("Marszałkowska 10, 00-590 Warszawa", "Marszałkowska ****, 00-590 Warszawa", "house_number"),
        ("ул. Ленина, д.5", "ул. Ленина, д.****", "house_number"),
        ("at the 12 oaks", "at the **** oaks", "house_number"),
        ("12345 Main Street", "**** Main Street", "house_number"),
        ("5th Avenue", "5th Avenue", "no_unit"),
        ("12 5th Avenue", "**** 5th Avenue", "house_number"),
        ("US Highway 9", "US Highway 9", "no_unit"),
        ("Oakland CA 94789", "Oakland CA 94789", "no_unit"),
        ("06236 서울특별시", "06236 서울특별시", "no_unit"),
        ("12", "****", "house_number"),
        # Boxes, people, contacts, postcodes.
        ("P.O. Box 123, Springfield", "P.O. Box ****, Springfield", "postbox"),
        ("Postfach 12 34 56, Berlin", "Postfach ****, Berlin", "postbox"),
        ("Packstation 123, 12345678, Berlin", "Packstation ****, Berlin", "postbox"),
        ("PO Box 123, 1234567, Springfield", "PO Box ****, 1234567, Springfield", "postbox"),
        ("c/o John Smith, Rose House", "c/o ***, Rose House", "addressee"),
        ("Attn: John Smith, 12 Main St", "Attn: ***, **** Main St", "house_number"),
        ("Rose House, +44 7911 123456", "Rose House, ***", "addressee"),
        ("Rose House 4155552671", "Rose House ***", "addressee"),
        ("Rose House, London SW1A 1AA", "Rose House, London SW1A ***", "postcode_covered"),
        ("**** Main St, Springfield, IL 62701", "**** Main St, Springfield, IL 62701", "door_premasked"),
        ("****, 12 Main St", "****, 12 Main St", "door_premasked"),
    ],
)
def test_the_rule(text: str, expected: str, reason: str) -> None:
    assert mask_latin(text, "") == (expected, reason)


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("10115 Berlin", "DE", "10115 Berlin"),
        ("10115 Berlin", "", "**** Berlin"),
        ("10115 Main Street", "DE", "**** Main Street"),
        ("1234 Wien", "at", "1234 Wien"),
        ("123 Wien", "AT", "**** Wien"),
        ("101-1200 Robson St", "CA", "****-1200 Robson St"),
        ("101-1200 Robson St", "US", "**** Robson St"),
        ("Damrak 5, 1012 LG Amsterdam", "NL", "Damrak ****, 1012 ** Amsterdam"),
    ],
)
def test_the_country_decides_what_letters_leave_open(text: str, country: str, expected: str) -> None:
    assert mask_latin(text, country).text == expected


WORDS = "Apt Suite Flat Floor Room Bldg Block Tower Level Shop appt bât étage esc Whg Stock Top piso puerta andar sala interno scala lok lgh кв корп офис"


@pytest.mark.parametrize("word", WORDS.split())
def test_a_unit_word_covers_its_number(word: str) -> None:
    for written in (word, word.upper(), f"{word}."):
        assert mask_latin(f"12 Long Row, {written} 7, Town", "").text == "12 Long Row, ****, Town"
    assert mask_latin(f"12 Long Row, x{word} 7, Town", "").text.startswith("**** Long Row")


TYPES = "Avenue Ave Street St Road Rd Blvd Drive Lane Court Way Place Terrace Circle Square Close Crescent"


@pytest.mark.parametrize("kind", TYPES.split())
def test_a_number_behind_a_streets_type_is_a_unit(kind: str) -> None:
    assert mask_latin(f"12 Long {kind} 7B, Town", "").text == f"12 Long {kind} ****, Town"
