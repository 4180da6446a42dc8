"""Which region an address lies in: a country, then state, city and district, as far as somebody named them; or a postcode's beginning.

    CN/广东省/深圳市/南山区      US/NY      US:100      CN:5180

Knows spellings, not maps: a region is a name that stands in the address too. What an address does not tell lies in no region and in no
country; whoever must know is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from unicodedata import normalize

from masking.errors import VeilwayError
from masking.personal import PostalAddress

LIMIT = 200
_COUNTRIES = {
    "CHN": "CN",
    "CHINA": "CN",
    "中国": "CN",
    "中华人民共和国": "CN",
    "USA": "US",
    "UK": "GB",
    "GBR": "GB",
    "DEU": "DE",
    "JPN": "JP",
}
"""Spellings that formats use besides the two letters. A spelling that is not here is an unknown country."""
_CODE = re.compile(r"[A-Z]{2}", re.ASCII)
_KIND = re.compile(
    r"(?<=..)(?:特别行政区|壮族自治区|回族自治区|维吾尔自治区|自治区|自治州|自治县|地区|[省市区县旗盟])$"
)
"""What a division is, behind its name: some write it and some do not."""
_APART = re.compile(r"[\s.,'’·-]+")


class RegionInvalid(VeilwayError):
    """A text that names no region (`region_invalid`)."""

    code = "region_invalid"


def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2; "" for what is not known to be a country."""
    written = normalize("NFKC", text).strip().upper()
    written = _COUNTRIES.get(written, written)
    return written if _CODE.fullmatch(written) else ""


def region_named(text: str) -> str:
    """The region in its one spelling. Raises `region_invalid`: a region that no address could lie in would silently close."""
    written = normalize("NFKC", text).strip()
    country, mark, rest = written.partition(":") if ":" in written else written.partition("/")
    parts = [part.strip() for part in rest.split("/")] if mark == "/" else [_postcode(rest)] if mark else []
    code = country_code(country)
    if not code or len(written) > LIMIT or not all(parts) or len(parts) > 3:
        raise RegionInvalid(
            "a region is COUNTRY/STATE/CITY/DISTRICT as far as wanted, or COUNTRY:POSTCODE", path="region"
        )
    return code + (mark + "/".join(parts) if mark else "")


def region_of(regions: Iterable[str], address: PostalAddress, home: str = "") -> str:
    """The one of these regions that the address lies in; "" where it lies in none. `home` is the country of an address that names none."""
    return next((region for region in regions if _covers(region, address, home)), "")


def country_of(address: PostalAddress, home: str = "") -> str:
    """The country of the address; "" where it names one that is not known."""
    return country_code(address.country or home)


def _covers(region: str, address: PostalAddress, home: str) -> bool:
    country, mark, rest = region.partition(":") if ":" in region else region.partition("/")
    if country != country_of(address, home):
        return False
    if mark == ":":
        return _postcode(address.postcode).startswith(rest)
    wanted = rest.split("/") if mark else []
    found = (address.state, address.city, address.district)
    return all(there and _same(_plain(part), _plain(there)) for part, there in zip(wanted, found, strict=False))


def _same(one: str, other: str) -> bool:
    """One name, or one of the two without its kind: 伊宁市 is 伊宁, and not 伊宁县."""
    bare = _KIND.sub("", one), _KIND.sub("", other)
    return one == other or (bare[0] == bare[1] and (one in bare or other in bare))


def _plain(name: str) -> str:
    return _APART.sub("", normalize("NFKC", name)).casefold()


def _postcode(text: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", normalize("NFKC", text).upper())
