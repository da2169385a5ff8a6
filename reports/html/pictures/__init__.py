"""Pictures of the HTML report: report data in, SVG out. Each module draws one; none needs a script or an inline style.

Colours are classes that `pictures.css` sets by the page's custom properties, and no picture tells anything by colour alone.
The patterns that fill them are `definitions()`, once on a page.
"""
