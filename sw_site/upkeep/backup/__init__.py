"""Backups: snapshots of database and files in a folder, where the same bytes are kept once.

    FOLDER/sw_site-backup.json         what this folder is, and its format
    FOLDER/objects/ab/abcd…            contents, named by their SHA-256
    FOLDER/snapshots/TIME-HASH.json.gz what a snapshot holds: the database's object, and of each file place, path,
                                       size, time of change, mode and object

A snapshot is written last and whole, so one that was cut off leaves only objects, which the next one uses.
"""
