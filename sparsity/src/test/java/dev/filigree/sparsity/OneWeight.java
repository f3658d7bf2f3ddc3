package dev.filigree.sparsity;

import dev.filigree.mask.InitialMask;
import dev.filigree.nn.Layer;
import dev.filigree.optim.SGD;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A single parameter "weight", whose gradient a test chooses. */
final class OneWeight extends Layer {
  private final Tensor weight;

  OneWeight(Tensor value) {
    weight = registerParameter("weight", value);
  }

  static OneWeight of(long rows, long columns, double... values) {
    return new OneWeight(tensor(rows, columns, values));
  }

  static Tensor tensor(long rows, long columns, double... values) {
    var floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return torch.tensor(floats).reshape(rows, columns);
  }

  Tensor weight() {
    return weight;
  }

  /** Adds this gradient. */
  void backward(Tensor gradient) {
    weight.mul(gradient).sum().backward();
  }

  void backward(double... gradient) {
    backward(tensor(weight.size(0), weight.size(1), gradient));
  }

  SGD sgd(double lr) {
    return new SGD(List.of(weight), SGD.options().lr(lr));
  }

  SGD sgd(double lr, double momentum) {
    return new SGD(List.of(weight), SGD.options().lr(lr).momentum(momentum));
  }

  /** A mask that keeps exactly these positions of the flattened weight. */
  static InitialMask keeping(long... positions) {
    return request -> {
      Tensor mask = torch.zeros_like(request.weight()).to(torch.ScalarType.Bool);
      for (long position : positions) {
        mask.view(-1).narrow(0, position, 1).logical_not_();
      }
      return mask;
    };
  }
}
