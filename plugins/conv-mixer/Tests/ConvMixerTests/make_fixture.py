"""Writes convmixer.safetensors: what timm's ConvMixer computes. Needs torch, timm, safetensors and numpy.

    python make_fixture.py

For each activation (`gelu`, `relu`): `A/state/NAME` the weights and statistics before, `A/trained` and `A/evaluated` (logits of a forward
pass in training mode and, with the statistics from before, in evaluation mode), `A/gradient/NAME` of the mean cross entropy,
`A/after/NAME` the statistics after the pass. Shared: `input`, `target`. Computed in float64 from float32 weights, and rounded.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from timm.models.convmixer import ConvMixer

torch.manual_seed(20)
out = {"input": torch.randn(4, 3, 8, 6), "target": torch.tensor([3, 0, 4, 1])}
for activation, layer in (("gelu", torch.nn.GELU), ("relu", torch.nn.ReLU)):
    model = ConvMixer(dim=8, depth=2, kernel_size=3, patch_size=2, num_classes=5, act_layer=layer)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if name.endswith("running_mean"):
                tensor.normal_(0, 0.1)
            elif name.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.dim() == 1 and tensor.is_floating_point():
                tensor.add_(torch.randn_like(tensor) * 0.1)
    out |= {f"{activation}/state/{name}": tensor.clone() for name, tensor in model.state_dict().items()}
    model = model.double()
    model.eval()
    out[f"{activation}/evaluated"] = model(out["input"].double())
    model.train()
    logits = out[f"{activation}/trained"] = model(out["input"].double())
    torch.nn.functional.cross_entropy(logits, out["target"]).backward()
    for name, parameter in model.named_parameters():
        out[f"{activation}/gradient/{name}"] = parameter.grad
    for name, buffer in model.named_buffers():
        out[f"{activation}/after/{name}"] = buffer

out = {name: (t.detach().float() if t.is_floating_point() else t.detach()).contiguous() for name, t in out.items()}
save_file(out, Path(__file__).parent / "convmixer.safetensors")
