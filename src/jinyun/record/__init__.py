"""The record (记录): everything a zone received and published, in sealed segments, as columns, for as long as it must be kept.

:mod:`.segment` is the form of a file, :mod:`.writing` puts blocks of messages into it beside the live path and is never
waited for, :mod:`.verifying` finds what was changed, :mod:`.columns` and :mod:`.queries` are positions in Parquet, and
:mod:`.retention` says what goes when; :mod:`.archiving` copies it to a store elsewhere, :mod:`.fetching` brings it back.
"""
