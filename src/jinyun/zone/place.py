"""Where things are: WGS-84 degrees at the edges, metres east and north of the zone's origin inside.

The plane is a transverse Mercator projection of the WGS-84 ellipsoid whose central meridian runs through the origin,
with scale 1 there (``+proj=tmerc +lat_0=<lat> +lon_0=<lon> +k=1 +ellps=WGS84``): within 50 km of the origin a metre of
the plane is a metre of ground to better than 3 in 100 000, and there and back is exact to well below a millimetre.

Series: L. Krueger, 1912, in the form of C. F. F. Karney, Transverse Mercator with an accuracy of a few nanometers,
J. Geodesy 85 (2011), equations 35 and 36, to the fourth order of the third flattening.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

SEMI_MAJOR_M = 6378137.0
FLATTENING = 1 / 298.257223563

_N = FLATTENING / (2 - FLATTENING)
_E = float(np.sqrt(FLATTENING * (2 - FLATTENING)))
_RECTIFYING_M = SEMI_MAJOR_M / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_ALPHA = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49561 * _N**4 / 161280,
)
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440,
    17 * _N**3 / 480 - 37 * _N**4 / 840,
    4397 * _N**4 / 161280,
)

Floats = NDArray[np.float64]


class Projection:
    """The plane of one zone: degrees to metres and back, vectorised."""

    def __init__(self, lon_deg: float, lat_deg: float) -> None:
        self.lon_deg, self.lat_deg = lon_deg, lat_deg
        self._north_of_equator_m = float(_RECTIFYING_M * self._forward(np.float64(lat_deg), np.float64(0.0))[0])

    @property
    def proj(self) -> str:
        """The plane in PROJ's words."""
        return f"+proj=tmerc +lat_0={self.lat_deg!r} +lon_0={self.lon_deg!r} +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m +no_defs"

    def __call__(self, lon_deg: ArrayLike, lat_deg: ArrayLike) -> tuple[Floats, Floats]:
        """Return ``(x_m, y_m)`` of WGS-84 degrees; arrays of any equal shape."""
        lon, lat = np.asarray(lon_deg, dtype=np.float64), np.asarray(lat_deg, dtype=np.float64)
        north, east = self._forward(lat, lon - self.lon_deg)
        return _RECTIFYING_M * east, _RECTIFYING_M * north - self._north_of_equator_m

    def inverse(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[Floats, Floats]:
        """Return ``(lon_deg, lat_deg)`` of metres east and north of the origin; arrays of any equal shape."""
        xi0 = (np.asarray(y_m, dtype=np.float64) + self._north_of_equator_m) / _RECTIFYING_M
        eta0 = np.asarray(x_m, dtype=np.float64) / _RECTIFYING_M
        sin_xi, cos_xi, sinh_eta = np.sin(xi0), np.cos(xi0), np.sinh(eta0)
        north, east = _series(_BETA, sin_xi, cos_xi, sinh_eta, np.sqrt(1 + sinh_eta**2))
        xi, eta = xi0 - north, eta0 - east
        sinh_eta, cos_xi = np.sinh(eta), np.cos(xi)
        conformal = np.sin(xi) / np.hypot(sinh_eta, cos_xi)  # tangent of the conformal latitude
        lon = self.lon_deg + np.degrees(np.arctan2(sinh_eta, cos_xi))
        tau = conformal
        for _ in range(3):  # Newton, Karney equations 19 to 21; converges to rounding in two steps
            sigma = np.sinh(_E * np.arctanh(_E * tau / np.hypot(1, tau)))
            reached = tau * np.hypot(1, sigma) - sigma * np.hypot(1, tau)
            slope = (1 + (1 - _E**2) * tau**2) / ((1 - _E**2) * np.hypot(1, tau))
            tau = tau + (conformal - reached) / np.hypot(1, reached) * slope
        return lon, np.degrees(np.arctan(tau))

    @staticmethod
    def _forward(lat_deg: Floats | np.float64, dlon_deg: Floats | np.float64) -> tuple[Floats, Floats]:
        sin_lat, dlon = np.sin(np.radians(lat_deg)), np.radians(dlon_deg)
        conformal = np.sinh(np.arctanh(sin_lat) - _E * np.arctanh(_E * sin_lat))
        cos_dlon = np.cos(dlon)
        hypot = np.sqrt(conformal * conformal + cos_dlon * cos_dlon)
        sinh_eta = np.sin(dlon) / hypot
        north, east = _series(_ALPHA, conformal / hypot, cos_dlon / hypot, sinh_eta, np.sqrt(1 + sinh_eta**2))
        return np.arctan2(conformal, cos_dlon) + north, np.arcsinh(sinh_eta) + east


def _series(
    factors: tuple[float, ...], sine: Floats, cosine: Floats, sinh: Floats, cosh: Floats
) -> tuple[Floats, Floats]:
    """Return real and imaginary part of the sum of ``factors[j - 1] * sin(2 j z)``, z by its sine, cosine, sinh and cosh.

    Clenshaw's recurrence, in real numbers: four multiplications a term instead of four transcendental functions.
    """
    sin_2, cos_2 = 2 * sine * cosine, (cosine - sine) * (cosine + sine)
    sinh_2, cosh_2 = 2 * sinh * cosh, 1 + 2 * sinh * sinh
    a, b = 2 * cos_2 * cosh_2, -2 * sin_2 * sinh_2  # twice the cosine of 2 z
    real, imaginary = a * factors[-1] + factors[-2], b * factors[-1]
    last_real: Floats | float = factors[-1]
    last_imaginary: Floats | float = 0.0
    for factor in factors[-3::-1]:
        real, imaginary, last_real, last_imaginary = (
            a * real - b * imaginary - last_real + factor, a * imaginary + b * real - last_imaginary, real, imaginary,
        )  # fmt: skip
    x, y = sin_2 * cosh_2, cos_2 * sinh_2  # the sine of 2 z
    return real * x - imaginary * y, real * y + imaginary * x
