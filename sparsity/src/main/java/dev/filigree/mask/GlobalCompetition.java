package dev.filigree.mask;

import dev.filigree.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One selection over the weights of all parameters. */
final class GlobalCompetition implements Distribution {
  @Override
  public double[] spread(double sparsity, List<? extends Parameter> parameters) {
    long[] sizes = parameters.stream().mapToLong(p -> Shapes.size(p.shape())).toArray();
    var spread = new double[sizes.length];
    if (sizes.length > 0) {
      Tensors.inScope(
          () -> {
            Tensor mask = Masks.topK(joined(parameters), sparsity);
            long first = 0;
            for (int i = 0; i < sizes.length; i++) {
              spread[i] = Counting.sparsity(sizes[i], Masks.count(mask.narrow(0, first, sizes[i])));
              first += sizes[i];
            }
          });
    }
    return spread;
  }

  @Override
  public boolean needsScores() {
    return true;
  }

  private static Tensor joined(List<? extends Parameter> parameters) {
    var scores = new TensorVector();
    for (Parameter parameter : parameters) {
      scores.push_back(parameter.scores().to(ScalarType.Float).reshape(-1));
    }
    return torch.cat(scores, 0);
  }
}
