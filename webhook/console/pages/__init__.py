"""One module a page: it reads what the request asks for, and says which template shows it."""
