"""One door to the network for each connection.

door        asks, retries what is safe to repeat, and turns refusals into errors by consequence
dialect     how one system speaks: address, credentials, limits, its ways of saying no
exchange    one request and what its answer means: again, final, or unclear
answer      an answer, and a decoder that one bad row cannot stop
auth        credentials: a header, basic, OAuth          keyring    one renewal for all processes
abreast     several questions at once, answers in order
budget      calls left, shared by processes              transport  the only file that touches httpx
"""
