"""How right a model is: COCO figures and the fate of every box. Plain Python: values in, values out, no Django.

`values`    what goes in (boxes of an image, true and predicted) and what comes out
`coco`      the twelve COCO figures and the figures of each class
`matching`  one row per predicted box with its outcome, and one per true box that was missed
`operating` precision, recall and F1 at a score threshold, and the threshold where F1 is best
"""
