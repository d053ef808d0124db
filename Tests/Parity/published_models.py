"""torchvision's and timm's models, also where torchvision's compiled operators do not fit the build of torch (the CPU build,
say): its models are plain Python, but its import registers shapes for operators of detection, which are then missing."""

import torch.library

register_fake = torch.library.register_fake
torch.library.register_fake = lambda *arguments, **named: lambda function: function
try:
    from torchvision import models
finally:
    torch.library.register_fake = register_fake

from timm import create_model  # imports torchvision itself
from timm.models.vision_transformer import VisionTransformer

__all__ = ["VisionTransformer", "create_model", "models"]
