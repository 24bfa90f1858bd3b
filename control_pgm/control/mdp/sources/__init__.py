"""Processes from outcomes, from rows of data, from counts of logged transitions."""
