"""Bytes and markup read into posts: pure, without a network."""
