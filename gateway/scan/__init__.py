"""The courier's page: its files, and the reading of camera frames for phones whose browser has no barcode reader."""
