package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One selection over the weights of all parameters. */
final class GlobalCompetition implements Distribution {
  @Override
  public List<Share> shares(List<? extends Parameter> parameters, double sparsity) {
    long total = parameters.stream().mapToLong(p -> Shapes.size(p.shape())).sum();
    long kept = Counting.kept(total, sparsity);
    var shares = new ArrayList<Share>();
    if (parameters.isEmpty()) {
      return shares;
    }
    Tensors.inScope(
        () -> {
          Tensor mask = Masks.topCount(joined(parameters), kept, TieBreak.lowerIndex());
          long first = 0;
          for (Parameter parameter : parameters) {
            long size = Shapes.size(parameter.shape());
            long share = Masks.count(mask.narrow(0, first, size));
            shares.add(new Share(parameter.name(), sparsity(size, share), share));
            first += size;
          }
        });
    return shares;
  }

  /** The sparsity that keeps exactly so many: a quotient may have been rounded up. */
  private static double sparsity(long size, long kept) {
    double sparsity = size == 0 ? 0 : (double) (size - kept) / size;
    while (Counting.kept(size, sparsity) < kept) {
      sparsity = Math.nextDown(sparsity);
    }
    return sparsity;
  }

  private static Tensor joined(List<? extends Parameter> parameters) {
    var scores = new TensorVector();
    for (Parameter parameter : parameters) {
      scores.push_back(parameter.scores().to(ScalarType.Float).reshape(-1));
    }
    return torch.cat(scores, 0);
  }
}
