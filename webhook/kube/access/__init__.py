"""The way to the API server: which server, through which proxy, and as whom, as kubectl has it.

What kubectl would understand otherwise, or not at all, is refused: a credential or a server that
was meant and passed over makes the product act as another user.
"""
