"""`veilway demo`: the whole product once, for real, in a minute of reading. `story.py` lives it, `picture.py` shows it."""
