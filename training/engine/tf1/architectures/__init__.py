"""The detectors of 2017 as the API's model messages, with the values their published configs have."""
