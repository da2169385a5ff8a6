"""Who can talk to whom: declared by the policies alone, effective on one data plane."""
