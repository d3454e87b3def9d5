"""What all pages share: the person and their session, the visit, its form and its answer."""
