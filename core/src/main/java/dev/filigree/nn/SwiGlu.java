package dev.filigree.nn;

import dev.filigree.torch.CustomFunction;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The gate of a feed-forward block, silu(gate) · up (Shazeer 2020, <a
 * href="https://arxiv.org/abs/2002.05202">arXiv:2002.05202</a>, equation 6). On a GPU it is one
 * pass over memory in either direction, and keeps nothing but its inputs.
 */
public final class SwiGlu {
  private SwiGlu() {}

  /**
   * Computes silu(gate) · up.
   *
   * @param gate [...]
   * @param up of the same shape and type
   * @return of the same shape and type
   */
  public static Tensor apply(Tensor gate, Tensor up) {
    return TransformerKernels.support(gate, gate.numel()) ? fused(gate, up) : plain(gate, up);
  }

  static Tensor plain(Tensor gate, Tensor up) {
    return torch.silu(gate).mul(up);
  }

  private static Tensor fused(Tensor gate, Tensor up) {
    long vectors = gate.numel() / TransformerKernels.WIDTH;
    Tensor g = gate.detach().contiguous().retainReference();
    Tensor u = up.detach().contiguous().retainReference();
    Tensor y = torch.empty_like(g);
    TransformerKernels.launch("swiglu", vectors, g, g, u, y, vectors);
    return CustomFunction.apply(
        List.of(gate, up),
        y,
        gradient -> {
          Tensor dy = gradient.contiguous();
          Tensor dgate = torch.empty_like(g);
          Tensor dup = torch.empty_like(g);
          TransformerKernels.launch("swiglu_backward", vectors, g, dy, g, u, dgate, dup, vectors);
          return List.of(dgate, dup);
        },
        () -> List.of(g, u).forEach(Tensor::close));
  }
}
