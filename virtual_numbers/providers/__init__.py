"""One file a provider: it builds the provider's requests, reads its answers, checks its signature and speaks its decisions.

Bytes in, values out; no socket, no clock. The vocabulary that all of them share is in `wire.py`; what they report becomes events
of one schema (`virtual_numbers/events.py`). A provider is a dumb leg: bindings live here, and only what a call needs goes there.
"""
