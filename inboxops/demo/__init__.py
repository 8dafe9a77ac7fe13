"""The demonstration: a fictional shop's support inbox, and what `quickstart` does to show it.

`script` is the vocabulary in which conversations are written, `conversations` the content, `play` puts it on stage
through the same actions as everything else, `prepare` makes the workspace, its people and the token, `serve` serves.
"""
