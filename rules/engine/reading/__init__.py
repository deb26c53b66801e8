"""One file by itself: from its bytes to a walked tree and to the facts that other files need of it."""
