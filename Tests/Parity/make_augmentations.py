"""What torchvision's operations on PIL pictures give, byte for byte, for pictures made by a formula.

augmentations.json: `pictures` {NAME: {height, width, channels, bytes}}, `operations` [{picture, kind, value, bytes}] of one operation
each (kinds are those of PictureOperation), `resizes` [{picture, box: top, left, height, width, size: height, width, bytes}] of
crop and resize (bilinear, antialiased), `levels` [{magnitude, height, width, kind, isNegative, value}] of RandAugment,
`jpegs` {NAME: bytes} files to decode. Bytes are base64."""

import base64
import io
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, RandAugment
from torchvision.transforms import functional as F

FILE = Path(__file__).parent / "Fixtures" / "augmentations.json"


def encode(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def picture(height: int, width: int, channels: int, seed: int) -> np.ndarray:
    """Smooth waves with noise, so that neighbours are alike but no two values are forced to be."""
    generator = np.random.default_rng(seed)
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    waves = 128 + 90 * np.sin(0.31 * y + 0.9 * c) * np.cos(0.23 * x - 0.4 * c) + 25 * generator.standard_normal(y.shape)
    return np.clip(np.rint(waves), 0, 255).astype(np.uint8)


def dark(height: int, width: int) -> np.ndarray:
    """Few levels, one channel constant."""
    result = picture(height, width, 3, 5) // 6 + 40
    result[..., 1] = 77
    return result


PICTURES = {
    "colour": picture(19, 23, 3, 1), "grey": picture(18, 13, 1, 2), "noise": np.random.default_rng(3).integers(0, 256, (16, 16, 3), np.uint8),
    "dark": dark(12, 15), "small": picture(2, 3, 3, 4), "one": picture(1, 1, 3, 6),
    # Large enough that equalization's steps hold several pixels.
    "wide": picture(40, 44, 3, 7),
}
COLOURS = ("brightness", "contrast", "saturation", "sharpness")
CASES = (
    [(kind, value) for kind in COLOURS for value in (0.0, 0.1, 0.37, 0.9, 1.0, 1.27, 1.9, 2.5)]
    + [("hue", value) for value in (-0.5, -0.21, -0.003, 0.0, 0.1, 0.33, 0.5)]
    + [("posterize", value) for value in (1, 4, 6, 8)] + [("solarize", value) for value in (0.0, 76.5, 128.0, 200.3, 255.0)]
    + [("autocontrast", 0), ("equalize", 0), ("identity", 0)]
    + [(kind, value) for kind in ("shearX", "shearY") for value in (-0.3, -0.09, 0.01, 0.21)]
    + [(kind, value) for kind in ("translateX", "translateY") for value in (-9, -1, 0, 4, 40)]
    + [("rotate", value) for value in (-30.0, -9.0, 0.0, 1.0, 17.3, 30.0)]
)


def apply(image: Image.Image, kind: str, value: float) -> Image.Image:
    nearest = InterpolationMode.NEAREST
    def affine(translate: list[int], shear: list[float], center: list[int] | None) -> Image.Image:
        return F.affine(image, 0.0, translate, 1.0, shear, nearest, fill=None, center=center)
    match kind:
        case "identity": return image
        case "brightness": return F.adjust_brightness(image, value)
        case "contrast": return F.adjust_contrast(image, value)
        case "saturation": return F.adjust_saturation(image, value)
        case "sharpness": return F.adjust_sharpness(image, value)
        case "hue": return F.adjust_hue(image, value)
        case "posterize": return F.posterize(image, int(value))
        case "solarize": return F.solarize(image, value)
        case "autocontrast": return F.autocontrast(image)
        case "equalize": return F.equalize(image)
        case "shearX": return affine([0, 0], [math.degrees(math.atan(value)), 0.0], [0, 0])
        case "shearY": return affine([0, 0], [0.0, math.degrees(math.atan(value))], [0, 0])
        case "translateX": return affine([int(value), 0], [0.0, 0.0], None)
        case "translateY": return affine([0, int(value)], [0.0, 0.0], None)
        case "rotate": return F.rotate(image, value, nearest)
    raise ValueError(kind)


def pil(array: np.ndarray) -> Image.Image:
    return Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)


def operations() -> list[dict]:
    result = []
    for name, array in PICTURES.items():
        for kind, value in CASES:
            if name == "wide" and (kind, value) not in (("equalize", 0), ("autocontrast", 0), ("hue", 0.1), ("sharpness", 1.9)):
                continue
            if name in ("small", "one") and kind == "sharpness":
                continue  # PIL refuses to filter what is smaller than the filter.
            out = np.asarray(apply(pil(array), kind, value))
            result.append({"picture": name, "kind": kind, "value": value, "bytes": encode(out)})
    return result


def resizes() -> list[dict]:
    result = []
    boxes = {
        "colour": [((0, 0, 19, 23), (19, 23)), ((0, 0, 19, 23), (7, 7)), ((3, 5, 11, 9), (16, 16)), ((2, 1, 15, 20), (8, 21)),
                   ((18, 22, 1, 1), (4, 4)), ((0, 0, 19, 23), (1, 1)), ((4, 4, 8, 8), (8, 16))],
        "grey": [((0, 0, 18, 13), (9, 9)), ((1, 2, 16, 11), (24, 24))], "noise": [((0, 0, 16, 16), (5, 11)), ((2, 3, 9, 13), (32, 32))],
    }
    for name, cases in boxes.items():
        for box, size in cases:
            # Columns, then rows: Pillow 13 exchanges the two where the height shrinks much more, which moves no value further than 1.
            image, mode = pil(PICTURES[name]), InterpolationMode.BILINEAR
            columns = F.resized_crop(image, *box, [box[2], size[1]], mode, antialias=True)
            out = np.asarray(F.resize(columns, list(size), mode, antialias=True))
            direct = np.asarray(F.resized_crop(image, *box, list(size), mode, antialias=True))
            assert np.abs(out.astype(int) - direct).max() <= 1
            result.append({"picture": name, "box": box, "size": size, "bytes": encode(out)})
    return result


NAMES = {
    "Identity": "identity", "ShearX": "shearX", "ShearY": "shearY", "TranslateX": "translateX", "TranslateY": "translateY", "Rotate": "rotate",
    "Brightness": "brightness", "Color": "saturation", "Contrast": "contrast", "Sharpness": "sharpness", "Posterize": "posterize",
    "Solarize": "solarize", "AutoContrast": "autocontrast", "Equalize": "equalize",
}


def levels() -> list[dict]:
    """The value that torchvision hands to each operation, for every magnitude; kinds in the order they are drawn in."""
    result = []
    for height, width in ((32, 32), (224, 160)):
        for magnitude in (0, 1, 4, 9, 14, 15, 16, 23, 30):
            table = RandAugment()._augmentation_space(31, (height, width))
            for name, (values, signed) in table.items():
                for negative in (False, True) if signed else (False,):
                    value = float(values[magnitude].item()) if values.ndim > 0 else 0.0
                    value = -value if negative else value
                    if name in ("Brightness", "Color", "Contrast", "Sharpness"):
                        value = 1.0 + value
                    elif name in ("TranslateX", "TranslateY", "Posterize"):
                        value = int(value)
                    result.append({"magnitude": magnitude, "height": height, "width": width, "kind": NAMES[name],
                                   "isNegative": negative, "value": value})
    return result


def jpegs() -> dict[str, str]:
    """Pictures of 67 x 90 with chroma of every usual form, sequential and progressive."""
    array = picture(67, 90, 3, 9)
    forms = {
        "444": {"subsampling": 0}, "422": {"subsampling": 1}, "420": {"subsampling": 2}, "progressive": {"subsampling": 2, "progressive": True},
        "restart": {"subsampling": 2, "restart_marker_blocks": 3}, "grey": {},
    }
    result = {}
    for name, settings in forms.items():
        out = io.BytesIO()
        image = pil(array[..., :1] if name == "grey" else array)
        image.save(out, "JPEG", quality=80, **settings)
        result[name] = base64.b64encode(out.getvalue()).decode()
    return result


if __name__ == "__main__":
    torch.manual_seed(0)
    content = {
        "pictures": {n: {"height": a.shape[0], "width": a.shape[1], "channels": a.shape[2], "bytes": encode(a)} for n, a in PICTURES.items()},
        "operations": operations(), "resizes": resizes(), "levels": levels(), "jpegs": jpegs(),
    }
    text = json.dumps(content, separators=(",", ":")) + "\n"
    if "--check" in sys.argv:
        assert json.loads(FILE.read_text()) == json.loads(text), f"{FILE.name} is not what this script makes"
        print(f"{FILE.name}: as stored")
    else:
        FILE.write_text(text)
        print(f"{FILE.name}: {len(text)} bytes")
