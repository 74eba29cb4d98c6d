"""Transforms, one image at a time and over a batch, against torchvision."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

import nnspec.training  # noqa: E402, F401  (makes torchvision importable)
from nnspec.diagnostics import Mismatch  # noqa: E402
from nnspec.recipe import lookup, names  # noqa: E402
from nnspec.recipe.definition import Bound, Field  # noqa: E402
from nnspec.training.data import preprocess  # noqa: E402

CPU = torch.device("cpu")


CASES = [
    ("resize", {"size": 5}),
    ("resize", {"size": (3, 9)}),
    ("center_crop", {"size": 4}),
    ("center_crop", {"size": (10, 4)}),
    ("random_crop", {"size": 6, "padding": 2}),
    ("random_crop", {"size": (8, 7)}),
    ("random_horizontal_flip", {}),
    ("random_rotation", {"degrees": 20}),
    ("random_affine", {"degrees": 5, "translate": (0.1, 0.1)}),
    ("normalize", {"mean": 0.5, "std": 0.25}),
    ("normalize", {"mean": (0.5, 0.4, 0.3), "std": (0.2, 0.2, 0.1)}),
    ("grayscale", {}),
    ("rgb", {}),
    ("pad", {"padding": 2}),
    ("random_vertical_flip", {}),
    ("random_resized_crop", {"size": 5}),
    ("random_perspective", {}),
    ("color_jitter", {"brightness": 0.2, "hue": 0.1}),
    ("random_grayscale", {"p": 0.5}),
    ("random_erasing", {}),
    ("gaussian_blur", {"kernel_size": 3}),
    ("random_solarize", {}),
    ("random_autocontrast", {}),
    ("random_adjust_sharpness", {"sharpness_factor": 2.0}),
    ("rand_augment", {}),
    ("trivial_augment", {}),
]


def test_the_cases_are_of_every_transform() -> None:
    assert {name for name, _ in CASES} == set(names("transform"))


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_a_transform_gives_what_its_rule_says_and_torchvision_does(
    name: str, settings: dict[str, Any]
) -> None:
    from torchvision.transforms import v2

    recipe: Any = lookup("transform", name)
    bound = recipe.bind((), settings)
    images = torch.rand(4, 3, 8, 8)
    after = recipe.apply(Field("u8", (3, 8, 8)), bound)
    result = recipe.build(bound)(images)
    assert tuple(result.shape[1:]) == after.shape
    if recipe.is_random:
        return
    size = settings.get("size")
    size = [size, size] if isinstance(size, int) else size
    listed = {k: list(v) if isinstance(v, tuple) else [v] * 3 for k, v in settings.items()}
    theirs = {
        "resize": lambda: v2.Resize(size, antialias=True),
        "center_crop": lambda: v2.CenterCrop(size),
        "normalize": lambda: v2.Normalize(**listed),
        "grayscale": v2.Grayscale,
        "rgb": lambda: v2.Identity(),
        "pad": lambda: v2.Pad(2),
    }[name]()
    assert torch.allclose(result, theirs(images), atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 15, 22)])
def test_images_moved_together_are_as_torchvision_moves_each(shape: tuple[int, ...]) -> None:
    from torchvision.transforms.v2 import functional

    from nnspec.recipe.transforms.affine import moved

    drawn = torch.Generator().manual_seed(5)
    images = torch.rand(30, *shape, generator=drawn)
    degrees = torch.rand(30, generator=drawn) * 60 - 30
    shift = torch.randint(-3, 4, (30, 2), generator=drawn).float()
    scale = torch.rand(30, generator=drawn) + 0.5
    ours = moved(images, degrees, shift, scale)
    for one, image, angle, by, factor in zip(ours, images, degrees, shift, scale, strict=True):
        translate = [int(by[0]), int(by[1])]
        theirs = functional.affine(image, float(angle), translate, float(factor), [0.0, 0.0])
        assert (one != theirs).float().mean() < 0.01  # where two pixels are as near
    turned = moved(images, degrees, torch.zeros(30, 2), torch.ones(30))
    for one, image, angle in zip(turned, images, degrees, strict=True):
        assert (one != functional.rotate(image, -float(angle))).float().mean() < 0.01


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_jittered_together_are_as_torchvision_jitters_each(channels: int) -> None:
    from torchvision.transforms.v2 import functional

    from nnspec.recipe.transforms.jitter import jittered

    drawn = torch.Generator().manual_seed(5)
    images = torch.rand(30, channels, 6, 9, generator=drawn)
    images[0] = 0.25  # grey, which has no hue
    names = ("brightness", "contrast", "saturation", "hue")
    factors = {name: torch.rand(30, generator=drawn) * 2 for name in names}
    factors["hue"] = factors["hue"] / 2 - 0.5
    places = torch.rand(4, 30, generator=drawn).argsort(0)
    assert len({tuple(order) for order in places.T.tolist()}) > 10
    ours = jittered(images, factors, places)
    for number, image in enumerate(images):
        for step in places[:, number]:
            name = names[step]
            image = getattr(functional, f"adjust_{name}")(image, float(factors[name][number]))
        # rounding of a hue, which three steps may double
        assert torch.allclose(ours[number], image, atol=1e-5)


def test_jitter_is_drawn_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As torchvision draws it, and each order as often."""
    from torchvision.transforms import v2

    from nnspec.recipe.transforms import jitter

    seen: list[Any] = []
    monkeypatch.setattr(jitter, "jittered", lambda images, *drawn: seen.append(drawn) or images)
    settings = {"brightness": 1.5, "contrast": 0.2, "saturation": 0.0, "hue": 0.1}
    recipe: Any = lookup("transform", "color_jitter")
    recipe.build(recipe.bind((), settings))(torch.rand(600, 3, 2, 2))
    ((factors, places),) = seen
    theirs = v2.ColorJitter(**settings)
    assert list(factors) == ["brightness", "contrast", "hue"]
    for name, values in factors.items():
        low, high = getattr(theirs, name)
        assert low <= values.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < values.max() <= high
    counts = torch.unique(places.T, dim=0, return_counts=True)[1]
    assert len(counts) == 6
    assert 60 < counts.min() <= counts.max() < 140
    for wrong in ({"hue": 0.6}, {"contrast": -1.0}):
        with pytest.raises(Mismatch, match=next(iter(wrong))):
            recipe.apply(Field("u8", (3, 8, 8)), recipe.bind((), wrong))


def test_rectangles_erased_together_are_as_torchvision_erases_each() -> None:
    """Whole rectangles; as often, as large and where torchvision's are, within what is drawn by chance."""
    from torchvision.transforms import v2

    torch.manual_seed(3)
    settings = {"p": 0.7, "scale": (0.1, 0.6), "ratio": (0.5, 4.0), "value": 2.0}
    recipe: Any = lookup("transform", "random_erasing")
    images = torch.rand(4000, 1, 9, 7)
    theirs = v2.RandomErasing(**settings)
    found = []
    for erased in (
        recipe.build(recipe.bind((), settings))(images),
        torch.stack([theirs(image) for image in images]),
    ):
        hit = (erased != images)[:, 0]
        assert torch.equal(erased[:, 0][hit], torch.full((int(hit.sum()),), 2.0))
        assert torch.equal(hit, hit.any(2, keepdim=True) & hit.any(1, keepdim=True))
        heights, widths = hit.any(2).sum(1).float(), hit.any(1).sum(1).float()
        sizes = [heights, widths, heights * widths]
        found.append(
            [*hit.float().mean(0).flatten(), *(s.mean() for s in sizes), *(s.std() for s in sizes)]
        )
    ours, expected = (torch.tensor(one) for one in found)
    assert torch.allclose(ours, expected, rtol=0.06, atol=0.03)


def test_moves_are_drawn_within_their_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    from nnspec.recipe.transforms import affine

    seen: list[Any] = []
    monkeypatch.setattr(affine, "moved", lambda images, *moves: seen.append(moves) or images)
    recipe: Any = lookup("transform", "random_affine")
    bound = recipe.bind((), {"degrees": 10, "translate": (0.1, 0.2), "scale": (0.5, 2)})
    recipe.build(bound)(torch.rand(500, 1, 20, 30))
    ((degrees, shift, scale),) = seen
    for values, low, high in (
        (degrees, -10, 10), (shift[:, 0], -3, 3), (shift[:, 1], -4, 4), (scale, 0.5, 2),
    ):  # fmt: skip
        assert low <= values.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < values.max() <= high
    assert torch.equal(shift, shift.round())
    for settings in (
        {"degrees": -1},
        {"degrees": 1, "translate": (2, 0)},
        {"degrees": 1, "scale": (1,)},
    ):
        with pytest.raises(Mismatch):
            recipe.bind((), settings)


@pytest.mark.parametrize(
    ("name", "v2_name", "settings"),
    [
        ("random_grayscale", "RandomGrayscale", {}),
        ("random_solarize", "RandomSolarize", {"threshold": 0.4}),
        ("random_autocontrast", "RandomAutocontrast", {}),
        ("random_adjust_sharpness", "RandomAdjustSharpness", {"sharpness_factor": 2.0}),
    ],
)
def test_steps_that_are_done_or_not_are_torchvisions(
    name: str, v2_name: str, settings: dict[str, Any]
) -> None:
    from torchvision.transforms import v2

    images = torch.rand(40, 3, 8, 8) * torch.rand(40, 1, 1, 1)
    recipe: Any = lookup("transform", name)
    result = recipe.build(recipe.bind((), {**settings, "p": 0.5}))(images)
    theirs = getattr(v2, v2_name)(**settings, p=1.0)
    done = 0
    for one, image in zip(result, images, strict=True):
        after = theirs(image)
        assert torch.equal(one, image) or torch.allclose(one, after, atol=1e-6)
        done += not torch.equal(one, image)
    assert 5 < done < 35


def test_random_steps_draw_anew_for_each_image() -> None:
    image = torch.arange(64.0).reshape(1, 1, 8, 8).expand(64, 1, 8, 8)
    for name, settings in (("random_crop", {"size": 4}), ("random_horizontal_flip", {})):
        recipe: Any = lookup("transform", name)
        torch.manual_seed(0)
        result = recipe.build(recipe.bind((), settings))(image)
        assert len({tuple(row.flatten().tolist()) for row in result}) > 1
    crop: Any = lookup("transform", "random_crop")
    for row in crop.build(crop.bind((), {"size": 4}))(image)[:, 0]:
        assert torch.equal(row - row[0, 0], image[0, 0, :4, :4])  # a part, not a shuffle


@pytest.mark.parametrize(
    ("name", "settings", "shape"),
    [
        ("random_crop", {"size": 20}, (3, 8, 8)),
        ("normalize", {"mean": (0.1, 0.2), "std": 1}, (3, 8, 8)),
        ("normalize", {"mean": 0, "std": 0}, (3, 8, 8)),
        ("grayscale", {}, (4, 8, 8)),
        ("resize", {"size": 0}, (3, 8, 8)),
        ("resize", {"size": 4}, (3,)),
        ("pad", {"padding": -1}, (3, 8, 8)),
        ("gaussian_blur", {"kernel_size": 2}, (3, 8, 8)),
        ("color_jitter", {"brightness": 0.1}, (4, 8, 8)),
        ("random_erasing", {"scale": (0.5, 0.1)}, (3, 8, 8)),
        ("random_erasing", {"ratio": (0.0, 2.0)}, (3, 8, 8)),
        ("random_resized_crop", {"size": 5, "scale": (0.1, 1.1)}, (3, 8, 8)),
        ("normalize", {"mean": (0.1, 0.2), "std": 1}, (3,)),
    ],
)
def test_what_does_not_fit_is_refused(
    name: str, settings: dict[str, Any], shape: tuple[int, ...]
) -> None:
    recipe: Any = lookup("transform", name)
    with pytest.raises(Mismatch):
        recipe.apply(Field("u8", shape), recipe.bind((), settings))


def test_steps_before_the_first_random_one_run_once() -> None:
    chain = [
        ("resize", {"size": 4}),
        ("random_horizontal_flip", {}),
        ("normalize", {"mean": 0, "std": 1}),
    ]
    steps = []
    for name, settings in chain:
        recipe: Any = lookup("transform", name)
        steps.append(Bound(recipe, recipe.bind((), settings)))
    values, later = preprocess(torch.zeros(5, 1, 8, 8, dtype=torch.uint8), steps, CPU)
    assert values.shape == (5, 1, 4, 4)
    assert len(later) == 2
