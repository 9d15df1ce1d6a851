"""The commands, in the order in which a person needs them."""
