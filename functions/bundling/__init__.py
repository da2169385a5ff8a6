"""The zips that the clouds run: `python -m functions.bundling aws gcp azure`, or `make bundles`.

Same checkout, same pins, same interpreters: same bytes. What makes a zip differ from machine to machine (order, times, modes,
paths in byte code) is fixed in `archive` and `bytecode`; deflate is that of the zlib that Python was built with.
"""
