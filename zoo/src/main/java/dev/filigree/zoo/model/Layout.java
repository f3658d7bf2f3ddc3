package dev.filigree.zoo.model;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** How parameters of ours lie in one tensor of a Hugging Face checkpoint. */
public sealed interface Layout {
  /** The checkpoint's tensor, from our parameters. */
  Tensor pack(List<Tensor> parameters);

  /** Our parameters, from the checkpoint's tensor. */
  List<Tensor> unpack(Tensor packed);

  /** One parameter, as it is. */
  record Same() implements Layout {
    @Override
    public Tensor pack(List<Tensor> parameters) {
      return parameters.getFirst();
    }

    @Override
    public List<Tensor> unpack(Tensor packed) {
      return List.of(packed);
    }
  }

  /** A bias that the checkpoint has and our network has not. */
  record Zeros(long size) implements Layout {
    @Override
    public Tensor pack(List<Tensor> parameters) {
      return torch.zeros(size);
    }

    @Override
    public List<Tensor> unpack(Tensor packed) {
      if (packed.count_nonzero().item_long() > 0) {
        throw new IllegalArgumentException("a bias is not zero, but the network has no biases");
      }
      return List.of();
    }
  }

  /**
   * Parameters of equal shape, weights [out, in] transposed to [in, out], side by side along their
   * last dimension.
   */
  record Concatenated(int parts) implements Layout {
    @Override
    public Tensor pack(List<Tensor> parameters) {
      var pieces = new TensorVector();
      parameters.forEach(parameter -> pieces.push_back(parameter.t()));
      return torch.cat(pieces, -1);
    }

    @Override
    public List<Tensor> unpack(Tensor packed) {
      long width = packed.size(-1) / parts;
      var pieces = new ArrayList<Tensor>();
      for (int i = 0; i < parts; i++) {
        pieces.add(packed.narrow(packed.dim() - 1, i * width, width).t());
      }
      return pieces;
    }
  }

  /** The rows of each head's query, key and value together: [heads · 3 · head_size, ...]. */
  record ByHead(long heads) implements Layout {
    @Override
    public Tensor pack(List<Tensor> parameters) {
      var pieces = new TensorVector();
      parameters.forEach(parameter -> pieces.push_back(heads(parameter)));
      return torch.cat(pieces, 1).flatten(0, 1);
    }

    @Override
    public List<Tensor> unpack(Tensor packed) {
      Tensor byHead = heads(packed); // [heads, 3 · head_size, ...]
      long headSize = byHead.size(1) / 3;
      var pieces = new ArrayList<Tensor>();
      for (int i = 0; i < 3; i++) {
        pieces.add(byHead.narrow(1, i * headSize, headSize).flatten(0, 1));
      }
      return pieces;
    }

    private Tensor heads(Tensor x) {
      return x.unflatten(0, new long[] {heads, x.size(0) / heads});
    }
  }
}
