"""One review, from request to answer: a pure function without HTTP, files or clocks."""
