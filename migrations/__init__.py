"""The tables of each store, revision by revision, and the helpers that revisions share."""
