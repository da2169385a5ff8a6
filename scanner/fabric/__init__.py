"""The fleet as a whole: the controls that no cluster decides alone (NB-XC-*), from what each cluster says of itself."""
