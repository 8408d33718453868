"""A QR code drawn by a page's own path is the code that the library makes."""

import re

import segno

from portal.views.qr import QUIET, path_of

URI = "otpauth://totp/MateCost%20Privacy:yuna.han%40cloudmate.example?secret=JBSWY3DPEHPK3PXP&issuer=MateCost%20Privacy"


def test_the_path_draws_every_dark_module_and_no_other() -> None:
    """Each rectangle of the path is a run of dark modules, with the quiet zone round them all."""
    drawn = path_of(URI)

    dark = {
        (int(x) + run, int(y))
        for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", drawn.path)
        for run in range(int(width))
    }
    matrix = segno.make_qr(URI, error="m", boost_error=False).matrix
    expected = {(x + QUIET, y + QUIET) for y, row in enumerate(matrix) for x, module in enumerate(row) if module}
    assert dark == expected
    assert drawn.side == len(matrix) + 8
