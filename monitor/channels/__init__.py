"""Ways out: one file a channel, one line in `registry`. A channel sends or raises `DeliveryError`; it never logs on."""
