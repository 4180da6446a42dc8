"""What a profile's values mean: secrets, templates, places to put them, signature schemes. Compiled with the place kept for error messages."""

from __future__ import annotations

from collections.abc import Mapping

from carriers import clockwork, fieldpath
from carriers.errors import ProfileError
from carriers.profile import Setter, Target
from carriers.profile_schema import ProfileTable, SignTable
from carriers.signing import DIGESTS, ENCODINGS, QUOTES, Scheme, Template, template

_SOURCES = ("secret", "form", "query", "header", "now", "nonce", "basic", "sign")


class Values:
    """Compiles values of one table; `where` and `needle` say what it is at, for the line of an error."""

    def __init__(self, table: ProfileTable) -> None:
        self.table = table
        self.where = "id"
        self.needle = ""

    def at(self, where: str, needle: str = "") -> None:
        """Note the place that is being compiled."""
        self.where, self.needle = where, needle

    def scheme(self, name: str, sign: SignTable) -> Scheme:
        """A signature scheme out of its table."""
        self.at(f"sign.{name}")
        for key, value, known in (
            ("digest", sign.digest, DIGESTS),
            ("encode", sign.encode, ENCODINGS),
            ("quote", sign.quote, QUOTES),
        ):
            self.needle = key
            if value not in known:
                raise ProfileError(
                    f"unknown {key} {value!r}; known are {', '.join(filter(None, known))}", code="unknown_signer"
                )
        self.needle = "text"
        text = self.template(sign.text)
        self.needle = "key"
        if sign.digest.startswith("hmac-") and not sign.key:
            raise ProfileError("an HMAC needs a key", code="missing_signer")
        return Scheme(
            name=name,
            text=text,
            digest=sign.digest,
            encode=sign.encode,
            quote=sign.quote,
            key=self.template(sign.key) if sign.key else None,
            prefix=sign.prefix,
            into=sign.into,
            charset=sign.charset,
            normalise=sign.normalise,
        )

    def template(self, text: str) -> Template:
        """A template whose placeholders all exist."""
        made = template(text)
        for name in made.names:
            word, _, rest = name.partition(":")
            if word in ("body", "path", "token", "reference") or name.startswith(("$", "/")):
                if word == "token" and self.table.token is None:
                    raise ProfileError("{token} without a [token] table", code="missing_signer")
                continue
            if word not in _SOURCES:
                raise ProfileError(f"unknown placeholder {{{name}}}", code="template_invalid")
            self._check_source(word, rest)
        return made

    def _check_source(self, word: str, rest: str) -> None:
        if word == "secret":
            self.secret(rest)
        elif word == "basic":
            for secret in rest.split(":"):
                if secret:
                    self.secret(secret)
        elif word == "now":
            clockwork.check(rest)
        elif word == "sign" and rest not in self.table.sign:
            raise ProfileError(f"no signature scheme called {rest!r}", code="missing_signer")

    def secret(self, name: str) -> None:
        """Refuse a secret that `secrets` does not list."""
        if name not in self.table.secrets:
            raise ProfileError(f"the secret {name!r} is not listed in `secrets`", code="unknown_secret")

    def setters(self, wanted: Mapping[str, str]) -> tuple[Setter, ...]:
        """Path -> template, as places and templates."""
        made = []
        for path, text in wanted.items():
            self.needle = path
            made.append(Setter(self.target(path), self.template(text)))
        return tuple(made)

    def target(self, path: str) -> Target:
        """Where a path of `set` or `into` leads."""
        word, colon, name = path.partition(":")
        if colon and word in fieldpath.OUTSIDE:
            inside = fieldpath.parse(f"form:{name}")[1:] if word == "query" and "~" in name else ()
            return Target(word, name.lower() if word == "header" else name, inside, path)
        steps = fieldpath.parse(path)
        return Target("body", steps[-1].name, steps[1:], path, len(steps) == 2)
