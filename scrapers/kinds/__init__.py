"""One file per kind of source. A kind reads its source and judges nothing; it may not import another kind."""
