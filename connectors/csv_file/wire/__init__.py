"""From files to pages.

stream.py: what the site says. files.py: finds files and guards the read. text.py, workbook.py: split them into lines.
columns.py, values.py, rows.py: make rows of lines. pages.py: makes pages of rows.
"""
