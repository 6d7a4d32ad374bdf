"""The review desk: who works on which image, approving and returning, notes, hidden checks, progress.

`transitions` remember what happened to an image's state; `verdicts` approve and return; `queue` hands images out;
`assigning` deals them to people; `checks` score labellers; `comparing` and `matching` set boxes side by side;
`progress` adds it all up.
"""
