"""The policy article by article: what each promises, found in the data that the engine runs on."""
