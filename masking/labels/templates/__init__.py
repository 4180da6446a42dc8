"""Where things stand on each paper: one TOML file a form, read by `template.py`. A package so that the files are installed."""
