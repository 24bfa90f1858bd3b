"""How colours look to people with dichromatic vision, and how far apart they then are."""

import numpy as np

# Machado, Oliveira and Fernandes (2009), table of severity 1.0; they act on linear RGB.
MACHADO = {
    "normal vision": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])


def seen(rgb, vision):
    """Linear RGB of an sRGB colour as it is seen."""
    rgb = np.asarray(rgb, dtype=float)[:3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.clip(np.array(MACHADO[vision]) @ linear, 0.0, 1.0)


def lab(linear):
    """CIE L*a*b* of linear RGB."""
    xyz = _TO_XYZ @ linear / _WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one, two, vision):
    """CIE76 colour difference of two sRGB colours as they are seen; 2.3 is just noticeable."""
    return float(np.linalg.norm(lab(seen(one, vision)) - lab(seen(two, vision))))
