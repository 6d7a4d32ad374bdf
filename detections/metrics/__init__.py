"""How right a model is. Plain Python: values in, values out, no Django.

`values`      what goes in (boxes of an image, true and predicted) and what comes out
`table`       the boxes of many images as arrays
`matching`    what became of every predicted and every true box, at any IoU
`operating`   precision, recall and F1 over all score thresholds, and the threshold where F1 is best
`coco`        the twelve COCO figures, figures by size, TIDE
`voc`         VOC AP, 11-point and all-point
`matrix`      the confusion matrix with background
`calibration` how far scores are from precision
`bootstrap`   how far a figure may move with other images
`report`      all of it together
"""
