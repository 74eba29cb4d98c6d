"""Functions of angles, and hyperbolic ones: sin, cos, …, atanh, sinc. (`tanh` is an activation.)"""

from __future__ import annotations

from nnspec.operators.pointwise import Real


class Sin(Real):
    """The sine of an angle in radians."""

    name = "sin"
    saves = ("inputs",)
    accepts = ("[2, 3] -> sin", "c64[2] -> sin")


class Cos(Real):
    """The cosine of an angle in radians."""

    name = "cos"
    saves = ("inputs",)
    accepts = ("[2, 3] -> cos", "c64[2] -> cos")


class Tan(Real):
    """The tangent of an angle in radians."""

    name = "tan"
    autocast = "full"
    saves = (0,)
    accepts = ("[2, 3] -> tan", "c64[2] -> tan")


class Asin(Real):
    """The angle in radians with this sine."""

    name = "asin"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> asin", "c64[2] -> asin")


class Acos(Real):
    """The angle in radians with this cosine."""

    name = "acos"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> acos", "c64[2] -> acos")


class Atan(Real):
    """The angle in radians with this tangent."""

    name = "atan"
    saves = ("inputs",)
    accepts = ("[2, 3] -> atan", "c64[2] -> atan")


class Sinh(Real):
    """The hyperbolic sine."""

    name = "sinh"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> sinh", "c64[2] -> sinh")


class Cosh(Real):
    """The hyperbolic cosine."""

    name = "cosh"
    saves = ("inputs",)
    autocast = "full"
    accepts = ("[2, 3] -> cosh", "c64[2] -> cosh")


class Asinh(Real):
    """The hyperbolic sine the other way round."""

    name = "asinh"
    saves = ("inputs",)
    accepts = ("[2, 3] -> asinh", "c64[2] -> asinh")


class Acosh(Real):
    """The hyperbolic cosine the other way round."""

    name = "acosh"
    saves = ("inputs",)
    accepts = ("[2, 3] -> acosh", "c64[2] -> acosh")


class Atanh(Real):
    """The hyperbolic tangent the other way round."""

    name = "atanh"
    saves = ("inputs",)
    accepts = ("[2, 3] -> atanh", "c64[2] -> atanh")


class Sinc(Real):
    """sin(pi * x) / (pi * x), and 1 at 0."""

    name = "sinc"
    saves = ("inputs",)
    accepts = ("[2, 3] -> sinc", "c64[2] -> sinc")
