"""Writes rtdl.safetensors: what the authors' FT-Transformer and MLP compute. Needs torch, safetensors, rtdl_revisiting_models.

    python make_fixture.py

`ft/...`: three numbers, categories of 4 and 3 values, two classes; `single/...`: one head, one block, numbers alone; `mlp/...`: five
numbers, one output. For each `NAME/state/KEY`, `NAME/output`, `NAME/weighting` and `NAME/gradient/KEY` of the sum of output *
weighting; `numbers`, `categories` and `wide` are the inputs. Computed in float64 from float32 weights, and rounded.
"""

from pathlib import Path

import torch
from rtdl_revisiting_models import MLP, FTTransformer
from safetensors.torch import save_file

torch.manual_seed(4)
shared = dict(ffn_d_hidden=None, ffn_d_hidden_multiplier=4 / 3, attention_dropout=0.0, ffn_dropout=0.0, residual_dropout=0.0)
models = {
    "ft": FTTransformer(n_cont_features=3, cat_cardinalities=[4, 3], d_out=2, n_blocks=3, d_block=8, attention_n_heads=2, **shared),
    "single": FTTransformer(n_cont_features=3, cat_cardinalities=[], d_out=1, n_blocks=1, d_block=6, attention_n_heads=1, **shared),
    "mlp": MLP(d_in=5, d_out=1, n_blocks=2, d_block=7, dropout=0.0),
}
numbers, wide = torch.randn(5, 3), torch.randn(5, 5)
categories = torch.stack([torch.randint(0, 4, (5,)), torch.randint(0, 3, (5,))], dim=1)
out = {"numbers": numbers, "categories": categories, "wide": wide}
for name, model in models.items():
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    out |= {f"{name}/state/{key}": tensor.clone() for key, tensor in model.state_dict().items()}
    model = model.double()
    if name == "mlp":
        result = model(wide.double())
    else:
        result = model(numbers.double(), categories if name == "ft" else None)
    weighting = torch.randn_like(result).float()
    (result * weighting).sum().backward()
    out[f"{name}/output"], out[f"{name}/weighting"] = result, weighting
    for key, parameter in model.named_parameters():
        # Nobody reads the gradient of what is not used.
        out[f"{name}/gradient/{key}"] = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad

out = {name: (t.detach().float() if t.is_floating_point() else t.detach()).contiguous() for name, t in out.items()}
save_file(out, Path(__file__).parent / "rtdl.safetensors")
