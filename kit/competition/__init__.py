"""The competition's side: files come from it, submissions go to it."""
