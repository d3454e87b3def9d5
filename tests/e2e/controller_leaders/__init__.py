"""Two controllers at once; no other one runs beside them."""
